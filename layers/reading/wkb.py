"""Geometries that a file holds as it is, tried here before the service believes them. Runs in the child process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from layers.errors import UnsupportedFileError

_SHOWN = 20


def parsed(parse: Callable[..., Any], values: NDArray[np.object_]) -> NDArray[np.object_]:
    """Parse WKB or WKT with shapely's function for it; what is none, or has arcs, becomes None. What crashes the parser crashes it here."""
    with np.errstate(invalid="ignore"):
        try:
            return np.asarray(parse(values, on_invalid="ignore"), dtype=object)
        except NotImplementedError:
            # One arc, wherever it is, makes shapely give the whole column up.
            return np.array([_one(parse, value) for value in values], dtype=object)


def _one(parse: Callable[..., Any], value: Any) -> Any:
    try:
        return parse(value, on_invalid="ignore")
    except NotImplementedError:
        return None


def require_readable(geometries: pa.Array, *, name: str, first: int) -> None:
    """Raise UnsupportedFileError naming the rows (from `first`) whose WKB is no geometry of straight lines."""
    content = geometries.to_numpy(zero_copy_only=False)
    shapes = parsed(shapely.from_wkb, content)
    broken = np.flatnonzero((shapes == np.array(None)) & (content != np.array(None))) + first
    if len(broken):
        rows = "、".join(str(row) for row in broken[:_SHOWN])
        raise UnsupportedFileError(f"{name}：第 {rows} 行{'等' if len(broken) > _SHOWN else ''}的图形无法读取。")
