"""Files of house-building applications."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd

from layers.errors import UnclearLayerError, UnsupportedFileError
from layers.reading import reader


def read_applications_file(path: Path) -> gpd.GeoDataFrame:
    """Read a GeoPackage with one layer of applications, its columns named as the properties of an application.

    Raises UnsupportedFileError for anything that is not a readable GeoPackage, UnclearLayerError where it has several layers.
    """
    if path.suffix.lower() != ".gpkg":
        raise UnsupportedFileError(f"“{path.name}”应为 .gpkg 或 .geojson 文件。")
    names = [item.name for item in reader.contents(path) if item.kind != "table"]
    if len(names) != 1:
        raise UnclearLayerError(f"{path.name} 中应只有一个图层，实有 {len(names)} 个：{'、'.join(names)}。")
    raw = reader.read(path, names[0])
    frame = raw.frame.rename(columns={field.column: field.text for field in raw.fields})
    return frame if raw.crs is None else frame.set_crs(raw.crs)
