"""The housing guide of a village class: does this form of house follow it (OK), need a reviewer (REVIEW), or not follow it (NO)?

Source: the housing guide in a district's village plan, see `packs/house-building/housing_matrix.yaml`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.facts import Fact
from spatial.remembered import remember
from spatial.rules.model import FactSpec
from spatial.rules.pack import MatrixRow, Pack

if TYPE_CHECKING:
    from spatial.measuring import Facts

_RANK = {"OK": 0, "REVIEW": 1, "NO": 2}
_BUILD_ITEM = {"rebuild_in_place": "rebuild_in_place", "extend": "rebuild_in_place", "new_site": "new_site"}


def form_of_house(storeys: float, rows: tuple[MatrixRow, ...]) -> str:
    """Return the form for a number of storeys: single_storey, low_rise or multi_storey (also for more storeys than any form has)."""
    for row in rows:
        if row.min_storeys is not None and row.max_storeys is not None and row.min_storeys <= storeys <= row.max_storeys:
            return row.item
    return "multi_storey"


def _cell(rows: tuple[MatrixRow, ...], village_type: str, scheme: str, item: str) -> MatrixRow | None:
    own = [row for row in rows if row.village_class == village_type and row.item == item]
    for wanted in (scheme, "any", "none"):
        for row in own:
            if row.scheme == wanted:
                return row
    return None


def judge(
    rows: tuple[MatrixRow, ...], *, village_type: str | None, scheme: str | None, storeys: float | None, build_kind: str | None
) -> str | None:
    """Return OK, REVIEW or NO: the worse of the form's cell and the kind of building's cell; None where an input is missing.

    A cell marked `alone` decides by itself over up to three storeys: in a village that is to move, only a rebuild for safety in
    place is open at all; to extend a house there is not.
    """
    if village_type is None or scheme is None or build_kind is None or storeys is None:
        return None
    building = _cell(rows, village_type, scheme, _BUILD_ITEM[build_kind])
    shape = form_of_house(storeys, rows)
    if building is not None and building.alone and build_kind == "rebuild_in_place" and shape != "multi_storey":
        return building.result
    form = _cell(rows, village_type, scheme, shape)
    results = [cell.result for cell in (building, form) if cell is not None]
    highest = max((row.max_storeys or 0 for row in rows), default=0)
    if storeys > highest:
        results.append("NO")
    return max(results, key=_RANK.__getitem__) if results else None


def _looked_up(pack: Pack, case: tuple[Any, ...]) -> str | None:
    """Judge each combination once; the pack remembers it."""
    found = pack.matrix_found.get(case, _NOT_YET)
    if found != _NOT_YET:
        return found
    kind, way, level, build = case
    answer = judge(pack.matrix, village_type=kind, scheme=way, storeys=None if level < 0 else level, build_kind=build)
    return remember(pack.matrix_found, case, answer, most=_MOST_CASES)


_NOT_YET = "?"
_MOST_CASES = 10_000


def matrix_fact(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Judge every subject; `of` names the facts village type, scheme, storeys and kind of building in this order."""
    village_type, scheme, storeys, build_kind = (facts[other] for other in spec.of)
    values = np.full(len(facts), None, dtype=object)
    assert storeys.low is not None and storeys.high is not None
    known = np.isfinite(storeys.low) & (storeys.low == storeys.high)
    levels = np.where(known, storeys.low, -1.0).tolist()
    cases = zip(village_type.values.tolist(), scheme.values.tolist(), levels, build_kind.values.tolist(), strict=True)
    values[:] = [_looked_up(facts.pack, case) for case in cases]
    parts: tuple[Any, ...] = (village_type, scheme, storeys, build_kind)

    def reason(row: int) -> str | None:
        return next((text for part in parts if (text := part.reason(row))), None)

    return Fact(name, spec, values=values, reason=reason, version=village_type.version)
