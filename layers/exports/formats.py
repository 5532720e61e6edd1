"""The formats a version can be written in, by the ending of the file or by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from layers.errors import UnsupportedFileError
from layers.exports import gdal, geojson, land_txt, parquet, shapefile, sheets
from layers.exports.content import Content
from layers.exports.order import Order
from spatial.crs import CRS84

Writer = Callable[[Content, Path, Order], tuple[str, ...]]
"""Writes a file to a place (beside which it may put more) and returns what the format could not carry."""


@dataclass(frozen=True, kw_only=True)
class Format:
    """One format: its title, endings (the first is proposed), media type, writer, and the CRS it has where none is asked for."""

    id: str
    title: str
    endings: tuple[str, ...]
    media_type: str
    write: Writer
    default_epsg: Callable[[int], int] = lambda stored: stored
    only_epsg: int | None = None
    has_encoding: bool = False


_ALL: Final = (
    Format(id="gpkg", title="GeoPackage", endings=(".gpkg",), media_type="application/geopackage+sqlite3", write=gdal.write_gpkg),
    Format(id="gdb", title="FileGDB（压缩）", endings=(".gdb.zip",), media_type="application/zip", write=gdal.write_gdb),
    Format(id="shp", title="Shapefile（压缩）", endings=(".shp.zip", ".zip"), media_type="application/zip", write=shapefile.write_shapefile, has_encoding=True),
    Format(id="geojson", title="GeoJSON", endings=(".geojson", ".json"), media_type="application/geo+json", write=geojson.write_geojson,
           default_epsg=lambda stored: CRS84, only_epsg=CRS84),
    Format(id="parquet", title="GeoParquet", endings=(".parquet", ".geoparquet"), media_type="application/vnd.apache.parquet", write=parquet.write_parquet),
    Format(id="xlsx", title="XLSX 表格", endings=(".xlsx",), media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write=sheets.write_xlsx),
    Format(id="csv", title="CSV 表格", endings=(".csv",), media_type="text/csv; charset=utf-8", write=sheets.write_csv),
    Format(id="txt", title="国土坐标 TXT", endings=(".txt",), media_type="text/plain", write=land_txt.write_txt,
           default_epsg=land_txt.default_epsg, has_encoding=True),
)  # fmt: skip
FORMATS: Final[Mapping[str, Format]] = MappingProxyType({item.id: item for item in _ALL})


def format_of(name: str) -> Format:
    """Return a format by its name; raise UnsupportedFileError for any other."""
    found = FORMATS.get(name.lower())
    if found is None:
        raise UnsupportedFileError(f"不能导出为 {name[:20]!r}：可用 {'、'.join(FORMATS)}。")
    return found


def format_for(path: Path) -> Format:
    """Return the format of a file by its ending, the longest that fits; raise UnsupportedFileError where none does."""
    endings = {ending: item for item in _ALL for ending in item.endings}
    fitting = [ending for ending in endings if path.name.lower().endswith(ending)]
    if not fitting:
        raise UnsupportedFileError(f"“{path.name}”应以 {'、'.join(item.endings[0] for item in _ALL)} 结尾。")
    return endings[max(fitting, key=len)]
