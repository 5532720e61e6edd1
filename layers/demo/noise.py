"""Smooth random fields: the raggedness of everything invented."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_SIZE = 128


class Noise:
    """Fractal value noise over the plane, about zero mean and unit spread.

    `wavelength_m` is the largest wavelength; each further octave halves it and weighs `gain` of the one before.
    """

    def __init__(self, rng: np.random.Generator, *, wavelength_m: float, octaves: int = 3, gain: float = 0.5) -> None:
        self._tables = rng.standard_normal((octaves, _SIZE, _SIZE))
        self._offsets = rng.uniform(0, _SIZE, (octaves, 2))
        self._frequency = 1.0 / wavelength_m
        self._weights = gain ** np.arange(octaves)
        self._scale = 1.55 / float(np.sqrt((self._weights**2).sum()))

    def __call__(self, xy: Floats) -> Floats:
        """Return the field at points `xy` of shape (n, 2), in metres."""
        total = np.zeros(len(xy))
        for octave, weight in enumerate(self._weights):
            total += weight * self._octave(octave, xy * (self._frequency * 2**octave) + self._offsets[octave])
        return total * self._scale

    def _octave(self, octave: int, uv: Floats) -> Floats:
        table = self._tables[octave]
        cell = np.floor(uv).astype(np.int64)
        fraction = uv - cell
        smooth = fraction * fraction * (3 - 2 * fraction)
        column, row = (cell % _SIZE).T
        right, above = (column + 1) % _SIZE, (row + 1) % _SIZE
        low = table[row, column] * (1 - smooth[:, 0]) + table[row, right] * smooth[:, 0]
        high = table[above, column] * (1 - smooth[:, 0]) + table[above, right] * smooth[:, 0]
        return np.asarray(low * (1 - smooth[:, 1]) + high * smooth[:, 1])
