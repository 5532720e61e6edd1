"""A coarse square grid over the county, for terrain and for finding ways across it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Nodes `step` metres apart from (x0, y0); node k = row × columns + column."""

    x0: float
    y0: float
    step: float
    columns: int
    rows: int

    @classmethod
    def over(cls, bounds: Floats, *, step: float, margin: float) -> Grid:
        """Return the grid that covers bounds (minx, miny, maxx, maxy) with a margin in metres."""
        x0, y0 = bounds[0] - margin, bounds[1] - margin
        columns = int(np.ceil((bounds[2] + margin - x0) / step)) + 1
        rows = int(np.ceil((bounds[3] + margin - y0) / step)) + 1
        return cls(x0=float(x0), y0=float(y0), step=step, columns=columns, rows=rows)

    @cached_property
    def xy(self) -> Floats:
        """All nodes, shape (rows × columns, 2)."""
        x, y = np.meshgrid(self.x0 + self.step * np.arange(self.columns), self.y0 + self.step * np.arange(self.rows))
        return np.column_stack([x.ravel(), y.ravel()])

    def node(self, xy: Floats) -> Ints:
        """Return the nearest node of each point."""
        column = np.clip(np.rint((xy[:, 0] - self.x0) / self.step), 0, self.columns - 1).astype(np.int64)
        row = np.clip(np.rint((xy[:, 1] - self.y0) / self.step), 0, self.rows - 1).astype(np.int64)
        return row * self.columns + column

    def image(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return node values as a (rows, columns) array."""
        return values.reshape(self.rows, self.columns)

    def sample(self, values: Floats, xy: Floats) -> Floats:
        """Return node values interpolated bilinearly at points."""
        place = [(xy[:, 1] - self.y0) / self.step, (xy[:, 0] - self.x0) / self.step]
        return np.asarray(ndimage.map_coordinates(self.image(values), place, order=1, mode="nearest"))

    def ways(self, cost: Floats) -> Any:
        """Return the eight-neighbour graph; an edge weighs its length times the mean cost of its ends."""
        index = np.arange(self.rows * self.columns).reshape(self.rows, self.columns)
        pairs = [(index[:, :-1], index[:, 1:], 1.0), (index[:-1], index[1:], 1.0)]
        diagonal = float(np.sqrt(2))
        pairs += [(index[:-1, :-1], index[1:, 1:], diagonal), (index[1:, :-1], index[:-1, 1:], diagonal)]
        start = np.concatenate([a.ravel() for a, _, _ in pairs])
        end = np.concatenate([b.ravel() for _, b, _ in pairs])
        length = np.concatenate([np.full(a.size, d * self.step) for a, _, d in pairs])
        weight = length * (cost[start] + cost[end]) / 2
        both = (np.concatenate([weight, weight]), (np.concatenate([start, end]), np.concatenate([end, start])))
        return sparse.csr_matrix(both, shape=(index.size, index.size))
