"""Which layers have nothing near a subject, told by one look into a grid instead of a search in each layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.layer import LayerSet

SMALLEST_CELL_M = 100.0
MOST_CELLS = 400_000
WORD = 64


@dataclass(frozen=True, eq=False)
class Vicinity:
    """A grid over some layers, each with the metres it matters for: what may lie within them of any place of a cell.

    `marks` is words × (rows × columns + 1) of 64 bits: bit k of a cell is set where the box of a piece of layer k, grown by its
    metres, meets the cell. The last cell is the world outside, where nothing is.
    """

    metres: Mapping[str, float]
    west: float
    south: float
    cell_m: float
    rows: int
    columns: int
    marks: NDArray[np.uint64]

    def near(self, boxes: NDArray[np.floating[Any]]) -> frozenset[str]:
        """Return the layers that may have something within their metres of any of some boxes (n × 4, metres; NaN: no box).

        A layer that is not named has nothing there; one that is named may still have nothing.
        """
        boxes = boxes[np.isfinite(boxes).all(axis=1)]
        cells = np.floor((boxes - (self.west, self.south) * 2) / self.cell_m)
        cells = np.clip(cells, -1, (self.columns, self.rows) * 2).astype(np.int64)
        small = (cells[:, 2:] - cells[:, :2]).max(axis=1, initial=0) <= 1
        found = self._at(cells[small][:, (0, 2, 0, 2)].ravel(), cells[small][:, (1, 1, 3, 3)].ravel())
        for west, south, east, north in cells[~small].tolist():
            column, row = np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1))
            found |= self._at(column.ravel(), row.ravel())
        return frozenset(name for place, name in enumerate(self.metres) if found >> place & 1)

    def _at(self, column: NDArray[np.int64], row: NDArray[np.int64]) -> int:
        """The bits of some cells together."""
        inside = (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        words = np.bitwise_or.reduce(self.marks[:, np.where(inside, row * self.columns + column, -1)], axis=1)
        return sum(word << WORD * place for place, word in enumerate(words.tolist()))


def vicinity(layers: LayerSet, metres: Mapping[str, float]) -> Vicinity:
    """Lay a grid over some of the layers; `metres` says for each how far it matters."""
    boxes = {name: shapely.bounds(layers[name].pieces) + np.array([-1.0, -1.0, 1.0, 1.0]) * far for name, far in metres.items()}
    stacked = np.concatenate([np.empty((0, 4)), *boxes.values()])
    stacked = stacked[np.isfinite(stacked).all(axis=1)]
    west, south, east, north = (*stacked[:, :2].min(axis=0), *stacked[:, 2:].max(axis=0)) if len(stacked) else (0.0, 0.0, 0.0, 0.0)
    cells = min(max(len(stacked), 1_024), MOST_CELLS)
    cell = max(SMALLEST_CELL_M, math.sqrt((east - west) * (north - south) / cells))
    rows, columns = int((north - south) // cell) + 1, int((east - west) // cell) + 1
    marks = np.zeros((max(-(-len(boxes) // WORD), 1), rows * columns + 1), dtype=np.uint64)
    for place, found in enumerate(boxes.values()):
        met = _met(np.floor((found[np.isfinite(found).all(axis=1)] - (west, south) * 2) / cell).astype(np.int64), rows, columns)
        marks[place // WORD, :-1] |= np.where(met.ravel(), np.uint64(1) << np.uint64(place % WORD), np.uint64(0))
    return Vicinity(dict(metres), float(west), float(south), cell, rows, columns, marks)


def _met(cells: NDArray[np.int64], rows: int, columns: int) -> NDArray[np.bool_]:
    """Which cells some rectangles of cells (n × west, south, east, north, all included) cover: their corners, summed up twice."""
    corners = np.zeros((rows + 1, columns + 1), dtype=np.int64)
    west, south, east, north = cells.T
    for row, column, sign in ((south, west, 1), (south, east + 1, -1), (north + 1, west, -1), (north + 1, east + 1, 1)):
        np.add.at(corners, (row, column), sign)
    covered: NDArray[np.bool_] = corners.cumsum(axis=0).cumsum(axis=1)[:-1, :-1] > 0
    return covered
