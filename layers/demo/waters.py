"""Rivers and reservoirs drawn from the terrain's streams."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layers.demo.curves import smooth_path, stations
from layers.demo.grid import Floats
from layers.demo.noise import Noise
from layers.demo.terrain import Terrain

_WIDTHS = ((70, 120.0), (28, 70.0), (11, 40.0), (4, 20.0), (2, 10.0), (0, 6.0))
"""Water width in metres from that many springs upstream on."""


@dataclass(frozen=True)
class Rivers:
    """Centre lines of river reaches with the width of their water, metres, and the stream each belongs to."""

    lines: tuple[shapely.LineString, ...]
    widths_m: Floats
    stream: NDArray[np.int64]


@dataclass(frozen=True)
class Reservoirs:
    """Drowned valleys: points along each one's axis with the half width of the water there."""

    xy: Floats
    half_m: Floats
    number: NDArray[np.int64]
    shore: Noise

    def locate(self, xy: Floats, *, spare_m: float = 0.0) -> NDArray[np.int64]:
        """Return the number of the reservoir each point lies in (or within `spare_m` metres of), or -1."""
        if not len(self.xy):
            return np.full(len(xy), -1)
        away, nearest = cKDTree(self.xy).query(xy, distance_upper_bound=2000.0)
        found = nearest < len(self.xy)
        nearest = np.where(found, nearest, 0)
        inside = found & (away - spare_m < self.half_m[nearest] * (1 + 0.3 * self.shore(xy)))
        return np.where(inside, self.number[nearest], -1)


def draw_rivers(terrain: Terrain, rng: np.random.Generator) -> Rivers:
    """Draw each stream as smooth reaches of constant width."""
    shaken = terrain.grid.xy + rng.normal(0, terrain.grid.step * 0.3, terrain.grid.xy.shape)
    lines, widths, numbers = [], [], []
    limits = np.array([limit for limit, _ in _WIDTHS])
    for number, stream in enumerate(terrain.streams):
        grade = np.argmax(stream.flow[:, None] >= limits[None], axis=1)
        cuts = [0, *(np.flatnonzero(np.diff(grade)) + 1), len(grade) - 1]
        for start, end in pairwise(cuts):
            if end > start:
                lines.append(shapely.LineString(smooth_path(shaken[stream.nodes[start : end + 1]], rounds=3)))
                widths.append(_WIDTHS[int(grade[start])][1])
                numbers.append(number)
    return Rivers(lines=tuple(lines), widths_m=np.array(widths), stream=np.array(numbers))


def dam_valleys(terrain: Terrain, seats: Floats, *, area_m2: float, rng: np.random.Generator) -> Reservoirs:
    """Dam side valleys away from the seats until about `area_m2` of water stands in them: one large, the others small."""
    options = [s for s in terrain.streams if len(s.nodes) > 14 and s.flow.max() <= 14]
    options = [s for s in options if np.hypot(*(terrain.grid.xy[s.nodes][:, None] - seats[None]).transpose(2, 0, 1)).min() > 1800]
    points, halves, numbers = [], [], []
    left = area_m2
    for number in range(40):
        if left < 0.004 * area_m2 or not options:
            break
        stream = options.pop(int(rng.integers(len(options))))
        want = min(left, area_m2 * (0.42 if number == 0 else rng.uniform(0.03, 0.09)))
        axis = terrain.grid.xy[stream.nodes[::-1]][4:]
        length = min(len(axis) * terrain.grid.step, np.sqrt(want * 9))
        axis = axis[: max(int(length / terrain.grid.step), 3)]
        here, _, _ = stations(np.array([shapely.LineString(smooth_path(axis, rounds=4))]), 30.0)
        along = np.linspace(0, 1, len(here))
        half = want / (2 * 30.0 * len(here)) * 1.55 * (1 - along) ** 0.6 + 8
        points.append(here)
        halves.append(half)
        numbers.append(np.full(len(here), number))
        left -= want
    shore = Noise(rng, wavelength_m=700, octaves=3)
    if not points:
        return Reservoirs(xy=np.empty((0, 2)), half_m=np.empty(0), number=np.empty(0, dtype=np.int64), shore=shore)
    return Reservoirs(xy=np.vstack(points), half_m=np.concatenate(halves), number=np.concatenate(numbers), shore=shore)
