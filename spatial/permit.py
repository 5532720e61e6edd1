"""The application check: every rule of the pack over every application, and the verdict that follows."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from spatial.applications import Applications, applications_from_frame, join_applications, read_applications
from spatial.batches import spatial_order
from spatial.canonical import canonical_json
from spatial.engine import VERDICTS, Outcome, Outcomes, judge
from spatial.layer import LayerSet
from spatial.lazy import lazy
from spatial.measures import Floats
from spatial.measuring import Facts
from spatial.open_applications import REGISTER
from spatial.reach import reach
from spatial.report import VERDICT_LABELS, writer
from spatial.rules.model import RuleFile
from spatial.rules.pack import Pack

CHUNK = 1_000
_FAIL = int(Outcome.FAIL)


def search_radius(pack: Pack) -> dict[str, float]:
    """Return for each layer of a pack how many metres around a site its features can matter, for pruning in SQL (infinite: all)."""
    return reach(pack)


def village_wide(pack: Pack) -> frozenset[str]:
    """Return the layers of which a pack looks at all that lies in a subject's village."""
    return frozenset(fact.layer for fact in pack.main.facts.values() if fact.measure == "village_overlap" and fact.layer)


@dataclass(frozen=True)
class VillageTypes:
    """The village types a check rests on: slug by village code, and which run they come from."""

    types: Mapping[str, str]
    version: str


_SLUGS = np.array(VERDICTS, dtype=object)


@dataclass(frozen=True)
class _Part:
    """Some applications checked together."""

    applications: Applications
    outcomes: Outcomes

    @lazy
    def verdicts(self) -> Any:
        """The verdict of each application: the worst contribution of its findings."""
        return _SLUGS[self.ranks.min(axis=0, initial=len(VERDICTS) - 1)]

    @lazy
    def ranks(self) -> Any:
        """Rules × applications: what each rule alone would make of each, as an index in VERDICTS."""
        return np.take_along_axis(self.outcomes.program.ranks, self.outcomes.codes.astype(np.int64), axis=1)


@dataclass(frozen=True)
class Checks:
    """The checks of n applications. Reports are written out one by one, when asked for.

    `places` says where application i stands in the parts put together; None: in the order of the applications.
    """

    parts: tuple[_Part, ...]
    pack: Pack
    layers: LayerSet
    valid_on: date
    known_at: datetime
    places: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return sum(len(part.applications) for part in self.parts)

    @property
    def verdicts(self) -> Any:
        """An object array of n verdict slugs."""
        return self._in_order([part.verdicts for part in self.parts]) if self.parts else np.empty(0, dtype=object)

    @property
    def ranks(self) -> Any:
        """Rules (in the pack's order) × n: the verdict each rule alone leads to, as an index in VERDICTS; the least of them is the verdict."""
        return self._in_order([part.ranks for part in self.parts])

    def outcomes(self, key: str) -> Any:
        """Return the outcome slugs of one rule (such as "HB-001a") for all applications."""
        rules = [rule.key for rule in self.parts[0].outcomes.rules]
        codes = self._in_order([part.outcomes.codes[rules.index(key)] for part in self.parts])
        return np.array([Outcome(code).slug for code in codes], dtype=object)

    def numbers(self, name: str) -> tuple[Floats, Floats]:
        """Return the least and the most that a numeric fact may be, for all applications."""
        facts = [part.outcomes.facts[name] for part in self.parts]
        return self._in_order([fact.low for fact in facts]), self._in_order([fact.high for fact in facts])

    def _in_order(self, found: list[Any]) -> Any:
        together = np.concatenate(found, axis=-1)
        return together if self.places is None else together[..., self.places]

    def verdict(self, index: int) -> str:
        """Return application `index`'s verdict."""
        part, row = self._part(index)
        return str(part.verdicts[row])

    def failed(self, index: int) -> list[str]:
        """Return the rules (such as "HB-001a") that failed for application `index`."""
        part, row = self._part(index)
        return [rule.key for rule, code in zip(part.outcomes.rules, part.outcomes.codes[:, row].tolist(), strict=True) if code == _FAIL]

    def subject_sha256(self, index: int) -> str:
        """Return the hash of application `index`'s site."""
        part, row = self._part(index)
        return part.applications.sha256s[row]

    def village_code(self, index: int) -> str | None:
        """Return the code of the village that application `index`'s site lies in, None where it lies in none or that is not known."""
        part, row = self._part(index)
        found = part.outcomes.facts["village_code"].category(row)
        return None if found is None else str(found)

    @lazy
    def dataset_versions(self) -> list[dict[str, Any]]:
        """The version of each layer that the checks rest on."""
        return [{"layer": name, "version": self.layers[name].dataset.version} for name in self.pack.layers if name in self.layers]

    def report(self, index: int) -> dict[str, Any]:
        """Return application `index`'s report, JSON-ready, without id and time of checking."""
        report: dict[str, Any] = orjson.loads(self.report_bytes(index))
        return report

    def report_bytes(self, index: int, **more: Any) -> bytes:
        """Return application `index`'s report as canonical JSON; `more` are further members, such as `id` and `checked_at`."""
        part, row = self._part(index)
        return writer(part.outcomes, self.layers).write(
            part.outcomes, part.applications, row, verdict=str(part.verdicts[row]), valid_on=self.valid_on, known_at=self.known_at, more=more
        )

    def forget(self) -> None:
        """Let go of what the reports are written from, when all that are wanted have been written."""
        for part in self.parts:
            part.outcomes.facts.forget()

    def _part(self, index: int) -> tuple[_Part, int]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        place = index if self.places is None else int(self.places[index])
        for part in self.parts:
            if place < len(part.applications):
                return part, place
            place -= len(part.applications)
        raise IndexError(index)


def check(
    applications: Applications,
    layers: LayerSet,
    *,
    pack: Pack,
    valid_on: date,
    known_at: datetime,
    village_types: VillageTypes | None,
    threads: int = 2,
) -> Checks:
    """Check applications against the layers and rules in force on `valid_on` as known at `known_at`.

    Large batches go through a thread pool in chunks of neighbours; one application or many give the same reports bit by bit. Layers
    that the pack does not ask for here change nothing.
    """
    layers = {name: layers[name] for name in (*pack.layers, REGISTER) if name in layers}
    places = None
    if len(applications) > CHUNK:
        order = spatial_order(applications.sites)
        applications, places = applications.take(order), np.argsort(order)
    starts = range(0, len(applications), CHUNK)
    chunks = [applications.part(start, start + CHUNK) for start in starts]
    for layer in layers.values():
        _ = layer.tree, layer.extent

    def one(chunk: Applications) -> _Part:
        return _check_part(chunk, layers, pack, valid_on, village_types)

    if len(chunks) > 1 and threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            parts = tuple(pool.map(one, chunks))
    else:
        parts = tuple(one(chunk) for chunk in chunks)
    return Checks(parts, pack, layers, valid_on, known_at, places)


def _check_part(chunk: Applications, layers: LayerSet, pack: Pack, valid_on: date, types: VillageTypes | None) -> _Part:
    def village_type(facts: Facts) -> tuple[Any, str | None]:
        codes = facts["village_code"].values
        known = types.types if types else {}
        return np.array([*[known.get(str(code)) if code is not None else None for code in codes], None], dtype=object)[:-1], types.version if types else None

    facts = Facts(chunk.sites, properties=chunk.properties, layers=layers, pack=pack, valid_on=valid_on,
                  context={"village_type": village_type})  # fmt: skip
    assert isinstance(pack.main, RuleFile)
    return _Part(chunk, judge(pack.main.rules, facts, valid_on=valid_on))


__all__ = [
    "VERDICTS", "VERDICT_LABELS", "Applications", "Checks", "VillageTypes", "applications_from_frame", "canonical_json", "check", "join_applications", "read_applications",
    "search_radius", "village_wide",
]  # fmt: skip
