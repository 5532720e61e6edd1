"""The four sides of an application form (四至) against what stands on each side of the site on the map.

Only kinds of neighbours are compared, and cautiously: a side is contradicted when its text names a kind (a road, water, a house, open
land) of which nothing lies within reach on that side, while something of another kind adjoins there. A text without such a word,
or a lane or ditch that no layer has, contradicts nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.facts import Fact
from spatial.layer import Layer
from spatial.measures import Bools, Floats, Ints, to_resolution
from spatial.pieces import Geometries
from spatial.rules.model import FactSpec

if TYPE_CHECKING:
    from spatial.measuring import Facts

SIDES = ("东", "南", "西", "北")
KINDS = {"parcel": "宗地", "road": "道路", "river": "水面"}
"""The layers a neighbour is looked for in, and what a neighbour of each is called."""

WORDS = {
    "parcel": ("宅", "户", "房", "屋", "院", "邻居"),
    "road": ("路", "道", "街", "巷"),
    "river": ("河", "溪", "塘", "沟", "渠", "库", "湖", "港", "水"),
}
CORNER_SHARE = 0.1
OPEN_WORDS = ("空地", "空闲地", "田", "园", "林", "山", "荒", "坡", "菜地", "农地")


@lru_cache(maxsize=4096)
def named_kinds(text: str | None) -> frozenset[str] | None:
    """Return the kinds of neighbour a text names; `open` is open land. None where it names none, so that nothing can be compared."""
    if text is None:
        return None
    found = {kind for kind, words in WORDS.items() if any(word in text for word in words)}
    if any(word in text for word in OPEN_WORDS):
        found.add("open")
    return frozenset(found) or None


@dataclass(frozen=True)
class _Presence:
    """For each subject and side whether a kind certainly or possibly lies there (arrays of n × 4)."""

    certain: Bools
    possible: Bools


def strips(subjects: Geometries, reach_m: float) -> Geometries:
    """Return for n subjects the ground up to `reach_m` beyond their east, south, west and north side, as an array of n × 4 boxes.

    A tenth of each side is left out at both ends, so that a neighbour round the corner counts for its own side only.
    """
    west, south, east, north = shapely.bounds(subjects).T
    across, up = (east - west) * CORNER_SHARE, (north - south) * CORNER_SHARE
    boxes = [
        shapely.box(east, south + up, east + reach_m, north - up), shapely.box(west + across, south - reach_m, east - across, south),
        shapely.box(west - reach_m, south + up, west, north - up), shapely.box(west + across, north, east - across, north + reach_m),
    ]  # fmt: skip
    return np.stack(boxes, axis=1)


def _presences(
    subjects: Geometries, layer: Layer | None, metres: tuple[float, float], own: Ints, unsure: Bools, *, covered: bool
) -> list[_Presence]:
    """What adjoins each side and what lies within reach of it; a subject's `own` feature (-1: none) is no neighbour.

    `covered` says that the layer's coverage is known to reach round all subjects.
    """
    count = len(subjects)
    if layer is None:
        return [_Presence(np.zeros((count, 4), dtype=bool), np.ones((count, 4), dtype=bool))] * len(metres)
    boxes = strips(subjects, max(metres)).ravel()
    at, piece = layer.tree.query(boxes)
    other = layer.piece_feature[piece] != own[at // 4]
    at, piece = at[other], piece[other]
    meets = shapely.intersects(boxes[at], layer.pieces[piece])
    at, piece = at[meets], piece[meets]
    apart = to_resolution(shapely.distance(subjects[at // 4], layer.pieces[piece]))
    found = []
    for reach in metres:
        gaps = np.zeros(len(boxes)) if covered else to_resolution(layer.extent.uncovered(strips(subjects, reach).ravel()))
        there = np.zeros((count, 4), dtype=bool)
        there[at[apart <= reach] // 4, at[apart <= reach] % 4] = True
        found.append(_Presence(there & ~unsure[:, None], there | (gaps > 0).reshape(count, 4) | unsure[:, None]))
    return found


def _own_parcels(facts: Facts, rows: Ints) -> tuple[Ints, Bools]:
    """The parcel that holds most of each subject is its own (-1: none); the second array says where that is not known."""
    over = facts.overlay("parcel")
    if over is None:
        return np.full(len(rows), -1), np.zeros(len(rows), dtype=bool)
    best, area = over.dominant()
    return np.where(area > 0.5 * over.areas, best, -1)[rows], over.uncovered[rows] > 0


def _contradicted(named: Sequence[Sequence[frozenset[str] | None]], near: dict[str, _Presence], wide: dict[str, _Presence]) -> tuple[Bools, Bools]:
    """Which sides are certainly, and which possibly, contradicted."""
    certain, possible = (np.zeros((len(named), 4), dtype=bool) for _ in range(2))
    for kind in KINDS:
        other = np.array([[texts is not None and kind not in texts for texts in row] for row in named], dtype=bool).reshape(-1, 4)
        certain |= other & near[kind].certain
        possible |= other & near[kind].possible
    for kind in KINDS:
        stated = np.array([[texts is not None and kind in texts for texts in row] for row in named], dtype=bool).reshape(-1, 4)
        certain &= ~(stated & wide[kind].possible)
        possible &= ~(stated & wide[kind].certain)
    return certain, possible


def four_sides(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Count the sides whose text is contradicted by the map; `of` names the texts of the east, south, west and north side."""
    texts = [facts[other] for other in spec.of]
    stated = np.array([[None if part.values is None else part.values[row] for part in texts] for row in range(len(facts))], dtype=object).reshape(-1, 4)
    rows = np.flatnonzero([any(named_kinds(text) is not None for text in row) for row in stated])
    certain, possible = (np.zeros((len(facts), 4), dtype=bool) for _ in range(2))
    reach, touch = facts.parameter(spec.parameter or "").number(), facts.parameter(spec.radius_m or "").number()
    if len(rows) and reach is not None and touch is not None:
        own, unsure = _own_parcels(facts, rows)
        nobody, sure = np.full(len(rows), -1), np.zeros(len(rows), dtype=bool)
        near, wide = {}, {}
        for kind in KINDS:
            mine = (own, unsure) if kind == "parcel" else (nobody, sure)
            covered = kind in facts.layers and facts.covered_for(kind, 2 * max(touch, reach))
            near[kind], wide[kind] = _presences(facts.subjects[rows], facts.layers.get(kind), (touch, reach), *mine, covered=covered)
        named = [[named_kinds(text) for text in row] for row in stated[rows]]
        certain[rows], possible[rows] = _contradicted(named, near, wide)
    missing = np.array([[text is None for text in row] for row in stated], dtype=bool).reshape(-1, 4)
    low = certain.sum(axis=1).astype(float)
    high: Floats = (possible | missing).sum(axis=1).astype(float)

    def detail(row: int) -> str | None:
        return "；".join(f"{side}填“{stated[row][at]}”" for at, side in enumerate(SIDES) if certain[row][at]) or None

    def geometry(row: int) -> Any:
        boxes = strips(facts.subjects[row : row + 1], touch or 0.0)[0][certain[row]]
        return shapely.union_all(boxes) if len(boxes) else None

    def reason(row: int) -> str | None:
        if low[row] == high[row]:
            return None
        left = "、".join(side for at, side in enumerate(SIDES) if missing[row][at])
        return f"申请表未填四至（{left}）" if left else "四周的宗地、道路或河道图层没有入库或覆盖不全"

    return Fact(name, spec, low=low, high=high, reason=reason, geometry=geometry, detail=detail)
