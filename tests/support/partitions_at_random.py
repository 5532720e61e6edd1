"""Random partitions of a square into patches that share their corners, and faults put into them."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from frames import EAST, EPSG, NORTH
from numpy.typing import NDArray

SIDE = 1_000.0
ORIGIN = np.array([EAST, NORTH])
AREA = shapely.box(EAST, NORTH, EAST + SIDE, NORTH + SIDE)


def partition(seed: int, *, patches: int = 60) -> NDArray[Any]:
    """The Voronoi cells of random points in a square of 1 km, in random order, on a grid of 0.1 mm, some with a hole filled by another."""
    random = np.random.default_rng(seed)
    points = shapely.multipoints(random.uniform(0, SIDE, (patches, 2)) + ORIGIN)
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=AREA))
    cells = shapely.intersection(cells, AREA)
    # One overlay on the grid for all: neighbours keep exactly the same corners.
    noded = shapely.union_all(shapely.boundary(cells), grid_size=1e-4)
    faces = shapely.get_parts(shapely.polygonize([noded]))
    middles = shapely.point_on_surface(faces[:6])
    islands = np.array([shapely.buffer(middle, 3.0, quad_segs=2) for middle in middles], dtype=object)
    holed = np.array(
        [
            cell.difference(island) if cell.contains(island) else cell
            for cell, island in zip(faces[:6], islands, strict=True)
        ],
        dtype=object,
    )
    filled = np.array(
        [island for cell, island in zip(faces[:6], islands, strict=True) if cell.contains(island)], dtype=object
    )
    whole = np.concatenate([holed, faces[6:], filled])
    return whole[random.permutation(len(whole))]


def with_faults(patches: NDArray[Any], seed: int, *, faults: int = 6) -> NDArray[Any]:
    """Some patches pushed over their neighbours or away from them, some left out, one that comes twice and is grown."""
    random = np.random.default_rng(seed + 1)
    result = list(patches)
    for row in random.choice(len(result), faults, replace=False).tolist():
        kind = int(random.integers(0, 4))
        if kind == 0:
            result[row] = shapely.transform(result[row], lambda xy: xy + random.uniform(-4, 4, 2))
        elif kind == 1:
            result[row] = shapely.buffer(result[row], float(random.choice([0.02, 0.3, 2.0])), join_style="mitre")
        elif kind == 2:
            shrunk = shapely.buffer(result[row], -float(random.choice([0.02, 0.3, 2.0])), join_style="mitre")
            result[row] = shrunk if shrunk.geom_type == "Polygon" and not shrunk.is_empty else result[row]
        else:
            result[row] = shapely.box(
                *(random.uniform(100, 800, 2) + ORIGIN), *(random.uniform(100, 800, 2) + ORIGIN + 50)
            )
    del result[int(random.integers(0, len(result)))]
    return np.array(result, dtype=object)


def survey(shapes: NDArray[Any]) -> gpd.GeoDataFrame:
    """A survey layer of the patches, with no more attributes than it needs."""
    return gpd.GeoDataFrame(
        {"BSM": [f"T{row}" for row in range(len(shapes))], "DLBM": "0101"}, geometry=shapes, crs=EPSG
    )
