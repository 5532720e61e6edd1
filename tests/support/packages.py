"""Builders of files as they are delivered: zipped shapefiles in any encoding, GeoPackage, GeoJSON."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import fiona
import geopandas as gpd
from shapely.geometry import mapping


def shapefile_zip(
    folder: Path, name: str, frame: gpd.GeoDataFrame, *, codec: str = "gb18030", cpg: str | None = None, language: int | None = None, prj: bool = True
) -> Path:
    """Write a zipped shapefile whose table holds the text in `codec`, with the .cpg and language byte asked for (default: none)."""
    shapefile = folder / f"{name}.shp"
    columns = [column for column in frame.columns if column != frame.geometry.name]
    schema: dict[str, Any] = {
        "geometry": frame.geometry.geom_type.iloc[0],
        "properties": {f"F{place}": "float" if frame[column].dtype.kind == "f" else "str:60" for place, column in enumerate(columns)},
    }
    with fiona.open(shapefile, "w", driver="ESRI Shapefile", schema=schema, crs=frame.crs.to_wkt(), encoding="ISO-8859-1") as sink:
        for _, row in frame.iterrows():
            values = [_raw(row[column], codec) if isinstance(row[column], str) else row[column] for column in columns]
            properties = {f"F{place}": value for place, value in enumerate(values)}
            sink.write({"geometry": mapping(row[frame.geometry.name]), "properties": properties})
    shapefile.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        shapefile.with_suffix(".cpg").write_text(cpg)
    if not prj:
        shapefile.with_suffix(".prj").unlink()
    table = bytearray(shapefile.with_suffix(".dbf").read_bytes())
    table[29] = language or 0
    for place, column in enumerate(columns):
        table[32 + 32 * place : 42 + 32 * place] = column.encode(codec)[:10].ljust(10, b"\0")
    shapefile.with_suffix(".dbf").write_bytes(table)
    target = folder / f"{name}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in folder.glob(f"{name}.*"):
            if path != target:
                archive.write(path, path.name)
    return target


def _raw(text: str, codec: str) -> str:
    return text.encode(codec).decode("ISO-8859-1")


def geopackage(folder: Path, **layers: gpd.GeoDataFrame) -> Path:
    """Write a GeoPackage with the layers given by name."""
    target = folder / "data.gpkg"
    for name, frame in layers.items():
        frame.to_file(target, layer=name, driver="GPKG", engine="pyogrio")
    return target


def geojson(folder: Path, name: str, frame: gpd.GeoDataFrame) -> Path:
    """Write a GeoJSON file in CRS84."""
    target = folder / f"{name}.geojson"
    frame.to_crs(4326).to_file(target, driver="GeoJSON", engine="pyogrio")
    return target
