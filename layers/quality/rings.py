"""The rings of many polygons as arrays, so that a question about every vertex is one pass over numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.lazy import lazy
from spatial.pieces import Geometries

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rings:
    """r closed rings with c coordinates in all.

    `xy` (c, 2) in metres; `ring` (c,) the ring of each coordinate, rising; `owner` (r,) the row of the polygon a ring is of;
    `shell` (r,) the ring that bounds the ring's part from outside: itself where it is no hole.
    """

    xy: Floats
    ring: Ints
    owner: Ints
    shell: Ints

    @lazy
    def starts(self) -> Ints:
        """The first coordinate of each ring (r,)."""
        return np.searchsorted(self.ring, np.arange(len(self.owner))).astype(np.int64)

    @lazy
    def inner(self) -> Ints:
        """Coordinates that are followed by another one of their ring: the begin of every edge."""
        return np.flatnonzero(self.ring[1:] == self.ring[:-1])

    @lazy
    def step(self) -> tuple[Floats, Floats]:
        """How far every edge goes east and north (e,), m."""
        return tuple(np.diff(self.xy[:, axis])[self.inner] for axis in (0, 1))  # type: ignore[return-value]

    @lazy
    def step2(self) -> Floats:
        """The squared length of every edge, m²."""
        east, north = self.step
        squared: Floats = east * east + north * north
        return squared

    @lazy
    def signed_area(self) -> Floats:
        """Area of each ring (r,), m²: positive where it runs counter-clockwise."""
        if not len(self.owner):
            return np.zeros(0)
        # Measured from each ring's own first corner: far from the origin the products would lose the small rings.
        sizes = np.diff(np.append(self.starts, len(self.xy)))
        x, y = (self.xy[:, axis] - np.repeat(self.xy[self.starts, axis], sizes) for axis in (0, 1))
        cross = np.zeros(len(x))
        # Between two rings stands the product with the next one's first corner, which is zero.
        cross[:-1] = x[:-1] * y[1:] - x[1:] * y[:-1]
        area: Floats = np.add.reduceat(cross, self.starts) / 2
        return area

    @property
    def is_hole(self) -> Bools:
        """Which rings are holes (r,)."""
        result: Bools = self.shell != np.arange(len(self.owner))
        return result


def rings(polygons: Geometries, rows: Ints) -> Rings:
    """Take polygons (single or multi, none missing or empty) apart; `rows` are the numbers they go by."""
    plain = (shapely.get_type_id(polygons) == shapely.GeometryType.POLYGON) & (
        shapely.get_num_interior_rings(polygons) == 0
    )
    xy, ring = shapely.get_coordinates(polygons[plain], return_index=True)
    first = np.count_nonzero(plain)
    owner, shell = rows[plain], np.arange(first)
    if not plain.all():
        parts, part_of = shapely.get_parts(polygons[~plain], return_index=True)
        found, ring_of = shapely.get_rings(parts, return_index=True)
        more, index = shapely.get_coordinates(found, return_index=True)
        # The first ring of a part is its shell.
        shell_of = first + np.searchsorted(ring_of, np.arange(len(parts)))
        xy, ring = np.concatenate([xy, more]), np.concatenate([ring, index + first])
        owner, shell = (
            np.concatenate([owner, rows[~plain][part_of][ring_of]]),
            np.concatenate([shell, shell_of[ring_of]]),
        )
    return Rings(xy=xy, ring=ring.astype(np.int64), owner=owner.astype(np.int64), shell=shell.astype(np.int64))
