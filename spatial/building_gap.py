"""The gap from a site to the next house that is not its own (the fire gap between houses).

The house on the own plot is left out: a building of which at least half lies on the site. One that only reaches onto the site is a
neighbour's, at a gap of nothing. The gap is measured from the edge of the site, so it is never more than that between the houses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.facts import Fact, unknown
from spatial.measures import Bools, Floats, Ints, Overlay
from spatial.pieces import Geometries
from spatial.rules.model import FactSpec

if TYPE_CHECKING:
    from spatial.measuring import Facts

OWN_SHARE = 0.5


def _own(over: Overlay, subject: Ints, feature: Ints, apart: Floats) -> tuple[Bools, Bools]:
    """Which pairs are a site and its own building, and which of those only look so: the building reaches where nothing is known."""
    own, doubtful = np.zeros(len(subject), dtype=bool), np.zeros(len(subject), dtype=bool)
    meets = np.flatnonzero(apart == 0)
    # Told by boxes first: what has less than half of its area in the subject's box cannot be its own.
    room = _box_overlap(over.subjects[subject[meets]], over.layer.features[feature[meets]])
    meets = meets[room >= OWN_SHARE * shapely.area(over.layer.features[feature[meets]])]
    if len(meets):
        shapes = over.layer.features[feature[meets]]
        inside = shapely.area(shapely.intersection(over.subjects[subject[meets]], shapes))
        own[meets] = inside >= OWN_SHARE * np.maximum(shapely.area(shapes), 1e-9)
        doubtful[meets] = own[meets] & (over.layer.extent.edge_distance(shapes, within=1.0) < 1e-4)
    return own, doubtful


def _box_overlap(left: Geometries, right: Geometries) -> Floats:
    """The m² that the boxes of pairs of geometries share."""
    one, other = shapely.bounds(left), shapely.bounds(right)
    sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    shared: Floats = np.maximum(sides, 0.0).prod(axis=1)
    return shared


def building_gap(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Measure the metres from every subject to the nearest building that is not its own, within the radius."""
    over, radius = facts.overlay(spec.layer or ""), facts.parameter(spec.radius_m or "").number()
    if over is None or radius is None:
        text = f"图层“{facts.title(spec.layer or '')}”未入库" if over is None else "本辖区未设定间距"
        return unknown(name, spec, len(facts), reason=lambda _: text)
    subject, feature, apart = over.near(radius)
    own, doubtful = _own(over, subject, feature, apart)
    high, low = np.full(len(facts), np.inf), np.full(len(facts), np.inf)
    np.minimum.at(high, subject[~own], apart[~own])
    np.minimum.at(low, subject[~own | doubtful], apart[~own | doubtful])
    low = np.minimum(np.minimum(low, over.edge_distance(radius)), radius)

    def nearest(row: int) -> int | None:
        pairs = np.flatnonzero((subject == row) & ~own)
        return int(feature[pairs[np.lexsort((feature[pairs], apart[pairs]))[0]]]) if len(pairs) else None

    def geometry(row: int) -> Any:
        found = nearest(row)
        return None if found is None else shapely.shortest_line(over.subjects[row], over.layer.features[found])

    def detail(row: int) -> str | None:
        found = nearest(row)
        return None if found is None else str(over.layer.ids[found])

    def reason(row: int) -> str | None:
        if low[row] == high[row] or (np.isinf(high[row]) and low[row] == radius):
            return None
        return f"图层“{over.layer.dataset.title}”的数据覆盖范围只到 {over.edge_distance(radius)[row]:.2f} 米外"

    return Fact(name, spec, low=low, high=high, dataset=over.layer.dataset, reason=reason, geometry=geometry, detail=detail)
