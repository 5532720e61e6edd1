"""Area limits of a homestead: limit(jurisdiction, date, terrain, land taken, farmland per head, persons).

The numbers are provincial (土地管理法 §62 leaves them to the provinces). Where land of several kinds is taken, the strictest row
rules. What is not known widens the answer to the interval between the strictest row that may hold and those that certainly do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from spatial.facts import Fact
from spatial.logic import FALSE, TRUE, UNKNOWN, Truth, all_of, any_of
from spatial.measures import Floats
from spatial.remembered import remember
from spatial.rules.model import FactSpec
from spatial.rules.pack import LimitRow, Pack
from spatial.rules.parameters import Row, Value

if TYPE_CHECKING:
    from spatial.measuring import Facts

TERRAINS = ("suburb", "plain", "hill", "mountain")
LAND_KINDS = ("cultivated", "farmland_not_cultivated", "unused", "construction")
"""Kinds of land a plot may take: 耕地, 其他农用地, 未利用地, 建设用地. `farmland` 农用地 is either of the first two."""


@dataclass(frozen=True)
class Limits:
    """The limit of n subjects in m² as an interval, and the row that sets the upper end (-1: none)."""

    low: Floats
    high: Floats
    row: np.ndarray[tuple[int], np.dtype[np.int64]]


def _terrain(row: LimitRow, terrain: np.ndarray[tuple[int], np.dtype[np.object_]]) -> Truth:
    if not row.terrain:
        return np.full(len(terrain), TRUE)
    return np.array([UNKNOWN if value is None else TRUE if value in row.terrain else FALSE for value in terrain], dtype=np.int8)


def _land(row: LimitRow, land: Mapping[str, Truth], count: int) -> Truth:
    if not row.land:
        return np.full(count, TRUE)
    return any_of([land[kind] for kind in row.land])


def _between(values: Floats, low: float | None, high: float | None) -> Truth:
    if low is None and high is None:
        return np.full(len(values), TRUE)
    inside = (values >= (low if low is not None else -np.inf)) & (values <= (high if high is not None else np.inf))
    return np.where(np.isnan(values), UNKNOWN, np.where(inside, TRUE, FALSE)).astype(np.int8)


def _amount(row: LimitRow, persons: Floats, farmland: Truth) -> tuple[Floats, Floats]:
    """The m² a row allows, as an interval: by head it depends on persons, the bonus on no farmland being taken."""
    count = len(persons)
    if row.max_m2 is not None:
        return np.full(count, row.max_m2), np.full(count, row.max_m2)
    if row.per_person_m2 is None:
        return np.full(count, -np.inf), np.full(count, np.inf)
    least, most = float(row.clamp_from or 1), float(row.clamp_to or np.inf)
    low = row.per_person_m2 * np.where(np.isnan(persons), least, np.clip(persons, least, most))
    high = row.per_person_m2 * np.where(np.isnan(persons), most, np.clip(persons, least, most))
    return low + np.where(farmland == FALSE, row.bonus_m2, 0.0), high + np.where(farmland == TRUE, 0.0, row.bonus_m2)


def limits(
    rows: tuple[LimitRow, ...],
    *,
    province: str,
    on: date,
    terrain: np.ndarray[tuple[int], np.dtype[np.object_]],
    land: Mapping[str, Truth],
    persons: Floats,
    farmland_per_head_m2: Floats | None = None,
    applies_to: str = "plot",
) -> Limits:
    """Return the limit in m²; a province without a usable row, or no row that certainly holds, leaves the upper end open."""
    count = len(persons)
    low, high, which = np.full(count, np.inf), np.full(count, np.inf), np.full(count, -1, dtype=np.int64)
    covered = np.zeros((len(TERRAINS), count), dtype=bool)
    per_head = np.full(count, np.nan) if farmland_per_head_m2 is None else farmland_per_head_m2
    farmland = np.maximum(land["cultivated"], land["farmland_not_cultivated"])
    land = {**land, "farmland": farmland}
    for index, row in enumerate(rows):
        if row.province != province or row.applies_to != applies_to or (row.valid_from is not None and on < row.valid_from):
            continue
        holds = all_of([_terrain(row, terrain), _land(row, land, count), _between(persons, row.persons_from, row.persons_to),
                        _between(per_head, row.farmland_from_m2, row.farmland_to_m2)])  # fmt: skip
        covered |= _surely_somewhere(row, terrain, land, persons, per_head)
        least, most = _amount(row, persons, farmland)
        low = np.where(holds != FALSE, np.minimum(low, least), low)
        better = (holds == TRUE) & (most < high)
        high, which = np.where(better, most, high), np.where(better, index, which)
    unset = ~covered.all(axis=0)
    return Limits(np.where(unset, -np.inf, low), high, which)


def _surely_somewhere(row: LimitRow, terrain: np.ndarray[tuple[int], np.dtype[np.object_]], land: Mapping[str, Truth],
                      persons: Floats, per_head: Floats) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:  # fmt: skip
    """Tell for every terrain a subject may have whether the row sets a limit for it, whatever else is not known.

    Without a stated terrain a province must have a limit for each terrain, or there may be none at all. Rows by persons or
    farmland per head go over their whole range together, so that one not known does not leave a gap.
    """
    ranges = _land(row, land, len(persons)) == TRUE
    ranges &= _between(persons, row.persons_from, row.persons_to) != FALSE
    ranges &= _between(per_head, row.farmland_from_m2, row.farmland_to_m2) != FALSE
    stated = np.array([value is not None for value in terrain], dtype=bool)
    return np.array([ranges & (_terrain(row, np.where(stated, terrain, kind)) == TRUE) for kind in TERRAINS])


Case = tuple[str, date, str, float | None]
"""Province, day, what is limited, farmland per head in m² (None: not known)."""


Inputs = tuple[Any, ...]
"""Terrain (None: not known), persons (None: not known) and the truth of each kind of land, in LAND_KINDS' order, of one subject."""


def _inputs(terrain: Fact, persons: Fact, taken: Sequence[Fact]) -> list[Inputs]:
    land = []
    for fact in taken:
        assert fact.low is not None and fact.high is not None
        land.append(np.where(fact.low > 0, TRUE, np.where(fact.high > 0, UNKNOWN, FALSE)).tolist())
    assert persons.low is not None and persons.high is not None
    heads = [low if low == high else None for low, high in zip(persons.low.tolist(), persons.high.tolist(), strict=True)]
    return list(zip(terrain.values.tolist(), heads, *land, strict=True))


def _each_once(pack: Pack, case: Case, keys: list[Inputs]) -> Limits:
    """Look each combination of inputs up once: there are few of them, however many subjects, and the pack remembers them."""
    kept = pack.limits_found.get(case)
    if kept is None:
        kept = remember(pack.limits_found, case, {}, most=_MOST_CASES)
    new = [key for key in dict.fromkeys(keys) if key not in kept]
    if new:
        kept.update(zip(new, _looked_up(pack, case, new), strict=True))
    low, high, row = zip(*[kept[key] for key in keys], strict=True) if keys else ((), (), ())
    return Limits(np.array(low, dtype=float), np.array(high, dtype=float), np.array(row, dtype=np.int64))


_MOST_CASES = 32


def _looked_up(pack: Pack, case: Case, keys: list[Inputs]) -> list[tuple[float, float, int]]:
    province, on, applies_to, per_head = case
    terrain, persons, *kinds = zip(*keys, strict=True)
    land = {kind: np.array(values, dtype=np.int8) for kind, values in zip(LAND_KINDS, kinds, strict=True)}
    heads = np.array([np.nan if n is None else n for n in persons], dtype=float)
    farmland = np.full(len(keys), np.nan if per_head is None else per_head)
    found = limits(pack.limits, province=province, on=on, terrain=np.array([*terrain, None], dtype=object)[:-1], land=land, persons=heads,
                   farmland_per_head_m2=farmland, applies_to=applies_to)  # fmt: skip
    return list(zip(found.low.tolist(), found.high.tolist(), found.row.tolist(), strict=True))


def limit_fact(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """The limit of every subject; `of` names the facts terrain, persons and the m² of each kind of land, in LAND_KINDS' order.

    `item` is what is limited (plot, house or floor; plot by default), `parameter` the county's farmland per head in m².
    """
    terrain, persons, *taken = (facts[other] for other in spec.of)
    keys = facts.once(("inputs of limits", *spec.of), lambda: _inputs(terrain, persons, taken))
    per_head = facts.parameter(spec.parameter).number() if spec.parameter else None
    province = facts.pack.county[:2] + "0000"
    found = _each_once(facts.pack, (province, facts.valid_on, spec.item or "plot", per_head), keys)

    def threshold(row: int) -> tuple[float, Value] | None:
        if found.row[row] < 0:
            return None
        source = facts.pack.limits[found.row[row]]
        dated = Row(value=source.max_m2, valid_from=source.valid_from, citation=source.citation)
        return float(found.high[row]), Value(source.max_m2, "m2", province, dated)

    def reason(row: int) -> str | None:
        if np.isneginf(found.low[row]):
            return "本省没有可靠的宅基地面积标准，须由县级填报"
        if found.low[row] == found.high[row]:
            return None
        form = next((text for part in (*taken, terrain, persons) if (text := part.reason(row))), None)
        return form or ("面积标准依人均耕地而不同，本县未设定人均耕地" if per_head is None else None)

    return Fact(name, spec, low=found.low, high=found.high, reason=reason, threshold=threshold,
                detail=lambda row: facts.pack.limits[found.row[row]].id if found.row[row] >= 0 else None)  # fmt: skip
