"""WKB that a file holds as it is, tried here before the service believes it. Runs in the child process."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely

from layers.errors import UnsupportedFileError

_SHOWN = 20


def require_readable(geometries: pa.Array, *, name: str, first: int) -> None:
    """Raise UnsupportedFileError naming the rows (from `first`) that are no geometry. What crashes the parser crashes it here."""
    content = geometries.to_numpy(zero_copy_only=False)
    with np.errstate(invalid="ignore"):
        shapes = shapely.from_wkb(content, on_invalid="ignore")
    broken = np.flatnonzero((shapes == np.array(None)) & (content != np.array(None))) + first
    if len(broken):
        rows = "、".join(str(row) for row in broken[:_SHOWN])
        raise UnsupportedFileError(f"{name}：第 {rows} 行{'等' if len(broken) > _SHOWN else ''}的图形无法读取。")
