"""House plots and buildings: lattices turned with each settlement, kept where they fit inside one patch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.demo.grid import Floats, Ints
from layers.demo.patches import Patches
from layers.demo.seeds import Shapes
from layers.demo.sites import RURAL

_BUILT_ON = ("0702", "0701", "05H1", "0508", "0601", "08H1", "08H2")


@dataclass(frozen=True)
class Houses:
    """Buildings with the plot each stands on and the patch below; a plot is a homestead parcel where `rural`."""

    buildings: NDArray[np.object_]
    plots: NDArray[np.object_]
    patch: Ints
    rural: NDArray[np.bool_]


def build_houses(patches: Patches, shapes: Shapes, rng: np.random.Generator) -> Houses:
    """Put a house on every plot that fits wholly inside one built patch; plots never overlap."""
    ground = np.flatnonzero(np.isin(patches.code, _BUILT_ON) & (patches.site >= 0) & (patches.strip < 0) & (patches.block < 0))
    centre, owner, size = _candidates(shapes)
    polygon, point = shapely.STRtree(np.asarray(shapely.points(centre))).query(patches.polygons[ground], predicate="contains")
    patch = ground[polygon]
    own = patches.site[patch] == owner[point]
    patch, point = patch[own], point[own]
    centre, turn, size = centre[point], shapes.angles[owner[point]], size[point]
    plots = rectangles(centre, size - 0.9, turn)
    shapely.prepare(patches.polygons[ground])
    fits = shapely.contains_properly(patches.polygons[patch], plots)
    centre, turn, size, patch, plots = centre[fits], turn[fits], size[fits], patch[fits], plots[fits]
    footprint = np.minimum(rng.uniform(0.62, 0.84, (len(plots), 2)) * size, size - 2.2)
    shift = rng.uniform(-0.5, 0.5, (len(plots), 2)) * (size - 1.6 - footprint)
    middle = centre + np.column_stack(
        [shift[:, 0] * np.cos(turn) - shift[:, 1] * np.sin(turn), shift[:, 0] * np.sin(turn) + shift[:, 1] * np.cos(turn)]
    )
    rural = (shapes.sites.kind[patches.site[patch]] == RURAL) & (patches.code[patch] == "0702")
    return Houses(buildings=rectangles(middle, footprint, turn), plots=plots, patch=patch, rural=rural)


def rectangles(centre: Floats, size: Floats, turn: Floats) -> NDArray[np.object_]:
    """Return rectangles of `size` (n, 2) metres about their centres, turned by radians."""
    corners = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])[None] * size[:, None, :]
    cosine, sine = np.cos(turn)[:, None], np.sin(turn)[:, None]
    x = corners[..., 0] * cosine - corners[..., 1] * sine + centre[:, None, 0]
    y = corners[..., 0] * sine + corners[..., 1] * cosine + centre[:, None, 1]
    return np.asarray(shapely.polygons(np.stack([x, y], axis=2)))


def _candidates(shapes: Shapes) -> tuple[Floats, Ints, Floats]:
    """Return centres of plots about every settlement, the settlement each belongs to, and their sizes."""
    points, owners, sizes = [], [], []
    for number, (centre, turn) in enumerate(zip(shapes.sites.xy, shapes.angles, strict=True)):
        width, depth = (14.2, 15.6) if shapes.sites.kind[number] == RURAL else (19.0, 23.0)
        reach = 1.36 * shapes.radius[number] * np.sqrt(shapes.long[number])
        i, j = np.arange(-int(reach / width) - 1, int(reach / width) + 2), np.arange(-int(reach / depth) - 1, int(reach / depth) + 2)
        u, v = (a.ravel() for a in np.meshgrid(i * width, j * depth))
        near = u * u + v * v < reach * reach
        u, v = u[near], v[near]
        points.append(centre + np.column_stack([u * np.cos(turn) - v * np.sin(turn), u * np.sin(turn) + v * np.cos(turn)]))
        owners.append(np.full(len(u), number))
        sizes.append(np.tile([width, depth], (len(u), 1)))
    xy, owner, size = np.vstack(points), np.concatenate(owners), np.vstack(sizes)
    inside = shapes.depth(xy, owner) < 1.24
    return xy[inside], owner[inside], size[inside]
