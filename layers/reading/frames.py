"""Arrow files of the reading process as frames, memory-mapped as far as their types allow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from layers.errors import UnsupportedFileError
from layers.reading.source import GEOMETRY, RINGS

_DTYPES = {"text": "str", "date": "str", "integer": "int64", "number": "float64", "boolean": "bool"}
_MISSING = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
"""Integers and booleans with gaps stay what they are instead of becoming decimal numbers or objects."""


def frame_of(path: Path, kinds: dict[str, str], *, name: str) -> gpd.GeoDataFrame:
    """Read an Arrow file; `kinds` gives the kind of every column. Raises UnsupportedFileError naming the rows with broken geometries."""
    if not path.is_file():
        columns = {column: pd.Series([], dtype=_DTYPES[kind]) for column, kind in kinds.items()}
        return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([]))
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_file(source).read_all()
    table.validate()
    columns = {column: _column(table.column(column)) for column in kinds}
    return gpd.GeoDataFrame(columns, geometry=_geometries(table, name), index=pd.RangeIndex(table.num_rows))


def _column(column: pa.ChunkedArray) -> pd.Series[Any]:
    mapper = _MISSING.get if column.null_count else None
    series: pd.Series[Any] = column.to_pandas(types_mapper=mapper)
    return series


def _geometries(table: pa.Table, name: str) -> Any:
    if GEOMETRY not in table.column_names:
        return np.full(table.num_rows, None, dtype=object)
    content = table.column(GEOMETRY).to_numpy()
    with np.errstate(invalid="ignore"):
        shapes = shapely.from_wkb(content, on_invalid="ignore")
        if RINGS in table.column_names:
            rings = table.column(RINGS).to_numpy()
            written = np.flatnonzero(rings != np.array(None))
            shapes[written] = shapely.from_wkt(rings[written])
    broken = np.flatnonzero((shapes == np.array(None)) & (content != np.array(None)))
    if len(broken):
        rows = "、".join(str(row + 1) for row in broken[:20])
        raise UnsupportedFileError(f"{name}：第 {rows} 行{'等' if len(broken) > 20 else ''}共 {len(broken)} 行的图形无法读取。")
    return shapes
