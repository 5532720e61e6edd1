"""GeoJSON coordinates as differences of whole numbers: a third of the bytes, so that borders can be inlined finer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

DECIMALS = 5
"""Degrees are kept to this many decimals, about one metre."""


def pack(geometry: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line or polygon with `deltas` in place of `coordinates`; a point stays as it is.

    Each list of positions becomes one flat list: longitude and latitude of the first in units of 1e-5 degree, then the step
    to each further position. `cuntu.shapes` in the browser turns it back.
    """
    if geometry["type"] == "Point":
        return dict(geometry)
    return {"type": geometry["type"], "deltas": _pack(geometry["coordinates"])}


def _pack(coordinates: Any) -> list[Any]:
    if isinstance(coordinates[0][0], list | tuple):
        return [_pack(part) for part in coordinates]
    whole = np.rint(np.array(coordinates)[:, :2] * 10**DECIMALS).astype(np.int64)
    steps: list[int] = np.diff(whole, axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()
    return steps
