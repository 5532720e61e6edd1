"""A stored version written out as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import psycopg

from layers import snapshot
from layers.catalog import catalog
from layers.errors import UnsupportedFileError
from spatial.layer import DatasetVersion, Layer

DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON"}


def export(conn: psycopg.Connection[Any], dataset: DatasetVersion, path: Path, *, epsg: int) -> int:
    """Write one version to `path`, replacing a file of that name, and return the number of features.

    A GeoPackage is in the county's CRS, GeoJSON in CRS84; columns are the catalogue's. Raises UnsupportedFileError for
    another ending. The file's description names the version, and says so where it is 示例数据.
    """
    driver = DRIVERS.get(path.suffix.lower())
    if driver is None:
        raise UnsupportedFileError(f"“{path.name}”应以 {' 或 '.join(DRIVERS)} 结尾。")
    layer = snapshot.load(conn, {dataset.layer: dataset}, epsg=epsg)[dataset.layer]
    frame = frame_of(layer)
    path.unlink(missing_ok=True)
    out = frame if driver == "GPKG" else frame.to_crs("OGC:CRS84")
    out.to_file(path, layer=dataset.layer, driver=driver, engine="pyogrio", DESCRIPTION=description(dataset))
    return len(frame)


def description(dataset: DatasetVersion) -> str:
    """Say in one line which data a file holds."""
    named = f"{dataset.title}，版本 {dataset.version}，{dataset.valid_from} 起有效，来源：{dataset.authority}"
    return f"示例数据，仅供演示。{named}" if dataset.synthetic else named


def frame_of(layer: Layer) -> gpd.GeoDataFrame:
    """Return a layer's features as a frame with the catalogue's columns, those without any value left out."""
    fields = catalog()[layer.dataset.layer].fields
    columns = {name: _column(layer.attributes[name], fields[name].type) for name in fields if name in layer.attributes}
    frame = gpd.GeoDataFrame(columns, geometry=layer.features, crs=f"EPSG:{layer.epsg}")
    empty = [name for name in columns if frame[name].isna().all() and not fields[name].required]
    return frame.drop(columns=empty)


def _column(values: Any, kind: str) -> Any:
    if kind != "integer":
        return values
    whole = np.where(np.isnan(values), 0, values).astype(np.int64).astype(object)
    whole[np.isnan(values)] = None
    return whole
