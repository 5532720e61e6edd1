"""The gate of the store: a frame is checked and brought into stored form, or refused with every problem it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.catalog import CatalogLayer
from layers.columns import Column
from layers.columns import columns as read_columns
from layers.errors import DatasetRefusedError
from layers.finite import is_finite
from layers.generalising import FARTHEST_ZOOM, drawn_fields
from layers.hollow import without_empty_rings
from layers.json_rows import JsonRows
from spatial import tiling
from spatial.crs import CGCS2000, county_epsg, reproject, require_crs, require_zone
from spatial.errors import CrsError
from spatial.personal_numbers import refusal
from spatial.pieces import MAX_VERTICES, Geometries, subdivide

MAX_PROBLEMS = 100
"""So many problems are listed in full; of the others only the number is told."""

_KINDS = {
    "point": (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT),
    "line": (shapely.GeometryType.LINESTRING, shapely.GeometryType.MULTILINESTRING),
    "polygon": (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON),
}
_KIND_LABELS = {"point": "点", "line": "线", "polygon": "面"}


@dataclass(frozen=True)
class Intake:
    """A checked dataset in the county's CRS: n features, and the k pieces of those of more than 128 vertices.

    `attributes` are n JSON objects without missing values, `drawn` what of them a map draws from afar (None: it is not shown there).
    `split_row` and `split_part` (from 1) say which feature a piece is of.
    """

    identifiers: list[str]
    attributes: JsonRows
    drawn: JsonRows | None
    geometries: Geometries
    area_m2: NDArray[np.float64]
    split: Geometries
    split_row: NDArray[np.int64]
    split_part: NDArray[np.int64]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Checked:
    """What an acceptance check worked out that found the geometries of a frame valid, in the zone and in the county.

    `columns` are the frame's attributes by catalogue field, `outline` the union of its polygons where they tile it.
    """

    columns: Mapping[str, Column]
    outline: Any | None


def prepare(
    frame: gpd.GeoDataFrame, layer: CatalogLayer, *, epsg: int, extent: Any = None, checked: Checked | None = None
) -> Intake:
    """Check a frame with catalogue field names against its layer and bring it into stored form.

    `extent` is the county's outline in EPSG:`epsg`; a feature wholly outside it is a problem. What was `checked` is not worked out again.
    Raises CrsError for a missing or unsupported CRS, DatasetRefusedError with every other problem, each naming its row (from 1).
    """
    require_zone(epsg)
    source = require_crs(frame.crs)
    problems: list[str] = []
    notes: list[str] = []
    columns = checked.columns if checked else read_columns(frame, layer)
    _check_columns(columns, frame, layer, problems, notes)
    raw = np.asarray(frame.geometry.array, dtype=object)
    if not checked:
        # A hole without a point says nothing of the ground, and neither PostGIS nor GEOS can work with it.
        raw, hollow = without_empty_rings(raw)
        notes += [f"去掉了 {len(hollow)} 行中没有节点的空环"] if len(hollow) else []
    sound = _sound(raw, layer, problems)
    geometries = np.full(len(raw), None, dtype=object)
    has_height = bool(shapely.has_z(raw).any())
    here = source.equals(require_crs(epsg), ignore_axis_order=True) and not has_height and not shapely.has_m(raw).any()
    geometries[sound] = raw[sound] if here else reproject(raw[sound], source=source, target=epsg)
    if not checked:
        _check_geometries(geometries, np.flatnonzero(sound), problems, epsg=epsg, extent=extent)
    if not len(raw):
        problems.append("没有任何要素")
    if problems:
        raise DatasetRefusedError(problems=_shortened(problems))
    if has_height:
        notes.append("图形带有高程，已只保留平面坐标")
    return _intake(columns, geometries, layer, notes=notes)


def tells_apart(geometries: Geometries, checked: Checked | None = None) -> tuple[bool, Any | None]:
    """Tell whether no two polygons overlap, with their union where that was found on the way.

    Only a clean coverage counts as free of overlaps: polygons whose shared edges differ are taken to overlap.
    """
    polygons = geometries[shapely.get_dimensions(geometries) == 2]
    union = checked.outline if checked else tiling.outline(polygons)
    return union is not None or len(polygons) < 2 or bool(shapely.coverage_is_valid(polygons)), union


def _shortened(problems: list[str]) -> list[str]:
    if len(problems) <= MAX_PROBLEMS:
        return problems
    return [*problems[:MAX_PROBLEMS], f"另有 {len(problems) - MAX_PROBLEMS} 处问题未列出"]


def _check_columns(columns: Mapping[str, Column], frame: gpd.GeoDataFrame, layer: CatalogLayer, problems: list[str], notes: list[str]) -> None:
    for name, item in layer.fields.items():
        if name in columns:
            problems.extend(_misfits(columns[name]))
            if item.type == "text" and not item.required:
                problems.extend(_personal(columns[name]))
        elif item.required:
            problems.append(f"缺少必填字段 {name}（{item.title}）")
    ignored = [str(name) for name in frame.columns if name not in layer.fields and name != frame.geometry.name]
    if ignored:
        notes.append(f"目录以外的字段未入库：{'、'.join(ignored)}")
    if layer.identifier in columns:
        problems.extend(_repeated(columns[layer.identifier].values.tolist(), layer.identifier))


def _misfits(column: Column) -> list[str]:
    """Say in which rows a value does not fit the field."""
    rows = column.rows_of([problem is not None for problem in column.wrong])
    return [f"第 {row + 1} 行{column.wrong[column.of[row]]}" for row in rows.tolist()]


def _personal(column: Column) -> list[str]:
    """Say where an identity or telephone number stands in a free text: layers are drawn, listed and handed out. Each text is looked at once."""
    told = [refusal(value) if isinstance(value, str) else None for value in column.read]
    rows = column.rows_of([bool(text) for text in told])
    return [f"第 {row + 1} 行 {column.item.name} {told[column.of[row]]}" for row in rows.tolist()]


def _repeated(identifiers: list[Any], name: str) -> list[str]:
    if len(set(identifiers)) == len(identifiers):
        return []
    first: dict[Any, int] = {}
    problems = []
    for row, value in enumerate(identifiers, start=1):
        if value is not None and first.setdefault(value, row) != row:
            problems.append(f"第 {row} 行 {name} 的值 {value!r} 与第 {first[value]} 行重复")
    return problems


def _sound(raw: Geometries, layer: CatalogLayer, problems: list[str]) -> NDArray[np.bool_]:
    """Tell which geometries are there, finite and of the layer's kind; write down the problems of the others."""
    empty = shapely.is_missing(raw) | shapely.is_empty(raw)
    infinite = ~is_finite(raw)
    allowed = [kind for name in layer.geometry for kind in _KINDS[name]]
    wrong = ~empty & ~np.isin(shapely.get_type_id(raw), allowed)
    wanted = "或".join(_KIND_LABELS[name] for name in layer.geometry)
    problems.extend(f"第 {row + 1} 行没有图形" for row in np.flatnonzero(empty))
    problems.extend(f"第 {row + 1} 行的坐标不是有限的数" for row in np.flatnonzero(infinite))
    problems.extend(
        f"第 {row + 1} 行的图形是 {raw[row].geom_type}，本图层要求{wanted}" for row in np.flatnonzero(wrong)
    )
    result: NDArray[np.bool_] = ~(empty | infinite | wrong)
    return result


def _check_geometries(
    geometries: Geometries, rows: NDArray[np.int64], problems: list[str], *, epsg: int, extent: Any
) -> None:
    found = geometries[rows]
    inside = _in_zone(found, epsg)
    other = "" if inside.any() or not len(found) else _other_zone(found, epsg)
    problems.extend(
        f"第 {row + 1} 行的坐标不在 EPSG:{epsg} 的适用范围内，请核对坐标系和坐标顺序{other}" for row in rows[~inside]
    )
    invalid = inside & ~shapely.is_valid(found)
    for row in rows[invalid]:
        problems.append(f"第 {row + 1} 行的图形无效：{shapely.is_valid_reason(geometries[row])}")
    if extent is not None:
        outline = shapely.from_wkb(shapely.to_wkb(extent))
        shapely.prepare(outline)
        outside = inside & ~invalid & ~shapely.intersects(outline, found)
        problems.extend(f"第 {row + 1} 行的图形在县域范围之外" for row in rows[outside])


def _in_zone(geometries: Geometries, epsg: int) -> NDArray[np.bool_]:
    """Whether each geometry lies within 2 degrees of the zone's central meridian, between 3 and 54 degrees north."""
    bounds = shapely.bounds(geometries)
    whole = np.array([[*bounds[:, :2].min(axis=0), *bounds[:, 2:].max(axis=0)]]) if len(bounds) else bounds
    if _boxes_in_zone(whole, epsg).all():
        return np.ones(len(bounds), dtype=bool)
    return _boxes_in_zone(bounds, epsg)


def _other_zone(geometries: Geometries, epsg: int) -> str:
    """Say which zone a dataset lies in that lies nowhere in the county's, if in any."""
    west, south, east, north = bounds = shapely.total_bounds(geometries)
    if not np.isfinite(bounds).all():
        return ""
    middle = np.array([shapely.Point((west + east) / 2, (south + north) / 2)], dtype=object)
    longitude, latitude = shapely.get_coordinates(reproject(middle, source=epsg, target=CGCS2000))[0]
    try:
        return (
            f"（经度约 {longitude:.1f}°，那里的县应使用 EPSG:{county_epsg(longitude)}）" if 3 <= latitude <= 54 else ""
        )
    except CrsError:
        return ""


def _boxes_in_zone(bounds: NDArray[np.float64], epsg: int) -> NDArray[np.bool_]:
    finite = np.asarray((np.isfinite(bounds) & (np.abs(bounds) < 1e8)).all(axis=1))
    corners = np.asarray(shapely.points(np.where(finite[:, None], bounds, 0.0).reshape(-1, 2)), dtype=object)
    degrees = shapely.get_coordinates(reproject(corners, source=epsg, target=CGCS2000)).reshape(-1, 4)
    middle = 3 * (epsg - 4534 + 25)
    near = (np.abs(degrees[:, [0, 2]] - middle) <= 2).all(axis=1)
    result: NDArray[np.bool_] = finite & near & (degrees[:, 1] >= 3) & (degrees[:, 3] <= 54)
    return result


def _intake(columns: Mapping[str, Column], geometries: Geometries, layer: CatalogLayer, *, notes: list[str]) -> Intake:
    large = np.flatnonzero(shapely.get_num_coordinates(geometries) > MAX_VERTICES)
    pieces = [subdivide(geometries[row]) for row in large]
    counts = [len(parts) for parts in pieces]
    return Intake(
        identifiers=columns[layer.identifier].values.tolist(),
        attributes=JsonRows(columns, len(geometries)),
        drawn=JsonRows({name: columns[name] for name in drawn_fields(layer) if name in columns}, len(geometries))
        if layer.min_zoom <= FARTHEST_ZOOM
        else None,
        geometries=geometries,
        area_m2=shapely.area(geometries),
        split=np.concatenate(pieces) if pieces else np.array([], dtype=object),
        split_row=np.repeat(large, counts),
        split_part=np.concatenate([np.arange(1, count + 1) for count in counts])
        if counts
        else np.array([], dtype=np.int64),
        notes=notes,
    )
