"""国土坐标 TXT with any number of parcels, as one data set of polygons. Runs in the child process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import shapely

from layers import encodings
from layers.errors import UnsupportedFileError
from layers.reading.crs_named import datum_of, zone_epsg
from layers.reading.limits import Limits
from layers.reading.parcels import LandText, Parcel, Point, count_problems, looks_like, parse, unit_problems
from layers.reading.source import GEOMETRY, Source, SourceColumn, columns_of
from layers.site_files.text import number
from spatial.crs import zone_of_easting
from spatial.errors import CrsError

_BATCH = 16_384
_SHOWN = 40
_CELLS = {"地块编号": "number", "地块名称": "name", "图幅号": "sheet", "用途": "use", "地类编号": "land_class"}
AREA = "面积_公顷"
"""The area of a header is in hectares; fields of that name are in square metres elsewhere."""


def sources(place: Path, *, encoding: str | None, limits: Limits) -> list[Source]:
    """Read the text; raise UnsupportedFileError naming every line that is wrong, EncodingError for bytes that are no text."""
    found = encodings.of_text(place, given=encoding)
    text = place.read_text(encoding=found.codec)
    if not looks_like(text):
        raise UnsupportedFileError(f"{place.name} 不是国土坐标 TXT：没有 [地块坐标] 一节。")
    land = parse(text, most_points=limits.geometry_bytes // 16)
    problems = [*land.problems, *unit_problems(land.described), *count_problems(land.parcels), *_shape_problems(land.parcels)]
    if land.is_cut:
        problems.append("/地块坐标：界址点太多")
    if not land.parcels:
        problems.append("/地块坐标：没有任何地块，文件可能不完整")
    if problems:
        more = [f"还有 {len(problems) - _SHOWN} 处问题没有列出"] if len(problems) > _SHOWN else []
        raise UnsupportedFileError(f"{place.name} 有误：", problems=[*problems[:_SHOWN], *more])
    return [LandSource(place.stem, land, found)]


class LandSource:
    """The parcels of one text. Eastings are x: the format itself says which ordinate is which."""

    driver, kind = "TXT", "polygon"

    def __init__(self, name: str, land: LandText, encoding: encodings.Encoding) -> None:
        self.name, self.encoding = name, encoding
        self.feature_count: int | None = len(land.parcels)
        self.crs, notes = _crs(land)
        self.columns: tuple[SourceColumn, ...] = columns_of([(text, text.encode(), "text") for text in _CELLS] + [(AREA, AREA.encode(), "number")])
        self.notes = ("格式规定 X 为北、Y 为东；已按东、北读入。", *notes)
        self._parcels = land.parcels

    def batches(self, most: int | None) -> Iterator[pa.RecordBatch]:
        """Give the parcels in the order of the text."""
        chosen = self._parcels[:most]
        for start in range(0, len(chosen), _BATCH):
            yield self._batch(chosen[start : start + _BATCH])

    def _batch(self, parcels: list[Parcel]) -> pa.RecordBatch:
        cells = [pa.array([parcel.cells.get(cell) or None for parcel in parcels], pa.large_string()) for cell in _CELLS.values()]
        areas = pa.array([parcel.hectares for parcel in parcels], pa.float64())
        shapes = pa.array(shapely.to_wkb([_shape(parcel.points) for parcel in parcels]).tolist(), pa.large_binary())
        return pa.RecordBatch.from_arrays([*cells, areas, shapes], [*_CELLS, AREA, GEOMETRY])


def _shape_problems(parcels: list[Parcel]) -> Iterator[str]:
    for parcel in parcels:
        kind = parcel.cells.get("shape")
        if kind and kind != "面":
            yield f"/第 {parcel.line} 行：图形属性是“{kind[:10]}”，只读面"
        for ring, points in parcel.points.items():
            if len(set(points)) < 3:
                yield f"/第 {parcel.rings[ring][0][1]} 行：第 {ring} 圈至少要有 3 个不同的点"


def _shape(rings: Mapping[int, list[Point]]) -> Any:
    """Ring 1 and its holes. A ring that lies outside, or inside a hole, cannot be a hole: it is a further part, as some programs write them."""
    parts: list[tuple[Any, list[Any]]] = []
    for points in rings.values():
        ring = shapely.Polygon(points)
        around = [holes for shell, holes in parts if _enters(ring, shell) and not any(_enters(ring, hole) for hole in holes)]
        if around:
            around[0].append(ring)
        else:
            parts.append((ring, []))
    made = [shapely.Polygon(shell.exterior, [hole.exterior for hole in holes]) for shell, holes in parts]
    return made[0] if len(made) == 1 else shapely.MultiPolygon(made)


def _enters(inner: Any, outer: Any) -> bool:
    """Whether a corner of one ring lies within another. Asked point by point, which rings that cross themselves answer too."""
    corners = shapely.get_coordinates(inner)
    return bool(shapely.contains_xy(outer, corners[:, 0], corners[:, 1]).any())


def _crs(land: LandText) -> tuple[str | None, tuple[str, ...]]:
    """The CRS that the description names; the zone number from the eastings where it is left out."""
    written = land.described.get("坐标系", "")
    datum = datum_of(written)
    if datum is None:
        return None, (f"坐标系“{written[:30]}”无法识别。" if written else "文件没有写明坐标系。",)
    east = next((points[0][0] for parcel in land.parcels for points in parcel.points.values()), 0.0)
    try:
        carried = zone_of_easting(east)
    except CrsError:
        carried = None
    degrees = number(land.described.get("几度分带", "").rstrip("度")) or (carried[0] if carried else 3)
    zone = number(land.described.get("带号", "")) or (carried[1] if carried else None)
    epsg = zone_epsg(datum, degrees=int(degrees), zone=int(zone), prefix=east >= 1e7) if zone else None
    if epsg is None:
        return None, (f"{written[:30]}没有写明可用的带号（几度分带 {degrees:g}，带号 {land.described.get('带号') or '空'}）。",)
    return f"EPSG:{epsg}", ()
