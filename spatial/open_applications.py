"""Live applications beside the one at hand: another one for the same ground, or of the same household.

The register is handed over like a layer (`register`), as it was known at the moment of the check. An application is never compared
with itself: what has its own case number is left out. One that does not state its household cannot be compared with others; its
own check asks for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.facts import Fact, unknown
from spatial.layer import DatasetVersion, Layer
from spatial.measures import Floats, Ints, to_resolution
from spatial.pieces import Geometries
from spatial.rules.model import FactSpec

if TYPE_CHECKING:
    from spatial.measuring import Facts

REGISTER = "open_application"
"""The name under which the register stands among the layers of a check; it is no layer of the catalogue."""

TITLE = "在办申请登记"
_NOTHING = "没有在办申请登记"


def register(
    sites: Geometries, *, case_no: Sequence[str], household_id: Sequence[str | None], coverage: Any, epsg: int, known_on: date
) -> Layer:
    """Return the live applications as a layer in EPSG:`epsg`; inside `coverage` there are no others. It may hold only those that
    lie near the subjects or share their household."""
    count = len(sites)
    dataset = DatasetVersion(
        layer=REGISTER, version=0, title=TITLE, authority="", valid_from=known_on, valid_to=None, known_from=None, known_to=None,
        source_name=TITLE, source_sha256="", feature_count=count,
    )  # fmt: skip
    cases, households = np.empty(count, dtype=object), np.empty(count, dtype=object)
    cases[:], households[:] = list(case_no), list(household_id)
    return Layer(
        dataset=dataset, epsg=epsg, features=sites, ids=cases, attributes={"household_id": households}, pieces=sites,
        piece_feature=np.arange(count, dtype=np.int64), coverage=coverage, disjoint=False,
    )  # fmt: skip


def _own_case(facts: Facts) -> Any:
    given = facts.properties.get("case_no")
    return np.full(len(facts), None, dtype=object) if given is None else np.asarray(given, dtype=object)


def other_application_area(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Measure the m² that every subject shares with another live application (with the one it shares most with)."""
    layer = facts.layers.get(REGISTER)
    if layer is None:
        return unknown(name, spec, len(facts), reason=lambda _: _NOTHING)
    subject, other = layer.tree.query(facts.subjects)
    apart = layer.ids[other] != _own_case(facts)[subject]
    subject, other = subject[apart], other[apart]
    low: Floats = np.zeros(len(facts))
    shared: Floats = np.zeros(len(subject))
    if len(subject):
        shared = to_resolution(shapely.area(shapely.intersection(facts.subjects[subject], layer.features[other])))
        np.maximum.at(low, subject, shared)
    uncovered = facts.uncovered(REGISTER)
    high = np.minimum(to_resolution(low + uncovered), np.maximum(to_resolution(facts.areas), low))

    def found(row: int) -> Ints:
        pairs: Ints = np.flatnonzero((subject == row) & (shared > 0))
        return pairs[np.lexsort((layer.ids[other[pairs]].astype(str), -shared[pairs]))]

    def detail(row: int) -> str | None:
        return "、".join(str(layer.ids[other[pair]]) for pair in found(row)[:5]) or None

    def geometry(row: int) -> Any:
        rows = other[found(row)]
        return shapely.intersection(facts.subjects[row], shapely.union_all(layer.features[rows])) if len(rows) else None

    def reason(row: int) -> str | None:
        return f"有 {uncovered[row]:.2f} ㎡ 超出{TITLE}的范围" if uncovered[row] > 0 else None

    return Fact(name, spec, low=low, high=high, reason=reason, geometry=geometry, detail=detail)


def _cases_by_household(layer: Layer) -> dict[str, list[str]]:
    """The case numbers of each household; kept with the register, which never changes."""
    kept: dict[str, list[str]] | None = layer._chosen.get("cases_by_household")
    if kept is None:
        found: dict[str, list[str]] = defaultdict(list)
        for case, number in zip(layer.ids, layer.attributes["household_id"], strict=True):
            if number is not None:
                found[str(number)].append(str(case))
        kept = layer._chosen["cases_by_household"] = dict(found)
    return kept


def other_application_count(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Count the other live applications of every subject's household; `of` names the fact with the household's number."""
    layer, household = facts.layers.get(REGISTER), facts[spec.of[0]]
    if layer is None:
        return unknown(name, spec, len(facts), reason=lambda _: _NOTHING)
    cases = _cases_by_household(layer)
    own = _own_case(facts)
    others = [[case for case in cases.get(str(number), ()) if case != own[row]] for row, number in enumerate(household.values)]
    counts = np.array([float(len(found)) for found in others])
    stated = np.array([number is not None for number in household.values], dtype=bool)

    def detail(row: int) -> str | None:
        return "、".join(sorted(others[row])[:5]) or None

    return Fact(name, spec, low=np.where(stated, counts, 0.0), high=np.where(stated, counts, np.inf), reason=household.reason, detail=detail)
