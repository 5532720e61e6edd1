"""Files of house-building applications."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pyogrio

from layers import files
from layers.errors import UnclearLayerError, UnsupportedFileError


def read_applications_file(path: Path) -> gpd.GeoDataFrame:
    """Read a GeoPackage with one layer of applications, its columns named as the properties of an application.

    Raises UnsupportedFileError for anything that is not a readable GeoPackage, UnclearLayerError where it has several layers.
    """
    if path.suffix.lower() != ".gpkg":
        raise UnsupportedFileError(f"“{path.name}”应为 .gpkg 或 .geojson 文件。")
    try:
        address = files.address(path)
        names = [name for name, kind in pyogrio.list_layers(address) if kind is not None]
        if len(names) != 1:
            raise UnclearLayerError(f"{path.name} 中应只有一个图层，实有 {len(names)} 个：{'、'.join(names)}。")
        frame = pyogrio.read_dataframe(address, layer=names[0])
    except pyogrio.errors.DataSourceError as error:
        raise UnsupportedFileError(f"{path.name} 无法读取，文件可能已损坏。") from error
    return gpd.GeoDataFrame(frame)
