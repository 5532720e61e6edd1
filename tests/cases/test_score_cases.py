"""Scores as sentences."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from spatial.errors import InputError, PackError
from spatial.scores import FOLDER, deducted, load_scheme

CASES = yaml.safe_load((Path(__file__).parent / "scores.yaml").read_text(encoding="utf-8"))
SCHEME = load_scheme("daily-and-year-end")


def cases(key: str) -> list[Any]:
    chosen = [pytest.param(case, id=f"{case['id']} {case['name']}") for case in CASES if key in case]
    assert chosen
    return chosen


def decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def decimals(texts: dict[str, str | None]) -> dict[str, Decimal | None]:
    return {name: decimal(text) for name, text in texts.items()}


@pytest.mark.parametrize("case", cases("parts"))
def test_total(case: dict[str, Any]) -> None:
    assert SCHEME.total(decimals(case["parts"])) == decimal(case["total"])


@pytest.mark.parametrize("case", cases("totals"))
def test_rewards(case: dict[str, Any]) -> None:
    assert SCHEME.rewards_of(decimals(case["totals"])) == decimals(case["rewards"])


@pytest.mark.parametrize("case", cases("item"))
def test_deductions(case: dict[str, Any]) -> None:
    item = case["item"]
    score = deducted(most=Decimal(item["most"]), each=Decimal(item["each"]), findings=item["findings"], veto=item.get("veto", False))
    assert score == Decimal(case["score"])


def test_the_rewards_are_thirty_in_all() -> None:
    assert sum(reward.amount for reward in SCHEME.rewards) == 30


def test_a_part_that_is_not_of_the_scheme_is_refused() -> None:
    with pytest.raises(InputError, match="midterm"):
        SCHEME.total({"daily": Decimal(1), "midterm": Decimal(2)})


def test_a_weight_without_a_source_is_named_by_its_line(tmp_path: Path) -> None:
    text = (FOLDER / "daily-and-year-end.yaml").read_text(encoding="utf-8")
    (tmp_path / "scheme.yaml").write_text(text.replace(", source: 002_87b5d3990fe5569e.txt", "", 1), encoding="utf-8")
    with pytest.raises(PackError, match=r"scheme\.yaml:6 parts\.0\.source"):
        load_scheme("scheme", folder=tmp_path)
