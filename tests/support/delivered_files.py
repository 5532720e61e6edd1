"""Builders of deliveries as they come in: real files, right ones and ones made wrong on purpose, and data sets as a reader gives them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from frames import COUNTY, EPSG, square
from pyproj import CRS

from layers.encodings import Encoding
from layers.reading.dataset import RawDataset, RawField
from layers.recognising.scrambling import System, scrambled
from layers.recognising.surroundings import Reference, Surroundings
from spatial.crs import reproject_coordinates

OWN = "own"
"""The .prj says what the frame is in."""
RAW = "ISO-8859-1"
HERE = Surroundings(EPSG, COUNTY)

KINDS = {"Polygon": "polygon", "MultiPolygon": "polygon", "LineString": "line", "MultiLineString": "line", "Point": "point", "MultiPoint": "point"}
TYPES = {"i": "integer", "f": "number", "b": "boolean"}

ESRI_ZONE = (
    'PROJCS["{name}",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["{method}"],PARAMETER["False_Easting",{easting}],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",{meridian}],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


def zone_prj(*, name: str = "local_grid", method: str = "Gauss_Kruger", easting: float = 500000.0, meridian: float = 114.0) -> str:
    """A .prj as ArcGIS writes it, of a zone of CGCS2000 or another Gauss-Krüger projection on its datum."""
    return ESRI_ZONE.format(name=name, method=method, easting=easting, meridian=meridian)


def shapefile(
    folder: Path, name: str, frame: gpd.GeoDataFrame, *, codec: str = "gb18030", cpg: str | None = None, language: int = 0, prj: str | None = OWN
) -> Path:
    """Write a zipped shapefile: text and field names in `codec` (names cut at ten bytes), with the .cpg, language byte and .prj asked for."""
    path = folder / f"{name}.shp"
    columns = [column for column in frame.columns if column != frame.geometry.name]
    plain = frame.rename(columns={column: f"F{place}" for place, column in enumerate(columns)})
    for place, column in enumerate(columns):
        if frame[column].map(type).eq(str).any():
            values = [value.encode(codec).decode(RAW) if isinstance(value, str) else None for value in frame[column]]
            plain[f"F{place}"] = np.array(values, dtype=object)
    pyogrio.write_dataframe(plain, path, driver="ESRI Shapefile", encoding=RAW)
    table = bytearray(path.with_suffix(".dbf").read_bytes())
    table[29] = language
    for place, column in enumerate(columns):
        table[32 + 32 * place : 42 + 32 * place] = column.encode(codec)[:10].ljust(10, b"\0")
    path.with_suffix(".dbf").write_bytes(table)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    path.with_suffix(".prj").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    if prj is not None:
        path.with_suffix(".prj").write_text(frame.crs.to_wkt("WKT1_ESRI") if prj == OWN else prj)
    target = folder / f"{name}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob(f"{name}.*")):
            if part != target:
                archive.write(part, part.name)
    return target


def raw_dataset(
    frame: gpd.GeoDataFrame, name: str = "data", *, crs: Any = OWN, file_name: str | None = None, encoding: Encoding | None = None
) -> RawDataset:
    """A data set as a reader gives it, without the file: `crs` is what the file says (anything pyproj takes, or None)."""
    columns = [column for column in frame.columns if column != frame.geometry.name]
    stated = frame.crs if isinstance(crs, str) and crs == OWN else None if crs is None else CRS.from_user_input(crs)
    kinds = {KINDS.get(kind, kind) for kind in frame.geometry.geom_type.dropna()}
    return RawDataset(
        file_name=file_name or f"{name}.gpkg",
        sha256="0" * 64,
        name=name,
        driver="GPKG",
        kind=kinds.pop() if len(kinds) == 1 else "unknown",
        fields=tuple(RawField(column=column, text=column, raw=column.encode(), kind=TYPES.get(frame[column].dtype.kind, "text")) for column in columns),
        encoding=encoding or Encoding("utf-8", "content"),
        crs=stated,
        frame=frame.set_crs(None, allow_override=True),
        feature_count=len(frame),
    )


def patches(codes: Sequence[str], labels: Sequence[str] | None = None, *, plan: bool = False, **columns: Any) -> gpd.GeoDataFrame:
    """Land-use patches of the survey, or planned ones, with the fields a small extract has."""
    code, label = ("GHDLBM", "GHDLMC") if plan else ("DLBM", "DLMC")
    base: dict[str, Any] = {"BSM": [f"{row:018d}" for row in range(len(codes))], code: list(codes)}
    base |= {label: list(labels)} if labels is not None else {}
    base |= {} if plan else {"TBBH": [str(row) for row in range(len(codes))], "ZLDWDM": ["4212231002010000000"] * len(codes)}
    return gpd.GeoDataFrame(base | columns, geometry=[square(row * 200.0) for row in range(len(codes))], crs=EPSG)


def bare(**columns: Any) -> gpd.GeoDataFrame:
    """One square with an identifier that every layer has."""
    return gpd.GeoDataFrame({"BSM": ["1"], **columns}, geometry=[square()], crs=EPSG)


def moved(frame: gpd.GeoDataFrame, change: Any, *, crs: int | None = None) -> gpd.GeoDataFrame:
    """The frame with every coordinate (n × 2) changed, and another CRS said of it."""
    result = frame.copy()
    result.geometry = shapely.transform(np.asarray(frame.geometry), change)
    return result.set_crs(crs or frame.crs, allow_override=True)


def north_east(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The frame with its ordinates exchanged, the CRS left as it is."""
    return moved(frame, lambda points: points[:, ::-1])


def of_a_web_map(frame: gpd.GeoDataFrame, system: System) -> gpd.GeoDataFrame:
    """The frame as somebody takes it from a web map: degrees, scrambled, said to be CGCS2000."""
    epsg = frame.crs.to_epsg()
    return moved(frame, lambda points: scrambled(reproject_coordinates(points, source=epsg, target=4490), system), crs=4490)


def beside(references: dict[str, tuple[gpd.GeoDataFrame, str]], *, extent: Any = COUNTY) -> Surroundings:
    """The test county with layers in force: frame and field of the identifier by layer."""
    known = {
        layer: Reference(frame[field].to_numpy(dtype=object), np.asarray(frame.geometry.array, dtype=object)) for layer, (frame, field) in references.items()
    }
    return Surroundings(EPSG, extent, known)


def asked(recognition: Any) -> list[str]:
    """The codes of the questions."""
    return [question.code for question in recognition.questions]


def offered(recognition: Any, code: str) -> list[str]:
    """The values offered as answers to a question."""
    return [option.value for question in recognition.questions if question.code == code for option in question.options]
