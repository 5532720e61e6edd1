"""Unions of patches: villages, towns, county, settlements and anything else that must share vertices with land use."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.demo.grid import Ints


def dissolve(polygons: NDArray[np.object_], key: Ints) -> tuple[NDArray[np.object_], Ints]:
    """Return one polygon or multipolygon per key ≥ 0, with the keys in ascending order; shared vertices stay."""
    order = np.argsort(key, kind="stable")
    order = order[key[order] >= 0]
    ordered = key[order]
    starts = np.flatnonzero(np.r_[True, np.diff(ordered) > 0]) if len(ordered) else np.empty(0, dtype=np.int64)
    unions = np.empty(len(starts), dtype=object)
    for number, (start, end) in enumerate(zip(starts, np.r_[starts[1:], len(ordered)], strict=True)):
        members = polygons[order[start:end]]
        unions[number] = members[0] if end - start == 1 else _simple(shapely.coverage_union_all(members))
    return unions, ordered[starts]


def _simple(union: shapely.Geometry) -> shapely.Geometry:
    parts = shapely.get_parts(union)
    return parts[0] if len(parts) == 1 else union


def exploded(polygons: NDArray[np.object_], key: Ints) -> tuple[NDArray[np.object_], Ints]:
    """Return the single parts of (multi)polygons with the key of each."""
    parts, index = shapely.get_parts(polygons, return_index=True)
    return parts, key[index]


def one_key(*columns: Ints) -> tuple[Ints, Ints]:
    """Return a number per distinct row of the columns (-1 where the first column is negative) and the distinct rows."""
    table = np.column_stack(columns)
    rows, number = np.unique(table, axis=0, return_inverse=True)
    return np.where(columns[0] < 0, -1, number.ravel()), rows
