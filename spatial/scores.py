"""Scores of the clean-up contest: weighted parts, deductions, and rewards by rank. The numbers are data; people break ties."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field

from spatial.errors import InputError
from spatial.progress_targets import Printed, Text
from spatial.rules.parameters import Confidence, Strict
from spatial.rules.yamlfile import read

FOLDER = Path(__file__).parent / "rules" / "packs" / "scoring"

_CENT = Decimal("0.01")


class Part(Strict):
    """A part of the total, with its weight."""

    part: Text
    title: Text
    weight: Annotated[Printed, Field(gt=0)]
    source: Text
    confidence: Confidence
    note: str = ""


class Reward(Strict):
    """What a rank earns."""

    rank: Annotated[int, Field(ge=1)]
    amount: Annotated[Printed, Field(gt=0)]
    unit: Text
    source: Text
    confidence: Confidence
    note: str = ""


class Scheme(Strict):
    """A way of scoring."""

    scheme: Text
    title: Text
    parts: Annotated[list[Part], Field(min_length=1)]
    rewards: list[Reward] = Field(default_factory=list)

    def total(self, scores: Mapping[str, Decimal | None]) -> Decimal | None:
        """Return the mean of the parts by their weights, to two decimals; None (未完成) while a part is missing: it is never zero.

        Raises InputError for a part the scheme does not have.
        """
        known = {part.part: part.weight for part in self.parts}
        unknown = [f"{name}：评分方案“{self.title}”没有这一部分" for name in scores if name not in known]
        if unknown:
            raise InputError(problems=unknown)
        got = {name: scores.get(name) for name in known}
        weighed = [score * known[name] for name, score in got.items() if score is not None]
        if len(weighed) < len(known):
            return None
        return _rounded(sum(weighed, Decimal(0)) / sum(known.values(), Decimal(0)))

    def rewards_of(self, totals: Mapping[str, Decimal | None]) -> dict[str, Decimal | None]:
        """Return the reward of everyone whose rank earns one, by total from the best down; the unfinished have no rank.

        None is a reward that people have to decide: equal totals share a rank that earns one.
        """
        finished = {name: _rounded(total) for name, total in totals.items() if total is not None}
        amounts = {reward.rank: reward.amount for reward in self.rewards}
        rank = {name: 1 + sum(other > total for other in finished.values()) for name, total in finished.items()}
        shared = {place for place in rank.values() if list(rank.values()).count(place) > 1}
        return {name: None if place in shared else amounts[place] for name, place in rank.items() if place in amounts}


def deducted(*, most: Decimal, each: Decimal, findings: int, veto: bool = False) -> Decimal:
    """Score an item that loses `each` for every finding, never below zero; a veto (一票否决) sets it to zero."""
    return Decimal(0) if veto else max(Decimal(0), most - each * findings)


@lru_cache(maxsize=8)
def load_scheme(name: str, *, folder: Path = FOLDER) -> Scheme:
    """Read a scheme, once. Raises PackError naming file and line of what is wrong."""
    return read(folder / f"{name}.yaml", Scheme)


def _rounded(score: Decimal) -> Decimal:
    return score.quantize(_CENT, rounding=ROUND_HALF_UP)
