"""Points spread at random but never too close: springs, settlements, sites."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def spread_points(
    xy: Floats, chance: Floats, *, count: int, apart: float, rng: np.random.Generator, taken: Floats | None = None
) -> NDArray[np.int64]:
    """Return at most `count` indices into `xy`, likelier where `chance` is high, no two nearer than `apart` metres.

    Nothing with chance 0 is chosen; `taken` are points already standing.
    """
    with np.errstate(divide="ignore"):
        keys = np.where(chance > 0, np.log(rng.uniform(1e-12, 1, len(xy))) / np.maximum(chance, 1e-12), -np.inf)
    order = np.argsort(-keys, kind="stable")
    cells: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for x, y in [] if taken is None else taken:
        cells.setdefault((int(x // apart), int(y // apart)), []).append((x, y))
    chosen: list[int] = []
    for index in order:
        if len(chosen) == count or keys[index] == -np.inf:
            break
        x, y = float(xy[index, 0]), float(xy[index, 1])
        if _is_free(cells, x, y, apart):
            cells.setdefault((int(x // apart), int(y // apart)), []).append((x, y))
            chosen.append(int(index))
    return np.array(chosen, dtype=np.int64)


def _is_free(cells: dict[tuple[int, int], list[tuple[float, float]]], x: float, y: float, apart: float) -> bool:
    column, row = int(x // apart), int(y // apart)
    for i in (column - 1, column, column + 1):
        for j in (row - 1, row, row + 1):
            for px, py in cells.get((i, j), ()):
                if (px - x) ** 2 + (py - y) ** 2 < apart * apart:
                    return False
    return True
