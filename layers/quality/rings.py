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
    def step2(self) -> Floats:
        """The squared length of every edge, m²."""
        step = self.xy[self.inner + 1] - self.xy[self.inner]
        squared: Floats = np.einsum("ij,ij->i", step, step)
        return squared

    @lazy
    def signed_area(self) -> Floats:
        """Area of each ring (r,), m²: positive where it runs counter-clockwise."""
        # Measured from each ring's own first corner: far from the origin the products would lose the small rings.
        local = self.xy - self.xy[self.starts][self.ring]
        cross = np.zeros(len(local))
        cross[self.inner] = (
            local[self.inner, 0] * local[self.inner + 1, 1] - local[self.inner + 1, 0] * local[self.inner, 1]
        )
        area: Floats = np.add.reduceat(cross, self.starts) / 2 if len(self.owner) else np.zeros(0)
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
