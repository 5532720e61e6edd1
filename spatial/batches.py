"""Large arrays of subjects worked on in compact chunks: neighbours together, so that a chunk meets few pieces, each many times."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.pieces import Geometries

_BITS = 16


def spatial_order(subjects: Geometries) -> NDArray[np.int64]:
    """Return the rows of the subjects along a Z-curve (Morton 1966) through the middles of their boxes; empty ones come last."""
    bounds = shapely.bounds(subjects)
    middle = (bounds[:, :2] + bounds[:, 2:]) / 2
    placed = np.isfinite(middle).all(axis=1)
    cells = np.full(len(subjects), np.iinfo(np.int64).max, dtype=np.int64)
    if placed.any():
        low, high = middle[placed].min(axis=0), middle[placed].max(axis=0)
        steps = ((middle[placed] - low) / np.maximum(high - low, 1e-9) * (2**_BITS - 1)).astype(np.int64)
        cells[placed] = _spread(steps[:, 0]) | (_spread(steps[:, 1]) << 1)
    return np.argsort(cells, kind="stable")


def _spread(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Put a zero bit before each of the 16 bits."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = (values | (values << shift)) & mask
    return values
