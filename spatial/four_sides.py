"""The four sides of an application form (四至) against what stands on each side of the site on the map.

Only kinds of neighbours are compared, and cautiously: a side is contradicted when its text names a kind (a road, water, a house, open
land) of which nothing lies within reach on that side, while something of another kind adjoins there. A text without such a word,
or a lane or ditch that no layer has, contradicts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.facts import Fact
from spatial.layer import Layer
from spatial.lazy import lazy
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


_BITS = {kind: 1 << place for place, kind in enumerate((*KINDS, "open"))}


@lru_cache(maxsize=4096)
def _named_bits(text: str | None) -> int:
    """The kinds a text names as bits; none where nothing can be compared."""
    return sum(_BITS[kind] for kind in named_kinds(text) or ())


def strips(subjects: Geometries, reach_m: float) -> Geometries:
    """Return for n subjects the ground up to `reach_m` beyond their east, south, west and north side, as an array of n × 4 boxes.

    A tenth of each side is left out at both ends, so that a neighbour round the corner counts for its own side only.
    """
    return _boxes(_strip_bounds(subjects, reach_m))


def _strip_bounds(subjects: Geometries, reach_m: float) -> Floats:
    west, south, east, north = shapely.bounds(subjects).T
    across, up = (east - west) * CORNER_SHARE, (north - south) * CORNER_SHARE
    sides = (
        (east, south + up, east + reach_m, north - up), (west + across, south - reach_m, east - across, south),
        (west - reach_m, south + up, west, north - up), (west + across, north, east - across, north + reach_m),
    )  # fmt: skip
    bounds: Floats = np.array(sides).transpose(2, 0, 1)
    return bounds


def _boxes(bounds: Floats) -> Geometries:
    boxes: Geometries = shapely.box(bounds[..., 0], bounds[..., 1], bounds[..., 2], bounds[..., 3])
    return boxes


@dataclass(frozen=True)
class _Around:
    """The ground round n subjects, asked about side by side (arrays of n × 4): only where the answer matters."""

    subjects: Geometries
    farthest: Floats
    reach_m: float
    touch_m: float
    own: Ints
    unsure: Bools

    @classmethod
    def of(cls, facts: Facts, rows: Ints, *, reach_m: float, touch_m: float) -> _Around:
        """Look round some of the subjects; the neighbours are sought up to the larger of the two distances."""
        subjects = facts.subjects[rows]
        return cls(subjects, _strip_bounds(subjects, max(reach_m, touch_m)), reach_m, touch_m, *_own_parcels(facts, rows))

    @lazy
    def _boxes(self) -> Geometries:
        return _boxes(self.farthest)

    def presence(self, kind: str, layer: Layer | None, metres: float, asked: Bools, *, covered: Bools) -> tuple[Bools, Bools]:
        """Where a neighbour of a kind certainly and possibly lies within so many metres, of the sides asked about.

        A subject's own parcel is no neighbour; `covered` says round which subjects the layer's coverage is known to reach.
        """
        if layer is None or not asked.any():
            return np.zeros_like(asked), asked.copy()
        there, gaps = np.zeros_like(asked), np.zeros_like(asked)
        there[asked] = self._found(kind, layer, metres, asked)
        open_ = asked & ~covered[:, None]
        if open_.any():
            gaps[open_] = to_resolution(layer.extent.uncovered(_boxes(_strip_bounds(self.subjects, metres)[open_]))) > 0
        unsure = asked & self.unsure[:, None] if kind == "parcel" else np.zeros_like(asked)
        return there & ~unsure, there | gaps | unsure

    def _found(self, kind: str, layer: Layer, metres: float, asked: Bools) -> Bools:
        rows, boxes = np.nonzero(asked)[0], self._boxes[asked]
        at, piece = layer.tree.query(boxes)
        if kind == "parcel":
            other = layer.piece_feature[piece] != self.own[rows[at]]
            at, piece = at[other], piece[other]
        meets = shapely.intersects(boxes[at], layer.pieces[piece])
        at, piece = at[meets], piece[meets]
        apart = to_resolution(shapely.distance(self.subjects[rows[at]], layer.pieces[piece]))
        found = np.zeros(len(boxes), dtype=bool)
        found[at[apart <= metres]] = True
        return found


def _own_parcels(facts: Facts, rows: Ints) -> tuple[Ints, Bools]:
    """The parcel that holds most of each subject is its own (-1: none); the second array says where that is not known."""
    over = facts.overlay("parcel")
    if over is None:
        return np.full(len(rows), -1), np.zeros(len(rows), dtype=bool)
    best, area = over.dominant()
    return np.where(area > 0.5 * over.areas, best, -1)[rows], over.uncovered[rows] > 0


def _contradicted(facts: Facts, rows: Ints, around: _Around, bits: Ints) -> tuple[Bools, Bools]:
    """Which sides of some of the subjects are certainly, and which possibly, contradicted; `bits` are the kinds named for each side."""
    certain, possible = np.zeros(bits.shape, dtype=bool), np.zeros(bits.shape, dtype=bool)
    far = 2 * max(around.touch_m, around.reach_m)
    covered = {kind: facts.covered_round(kind, far)[rows] if kind in facts.layers else np.zeros(len(rows), dtype=bool) for kind in KINDS}
    for kind in KINDS:
        other = (bits > 0) & ((bits & _BITS[kind]) == 0)
        sure, maybe = around.presence(kind, facts.layers.get(kind), around.touch_m, other, covered=covered[kind])
        certain, possible = certain | sure, possible | maybe
    for kind in KINDS:
        stated = possible & ((bits & _BITS[kind]) > 0)
        sure, maybe = around.presence(kind, facts.layers.get(kind), around.reach_m, stated, covered=covered[kind])
        certain, possible = certain & ~maybe, possible & ~sure
    return certain, possible


def four_sides(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Count the sides whose text is contradicted by the map; `of` names the texts of the east, south, west and north side."""
    texts = [facts[other] for other in spec.of]
    nothing = np.full(len(facts), None, dtype=object)
    stated = np.column_stack([nothing if part.values is None else part.values for part in texts])
    bits = np.frompyfunc(_named_bits, 1, 1)(stated).astype(np.int64)
    rows = np.flatnonzero(bits.any(axis=1))
    certain, possible = (np.zeros((len(facts), 4), dtype=bool) for _ in range(2))
    reach, touch = facts.parameter(spec.parameter or "").number(), facts.parameter(spec.radius_m or "").number()
    if len(rows) and reach is not None and touch is not None:
        around = _Around.of(facts, rows, reach_m=reach, touch_m=touch)
        certain[rows], possible[rows] = _contradicted(facts, rows, around, bits[rows])
    missing = np.asarray(stated == np.array(None), dtype=bool)
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
