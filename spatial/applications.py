"""House-building applications as they come in: GeoJSON features checked completely, then turned into arrays."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.validation import explain_validity

from spatial.application_form import MAX_AREA_M2, PROPERTIES, Property, read_value
from spatial.canonical import geometries_sha256
from spatial.crs import CRS84, reproject
from spatial.errors import CrsError, InputError
from spatial.lazy import lazy
from spatial.pieces import Geometries

MAX_VERTICES = 5_000
MAX_PROBLEMS = 10_000
"""With more problems than this the rest of a file is not read."""
FARTHEST_M = 60_000_000.0
"""No coordinate of a 3-degree zone is larger, with the zone's number before the easting."""
INPUT_EPSG = (CRS84, 4490, *range(4513, 4555))
"""Coordinates an application may come in: CRS84 (longitude, latitude) or a CGCS2000 3-degree zone (east, north)."""


@dataclass(frozen=True)
class Applications:
    """n applications: case numbers, sites in the storage CRS, and one object array for each property (None: not stated)."""

    case_no: tuple[str | None, ...]
    sites: Geometries
    properties: Mapping[str, Any]
    epsg: int

    def __len__(self) -> int:
        return len(self.sites)

    @lazy
    def listed(self) -> dict[str, list[Any]]:
        """The properties as lists, which one application is picked from faster than from arrays."""
        return {name: column.tolist() for name, column in self.properties.items()}

    @lazy
    def sha256s(self) -> list[str]:
        """The hash of each site."""
        return geometries_sha256(self.sites)

    def part(self, start: int, stop: int) -> Applications:
        """Return some of the applications."""
        columns = {name: column[start:stop] for name, column in self.properties.items()}
        return Applications(self.case_no[start:stop], self.sites[start:stop], columns, self.epsg)

    def take(self, rows: NDArray[np.int64]) -> Applications:
        """Return the applications of some rows, in their order."""
        columns = {name: column[rows] for name, column in self.properties.items()}
        return Applications(tuple(self.case_no[row] for row in rows.tolist()), self.sites[rows], columns, self.epsg)


def join_applications(parts: Sequence[Applications]) -> Applications:
    """Put applications in the same storage CRS together, in order."""
    if len(parts) == 1:
        return parts[0]
    if all(len(part) == 1 for part in parts):
        columns = _columns(list(parts[0].properties), [[column[0] for column in part.properties.values()] for part in parts])
    else:
        columns = {name: np.concatenate([part.properties[name] for part in parts]) for name in parts[0].properties}
    case_no = tuple(case for part in parts for case in part.case_no)
    return Applications(case_no, np.concatenate([part.sites for part in parts]), columns, parts[0].epsg)


def read_applications(
    features: Sequence[Any], *, epsg_in: int | None, epsg: int, county: Any = None
) -> Applications:
    """Check GeoJSON features and return them as applications in the storage CRS.

    `epsg_in` None means CRS84; `county` is the county's polygon in the storage CRS. Raises InputError that names every
    problem with its place as a JSON pointer (below /features/i when there are several), CrsError for unusable coordinates.
    """
    source = CRS84 if epsg_in is None else epsg_in
    if source not in INPUT_EPSG:
        raise CrsError(f"不支持坐标系 EPSG:{source}：请用 CRS84 经纬度或 2000 国家大地坐标系 3 度带。")
    problems: list[str] = []
    shapes, rows = [], []
    for index, feature in enumerate(features):
        where = "" if len(features) == 1 else f"/features/{index}"
        shapes.append(_feature_shape(feature, where, source, epsg, county, problems))
        rows.append(_properties(feature, where, problems))
        if len(problems) > MAX_PROBLEMS:
            problems.append(f"{where or '/'}: 问题太多，后面的没有再读")
            break
    if problems:
        raise InputError("申请资料有误：", problems=problems)
    sites = np.array(shapes, dtype=object)
    columns = _columns(list(PROPERTIES), [[row.get(name) for name in PROPERTIES] for row in rows])
    return Applications(tuple(row.get("case_no") for row in rows), sites, columns, epsg)


def applications_from_frame(frame: Any, *, epsg: int, county: Any = None) -> Applications:
    """Turn a GeoDataFrame with the columns of PROPERTIES into applications; the frame must have a CRS.

    Rows are checked exactly as if they had come as GeoJSON; columns that are no property are an error.
    """
    if frame.crs is None:
        raise CrsError("缺少坐标系：申请文件必须写明坐标系。")
    shapes = reproject(np.asarray(frame.geometry.values, dtype=object), source=frame.crs, target=epsg)
    names = [name for name in frame.columns if name != frame.geometry.name]
    features = [
        {"type": "Feature", "geometry": shape, "properties": {name: _cell(name, row[name]) for name in names}}
        for shape, (_, row) in zip(shapes, frame.iterrows(), strict=True)
    ]
    return read_applications(features, epsg_in=epsg, epsg=epsg, county=county)


def _cell(name: str, value: Any) -> Any:
    """A cell as JSON would have it; tables keep yes and no in their own ways, as a number or a word."""
    plain = _plain(value)
    if name in PROPERTIES and PROPERTIES[name].kind is bool:
        return _YES_NO.get(str(plain).strip().lower(), plain)
    return plain


_YES_NO = {"true": True, "1": True, "1.0": True, "是": True, "false": False, "0": False, "0.0": False, "否": False}


def _plain(value: Any) -> Any:
    """A cell of a frame as JSON would have it: NaN and NaT are missing, whole floats are integers."""
    if value is None or value is pd.NA or value != value:
        return None
    if isinstance(value, np.generic):
        value = value.item()
    if hasattr(value, "date") and not isinstance(value, str):
        return value.date().isoformat()
    return value


def _columns(names: Sequence[str], rows: Sequence[list[Any]]) -> dict[str, Any]:
    """Rows of values, one for each name, as an object array for each name."""
    table = np.empty((len(names), len(rows)), dtype=object)
    for place, row in enumerate(rows):
        table[:, place] = row
    return dict(zip(names, table, strict=True))


def _feature_shape(feature: Any, where: str, source: int, epsg: int, county: Any, problems: list[str]) -> Any:
    if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
        problems.append(f"{where or '/'}: 应为 GeoJSON Feature")
        return None
    geometry = feature.get("geometry")
    shape = geometry if isinstance(geometry, shapely.Geometry) else _parse(geometry, f"{where}/geometry", problems)
    if shape is None:
        if isinstance(geometry, type(None)) and not problems:
            problems.append(f"{where}/geometry: 缺少图形")
        return None
    return _site(shape, f"{where}/geometry", source, epsg, county, problems)


def _parse(geometry: Any, where: str, problems: list[str]) -> Any:
    if not isinstance(geometry, Mapping):
        problems.append(f"{where}: 缺少图形")
        return None
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        problems.append(f"{where}/type: 应为 Polygon，实为 {str(geometry.get('type'))[:40]}")
        return None
    polygons = geometry.get("coordinates")
    polygons = [polygons] if geometry["type"] == "Polygon" else polygons
    if not isinstance(polygons, list | tuple) or not polygons:
        problems.append(f"{where}/coordinates: 图形为空")
        return None
    before = len(problems)
    if any(not isinstance(polygon, list | tuple) or not polygon for polygon in polygons):
        problems.append(f"{where}/coordinates: 图形为空")
        return None
    points = [(len(ring), f"/{j}") for polygon in polygons for j, ring in enumerate(polygon) if isinstance(ring, list | tuple)]
    if sum(count for count, _ in points) > MAX_VERTICES:
        ring = next((place for count, place in points if count > MAX_VERTICES), "")
        problems.append(f"{where}/coordinates{ring}: 顶点超过 {MAX_VERTICES} 个")
        return None
    rings = [[_ring(ring, f"{where}/coordinates/{j}", problems) for j, ring in enumerate(polygon)] for polygon in polygons]
    if len(problems) > before:
        return None
    shapes = [shapely.Polygon(part[0], part[1:]) if len(part) > 1 else shapely.polygons(part[0]) for part in rings]
    return shapes[0] if len(shapes) == 1 else shapely.MultiPolygon(shapes)


def _ring(ring: Any, where: str, problems: list[str]) -> list[tuple[float, float]]:
    if not isinstance(ring, list | tuple) or len(ring) < 4:
        problems.append(f"{where}: 环至少要有 4 个点")
        return []
    points = []
    for index, point in enumerate(ring):
        text = _point_problem(point)
        if text:
            problems.append(f"{where}/{index}: {text}")
        else:
            points.append((float(point[0]), float(point[1])))
    if len(points) == len(ring) and points[0] != points[-1]:
        problems.append(f"{where}: 环没有闭合，首末点应相同")
    return points


def _point_problem(point: Any) -> str | None:
    if not isinstance(point, list | tuple) or len(point) < 2 or any(isinstance(v, bool) or not isinstance(v, (int, float)) for v in point):
        return "坐标应为两个数"
    if len(point) > 2:
        return "坐标是三维的，应只有东、北（经、纬）两个数"
    try:
        finite = all(math.isfinite(value) for value in point)
    except OverflowError:
        finite = False
    return None if finite else "坐标不是有限数"


def _site(shape: Any, where: str, source: int, epsg: int, county: Any, problems: list[str]) -> Any:
    site = _moved(shape, where, source, epsg, problems)
    if site is None:
        return None
    if not shapely.is_valid(site) or site.area < 1e-3:
        problems.append(f"{where}: 图形面积为零或小于 10 平方厘米")
        return None
    if site.area > MAX_AREA_M2:
        problems.append(f"{where}: 图形面积 {site.area:.0f} ㎡，超过 {MAX_AREA_M2:.0f} ㎡，不像一处宅基地")
    elif county is not None and not shapely.intersects(county, site):
        problems.append(f"{where}: 图形不在本县范围内")
    return site


def _moved(shape: Any, where: str, source: int, epsg: int, problems: list[str]) -> Any:
    """The shape in the storage CRS, to a millionth of a metre; None where its coordinates are no use."""
    text = _shape_problem(shape, source)
    if text:
        problems.append(f"{where}: {text}")
        return None
    moved = reproject(np.array([shape], dtype=object), source=source, target=epsg)[0]
    if not shapely.is_valid(moved) or not np.isfinite(shapely.get_coordinates(moved)).all():
        problems.append(f"{where}: 坐标换算到 EPSG:{epsg} 后不成图形，请核对坐标系")
        return None
    return shapely.transform(moved, lambda xy: np.round(xy, 6))


def read_outline(geometry: Any, *, where: str, epsg_in: int | None, epsg: int, problems: list[str]) -> Any:
    """Read a GeoJSON polygon of any size into the storage CRS; None where something is wrong, which is added to `problems`.

    `epsg_in` None means CRS84. Raises CrsError for a coordinate system that is not taken.
    """
    source = CRS84 if epsg_in is None else epsg_in
    if source not in INPUT_EPSG:
        raise CrsError(f"不支持坐标系 EPSG:{source}：请用 CRS84 经纬度或 2000 国家大地坐标系 3 度带。")
    shape = _parse(geometry, where, problems)
    return None if shape is None else _moved(shape, where, source, epsg, problems)


def _shape_problem(shape: Any, source: int) -> str | None:
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        return f"应为 Polygon，实为 {shape.geom_type}"
    if shape.is_empty:
        return "图形为空"
    if shapely.has_z(shape):
        return "坐标是三维的，应只有东、北（经、纬）两个数"
    if shapely.get_num_coordinates(shape) > MAX_VERTICES:
        return f"顶点超过 {MAX_VERTICES} 个"
    bounds = np.array(shape.bounds)
    if not np.isfinite(bounds).all():
        return "坐标不是有限数"
    degrees = source in (CRS84, 4490)
    if degrees and (np.abs(bounds[[0, 2]]).max() > 180 or np.abs(bounds[[1, 3]]).max() > 90):
        return "坐标不是经纬度：投影坐标请用参数 crs 写明，例如 crs=EPSG:4547"
    if not degrees and np.abs(bounds).max() <= 180:
        return "坐标像经纬度，与声明的投影坐标系不符"
    if not degrees and np.abs(bounds).max() > FARTHEST_M:
        return "坐标不在 2000 国家大地坐标系 3 度带的范围内"
    return None if shapely.is_valid(shape) else f"图形自相交或不合规：{explain_validity(shape)}"


def _properties(feature: Any, where: str, problems: list[str]) -> dict[str, Any]:
    given = feature.get("properties") if isinstance(feature, Mapping) else None
    return read_properties(given, where=f"{where}/properties", problems=problems)


def read_properties(given: Any, *, where: str, problems: list[str]) -> dict[str, Any]:
    """Read what an application states: only what it states, in its own kinds; what is wrong is added to `problems`."""
    if given is None:
        given = {}
    if not isinstance(given, Mapping):
        problems.append(f"{where}: 应为对象")
        return {}
    row: dict[str, Any] = {}
    for name, value in given.items():
        place = f"{where}/{str(name)[:60]}"
        if name not in PROPERTIES:
            problems.append(f"{place}: 未知属性")
        elif value is not None:
            parsed, text = read_value(PROPERTIES[name], value)
            row[name] = parsed
            if text:
                problems.append(f"{place}: {text}")
    return row


__all__ = ["PROPERTIES", "Applications", "Property", "applications_from_frame", "read_applications"]
