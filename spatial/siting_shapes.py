"""Areas cut and put together: polygons in, polygons out.

Cutting is done in whole micrometres (snap rounding). Without a grid GEOS may lose whole polygons, silently, where edges nearly
coincide: a difference with a sliver of 10⁻⁸ m² left by an earlier cut took several thousand m² from villages of the demo county.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.pieces import Geometries

NOTHING = shapely.Polygon()
GRID_M = 1e-6
RESOLUTION_M2 = 1e-4
"""What cutting leaves below the resolution of the measuring is no gap."""


def areal(shapes: Any) -> Any:
    """Return the polygons of areas that do not overlap as one: where areas only touch, cutting leaves lines and points as well."""
    parts = shapely.get_parts(shapely.get_parts(shapes))
    polygons = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)]
    return shapely.multipolygons(polygons) if len(polygons) > 1 else polygons[0] if len(polygons) else NOTHING


def united(shapes: Sequence[Any] | Geometries) -> Any:
    """Put areas together. Most lie apart (plots, houses): a union of each cluster by itself takes a tenth of the time of one of all."""
    kept = np.asarray(shapes, dtype=object)
    kept = kept[~shapely.is_empty(kept)]
    return NOTHING if not len(kept) else kept[0] if len(kept) == 1 else areal(shapely.disjoint_subset_union_all(kept))


def cut(shape: Any, ground: Any) -> Any:
    """Return what of an area lies on a ground."""
    if shape.is_empty or shape is ground:
        return shape
    parts, rows, others = _meeting(ground, shape)
    parts = parts[rows]
    inside, across = _told_apart(parts, others)
    parts[across] = _on_grid(shapely.intersection, parts[across], others[across])
    return areal(parts[np.sort(np.concatenate([inside, across]))])


def without(ground: Any, shape: Any) -> Any:
    """Return what of a ground lies outside an area."""
    if shape.is_empty or shape is ground:
        return ground if shape.is_empty else NOTHING
    parts, others = shapely.get_parts(ground), shapely.get_parts(shape)
    holes = _holes(parts, others)
    left = _cut_off(parts, np.delete(others, holes))
    left, missed = _pierced(left, others[holes])
    left = _cut_off(left, others[holes[missed]])
    return ground if left is parts else areal(left)


def _cut_off(parts: Geometries, others: Geometries) -> Geometries:
    """Polygons without what of others they share: the same ones where that is nothing."""
    rows, meet = _groups(parts, others)
    inside, across = _told_apart(parts[rows], meet)
    if not len(inside) and not len(across):
        return parts
    left = parts.copy()
    left[rows[inside]] = NOTHING
    left[rows[across]] = _on_grid(shapely.difference, parts[rows[across]], meet[across])
    found: Geometries = shapely.get_parts(areal(left))
    return found


def _holes(parts: Geometries, others: Geometries) -> Any:
    """The rows of polygons that may become holes of others as they are: whole ones in the midst of one, apart from each other, as most houses are."""
    tree = shapely.STRtree(others)
    amid = np.unique(tree.query(parts, predicate="contains_properly")[1])
    one, other = tree.query(others[amid], predicate="intersects")
    beside = np.unique(one[amid[one] != other])
    amid = np.delete(amid, beside)
    return amid[shapely.get_num_interior_rings(others[amid]) == 0]


def _pierced(parts: Geometries, holes: Geometries) -> tuple[Geometries, Any]:
    """Polygons with holes made in them, which needs no cutting, and the rows of the holes that lie in the midst of none."""
    if not len(holes):
        return parts, np.empty(0, dtype=int)
    owner, hole = shapely.STRtree(holes).query(parts, predicate="contains_properly")
    rows, group = np.unique(owner, return_inverse=True)
    rings, of = shapely.get_rings(parts[rows], return_index=True)
    rings, of = np.concatenate([rings, shapely.get_exterior_ring(holes[hole])]), np.concatenate([of, group])
    order = np.argsort(of, kind="stable")
    left = parts.copy()
    if len(rows):
        made: Any = shapely.polygons(rings[order], indices=of[order])
        left[rows] = shapely.orient_polygons(made, exterior_cw=True)  # As GEOS leaves what it cuts.
    return left, np.delete(np.arange(len(holes)), hole)


def overlap(ground: Any, shape: Any) -> bool:
    """Tell whether an area has part of a ground, more than where they touch."""
    parts, rows, others = _meeting(ground, shape)
    return bool(shapely.relate_pattern(parts[rows], others, "T********").any())


def filled(ground: Any) -> tuple[Any, Any]:
    """Return a ground without its holes, and what the holes hold: those in which none of the ground lies, as houses leave them."""
    parts = shapely.get_parts(ground)
    rings, owner = shapely.get_rings(parts, return_index=True)
    inner = np.flatnonzero(np.diff(owner, prepend=-1) == 0)
    holes: Any = shapely.polygons(rings[inner])
    within = shapely.STRtree(shapely.point_on_surface(parts)).query(holes, predicate="contains")[0]
    kept = np.delete(np.arange(len(inner)), within)
    if not len(kept):
        return ground, NOTHING
    left = np.delete(np.arange(len(rings)), inner[kept])
    bare: Any = shapely.polygons(rings[left], indices=owner[left])
    return areal(bare), shapely.multipolygons(holes[kept])


def meeting(tree: shapely.STRtree, ground: Any) -> NDArray[np.intp]:
    """The rows of what meets a ground, in order. Part by part: the boxes of the parts hold a fraction of what the box about all holds."""
    found: NDArray[np.intp] = np.unique(tree.query(shapely.get_parts(ground), predicate="intersects")[1])
    return found


def _told_apart(parts: Geometries, others: Geometries) -> tuple[Any, Any]:
    """Of polygons and what meets each, the rows of those that lie wholly in it, and of those that it crosses: cutting is for the latter only."""
    inside = shapely.covered_by(parts, others)
    rest = np.flatnonzero(~inside)
    return np.flatnonzero(inside), rest[~shapely.touches(others[rest], parts[rest])]


def _on_grid(work: Callable[..., Any], left: Geometries, right: Geometries) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):  # GEOS divides by the length of segments that the grid has swallowed.
        return work(left, right, grid_size=GRID_M)


def _meeting(ground: Any, shape: Any) -> tuple[Geometries, Any, Geometries]:
    """The polygons of a ground, the rows of those that an area meets, and what of the area meets each: work for what meets is a fraction of that for all."""
    parts = shapely.get_parts(ground)
    return parts, *_groups(parts, shapely.get_parts(shape))


def _groups(parts: Geometries, others: Geometries) -> tuple[Any, Geometries]:
    """The same of polygons and those of an area."""
    mine, theirs = shapely.STRtree(others).query(parts, predicate="intersects")
    rows, group = np.unique(mine, return_inverse=True)
    return rows, shapely.multipolygons(others[theirs], indices=group) if len(rows) else np.empty(0, dtype=object)
