"""The patches of the county as faces of one planar line work: cell borders, road and river strips, outline."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layers.demo.cells import Cells
from layers.demo.corridors import Corridors
from layers.demo.grid import Floats, Ints

GRID_M = 0.01


@dataclass(frozen=True)
class Faces:
    """Faces that tile the county, with the cell and the strip (or -1) and the planting block (or -1) each belongs to."""

    polygons: NDArray[np.object_]
    cell: Ints
    strip: Ints
    block: Ints


def make_faces(
    cells: Cells, seeds_xy: Floats, patch: Ints, region: Ints, corridors: Corridors, blocks: NDArray[np.object_], outline: shapely.Polygon
) -> Faces:
    """Node all lines on a 1 cm grid and return the faces inside the outline.

    Borders between cells of one `patch` disappear; inside strips and blocks only borders between `region`s remain.
    """
    kept = patch[cells.sides[:, 0]] != patch[cells.sides[:, 1]]
    lines, sides = shapely.linestrings(cells.ends[kept]), cells.sides[kept]
    strips = np.array([*corridors.areas, *blocks], dtype=object)
    cutters = np.array([*shapely.boundary(strips), outline.exterior], dtype=object)
    cut, buried = _touched(lines, strips, outline)
    buried &= region[sides[:, 0]] == region[sides[:, 1]]
    lines, cut = lines[~buried], cut[~buried]
    noded = shapely.union_all(np.r_[lines[cut], cutters[~shapely.is_empty(cutters)]], grid_size=GRID_M)
    pieces = shapely.get_parts(noded)
    pieces = pieces[~_swallowed(pieces, strips, seeds_xy, region)]
    polygons = shapely.get_parts(shapely.polygonize(np.r_[lines[~cut], pieces]))
    inner = shapely.point_on_surface(polygons)
    shapely.prepare(outline)
    inside = shapely.contains(outline, inner)
    polygons, inner = polygons[inside], inner[inside]
    member = _holder(inner, strips)
    number = len(corridors.areas)
    return Faces(
        polygons=polygons,
        cell=np.asarray(cKDTree(seeds_xy).query(shapely.get_coordinates(inner))[1]),
        strip=np.where(member < number, member, -1),
        block=np.where(member >= number, member - number, -1),
    )


def _touched(lines: NDArray[np.object_], strips: NDArray[np.object_], outline: shapely.Polygon) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which lines meet a strip or the outline, and which lie wholly inside one strip."""
    cut, buried = np.zeros(len(lines), dtype=bool), np.zeros(len(lines), dtype=bool)
    tree = shapely.STRtree(lines)
    cut[tree.query(strips, predicate="intersects")[1]] = True
    buried[tree.query(strips, predicate="contains_properly")[1]] = True
    border = shapely.get_coordinates(outline.exterior)
    segments = shapely.linestrings(np.stack([border[:-1], border[1:]], axis=1))
    cut[tree.query(segments, predicate="intersects")[1]] = True
    return cut, buried


def _swallowed(pieces: NDArray[np.object_], strips: NDArray[np.object_], seeds_xy: Floats, region: Ints) -> NDArray[np.bool_]:
    """Return which pieces lie inside a strip and do not separate two regions."""
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    inside = _holder(middle, shapely.buffer(strips, -0.03, quad_segs=2)) >= 0
    two = np.asarray(cKDTree(seeds_xy).query(shapely.get_coordinates(middle[inside]), k=2)[1])
    inside[inside] = region[two[:, 0]] == region[two[:, 1]]
    return inside


def _holder(points: NDArray[np.object_], polygons: NDArray[np.object_]) -> Ints:
    """Return the polygon each point lies in, or -1."""
    holder = np.full(len(points), -1, dtype=np.int64)
    polygon, point = shapely.STRtree(points).query(polygons, predicate="intersects")
    holder[point] = polygon
    return holder
