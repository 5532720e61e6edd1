"""Buffers that never fall short, and the ends of what is known.

A buffer is a polygon with 32 segments to the quarter circle, drawn about the circle (radius ÷ cos(π ÷ 128)): nowhere nearer than the
distance asked for, at most 0.03 % farther.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spatial.choosing import Choice
from spatial.layer import Layer
from spatial.pieces import Extent
from spatial.rules.model import FactSpec
from spatial.rules.parameters import Resolved, Value
from spatial.siting_shapes import GRID_M, NOTHING, RESOLUTION_M2, cut, united, without

Floats = NDArray[np.floating[Any]]

QUAD_SEGS = 32
COARSE_QUAD_SEGS = 8
"""Rounder than this costs four times the corners; an area drawn so reaches 5 mm too far at 1 m, never too little."""
ROUNDING_M = 2 * GRID_M
"""What cutting may shift an edge by is added, so that rounding makes no distance fall short."""


def grown(shapes: Any, metres: Any, *, quad_segs: int = QUAD_SEGS) -> Any:
    """Return shapes grown by so many metres, nowhere less."""
    return shapely.buffer(shapes, stretched(metres, quad_segs=quad_segs), quad_segs=quad_segs)


def stretched(metres: Any, *, quad_segs: int = QUAD_SEGS) -> Any:
    """Return how far the corners of a buffer lie out; none where nothing is asked for."""
    return np.where(np.asarray(metres) > 0, metres / math.cos(math.pi / (4 * quad_segs)) + ROUNDING_M, metres)


def outward(ground: Any, layer: Layer, metres: Floats, *, quad_segs: int = QUAD_SEGS) -> Any:
    """Return what is nearer than so many metres to those features of a layer that may matter on a ground: one distance for each feature, NaN to leave it out."""
    farthest = np.nanmax(metres, initial=0.0) if len(metres) and not np.isnan(metres).all() else -1.0
    if farthest < 0:
        return NOTHING
    near = np.sort(layer.tree.query(ground, predicate="dwithin", distance=stretched(farthest, quad_segs=quad_segs)))
    wide = metres[layer.piece_feature[near]]
    near, wide = near[~np.isnan(wide)], wide[~np.isnan(wide)]
    return united(grown(layer.pieces[near], wide, quad_segs=quad_segs))


@dataclass(frozen=True)
class Gaps:
    """Where in a part of the ground layers end. Worked out once for each coverage, for most layers share one."""

    part: Any
    _found: dict[tuple[Extent, float], Any] = field(default_factory=dict, compare=False)

    def of(self, layer: Layer, *, within_m: float = 0.0) -> Any:
        """Return what of the part lies outside a layer's coverage, or nearer than so many metres to its end."""
        key = (layer.extent, within_m)
        if key not in self._found:
            self._found[key] = _outside(layer.extent, self.part) if within_m <= 0 else _near_the_end(self.of(layer), layer.extent, self.part, within_m)
        return self._found[key]

    def within(self, ground: Any, layer: Layer, *, within_m: float = 0.0) -> Any:
        """The same for a smaller ground in the part."""
        gap = self.of(layer, within_m=within_m)
        return gap if ground is self.part else cut(gap, ground)


def _outside(extent: Extent, part: Any) -> Any:
    if extent.uncovered(np.array([part], dtype=object))[0] <= RESOLUTION_M2:
        return NOTHING
    near = extent.pieces[np.sort(extent.tree.query(part, predicate="intersects"))]
    left = shapely.get_parts(without(part, united(near)))
    return united(left[shapely.area(left) > RESOLUTION_M2])


def _near_the_end(outside: Any, extent: Extent, part: Any, metres: float) -> Any:
    edges = extent.edges
    near = edges.geometries[edges.query(part, predicate="dwithin", distance=stretched(metres))]
    if not len(near):
        return outside
    strip = united(grown(near, metres))
    return united([outside, cut(strip, part)])


def clearance_areas(
    ground: Any, layer: Layer, choice: Choice, spec: FactSpec, parameter: Callable[[str], Resolved], gaps: Gaps, *, beyond_m: float, quad_segs: int = QUAD_SEGS
) -> tuple[Any, Any]:
    """Return where the distance required from a layer's features is not kept: surely, and for all that is known.

    A class without a row may need the largest distance; a class whose row sets none is free.
    """
    required = parameter(spec.parameter or "")
    half_width = parameter(spec.half_width) if spec.half_width else None
    values, half = _of_features(layer, spec.field or "", required), _half(layer, spec.field or "", half_width)
    wanted = np.array([np.nan if value is None or value.value is None else float(value.value) for value in values])  # type: ignore[arg-type]
    unclear = np.array([value is None for value in values], dtype=bool)
    farthest = max([float(value.value) for value in required.values if value.value is not None], default=0.0)  # type: ignore[arg-type]
    if spec.measure == "strip_clearance":
        farthest = max(farthest, parameter(spec.radius_m or "").number() or 0.0)
        unclear |= np.isnan(wanted)
    elif farthest <= 0:
        return NOTHING, ground
    sure_m = np.where(choice.certain, wanted, np.nan) + half + beyond_m
    if spec.measure == "strip_clearance":
        on_it = np.where(choice.certain & np.isnan(sure_m), 0.0, np.nan)
        sure = united([outward(ground, layer, sure_m, quad_segs=quad_segs), outward(ground, layer, on_it)])
    else:
        sure = outward(ground, layer, sure_m, quad_segs=quad_segs)
    maybe_m = np.where(choice.possible, np.where(unclear, farthest, wanted), np.nan) + half + beyond_m
    reach = farthest + float(half.max(initial=0.0)) + beyond_m
    gap = gaps.within(ground, layer, within_m=reach)
    if gap.is_empty and np.array_equal(maybe_m, sure_m, equal_nan=True):
        return sure, sure
    return sure, united([sure, outward(ground, layer, maybe_m, quad_segs=quad_segs), gap])


def _of_features(layer: Layer, field: str, table: Resolved) -> list[Value | None]:
    """For each feature the row of a table for its class, the nearest jurisdiction's first."""
    column = layer.attributes.get(field)
    values = np.full(len(layer.features), None, dtype=object) if column is None else np.asarray(column, dtype=object)
    rows, uniques = pd.factorize(values, use_na_sentinel=True)
    found = [*[_row(table, value) for value in uniques], None]
    return [found[row] for row in rows]


def _row(table: Resolved, key: Any) -> Value | None:
    for value in reversed(table.values):
        row = value.row
        if table.keyed_by == "range":
            if isinstance(key, int | float) and row.low is not None and row.high is not None and row.low <= key <= row.high:
                return value
        elif row.key == str(key):
            return value
    return None


def _half(layer: Layer, field: str, table: Resolved | None) -> Floats:
    """Half the width of the land of features drawn as lines; of a class without a row, the largest there is."""
    if table is None:
        return np.zeros(len(layer.features))
    widest = max([float(value.value) for value in table.values if value.value is not None], default=0.0)  # type: ignore[arg-type]
    found = _of_features(layer, field, table)
    half = np.array([widest if value is None or value.value is None else float(value.value) for value in found])  # type: ignore[arg-type]
    thin: Floats = np.where(shapely.get_dimensions(layer.features) < 2, half, 0.0)
    return thin
