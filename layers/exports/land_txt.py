"""国土坐标 TXT (报件, 勘测定界): parcels with X north and Y east in millimetres, rings closed by repeating their first point.

Ring 1 is a parcel's outline, the others are its holes; so every part of a feature of several parts is a parcel of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely

from layers.errors import ExportRefusedError
from layers.exports.content import Batch, Content
from layers.exports.coordinates import zone_of
from layers.exports.letters import Letters, letters
from layers.exports.order import Order
from spatial.crs import epsg_3deg
from spatial.pieces import Geometries

DECIMALS: Final = 3
"""A millimetre, as the format's 精度 says."""
FORMAT: Final = "1.01版本"
NAMES: Final[tuple[str, ...]] = ("ZL", "MC", "DYMC", "CZCMC", "name", "ZLDWMC", "XZQMC", "GHFQMC", "TBBH")
USES: Final[tuple[str, ...]] = ("DLMC", "GHDLMC", "YT", "GHYT", "zone")
CODES: Final[tuple[str, ...]] = ("DLBM", "GHDLBM")
"""Fields that may give a parcel's name, its use (用途) and its land class (地类编号), the first that has a value."""


def write_txt(content: Content, place: Path, order: Order) -> tuple[str, ...]:
    """Write every polygon. Raises ExportRefusedError for other geometry, or where the CRS is no CGCS2000 3-degree zone."""
    if [kind.name for kind in content.kinds] != ["polygon"]:
        raise ExportRefusedError("国土坐标 TXT 只能写面，本版本有点或线：请用其他格式。")
    zone, _ = _zone(content)
    chosen = letters(order.encoding, set().union(*(found.characters for found in content.surveyed.values())))
    lines = _Parcels(content, zone)
    with place.open("wb") as file:
        file.write(chosen.encoded(_head(content, order, zone, chosen)))
        for batch in content.batches():
            file.write(chosen.encoded("".join(lines.of(batch))))
    return (*chosen.notes, *lines.notes())


def _zone(content: Content) -> tuple[int, bool]:
    found = zone_of(content.coordinates.epsg)
    if found is None:
        raise ExportRefusedError(
            f"国土坐标 TXT 只能用 2000 国家大地坐标系 3 度带坐标，不能用 {content.coordinates.name}。"
        )
    return found


def default_epsg(stored: int) -> int:
    """The zone of the store with its number before the eastings, as the format's example has it."""
    found = zone_of(stored)
    return epsg_3deg(found[0], prefix=True) if found else stored


def _head(content: Content, order: Order, zone: int, chosen: Letters) -> str:
    said, dataset = order.statement.facts, content.record.dataset
    standard = {
        "格式版本号": FORMAT, "数据产生单位": dataset.authority, "数据产生日期": (dataset.survey_date or dataset.valid_from).isoformat(),
        "坐标系": "2000国家大地坐标系", "几度分带": "3", "投影类型": "高斯克吕格", "计量单位": "米", "带号": zone, "精度": f"{10**-DECIMALS:.3f}", "转换参数": ",,,,,,",
    }  # fmt: skip
    own = {
        "图层": f"{said['layer_title']} {said['layer']}", "数据版本": said["version"], "数据名称": said["title"], "状态": said["status"],
        "有效自": said["valid_from"], "有效至": said.get("valid_to"), "所知自": said.get("known_from"), "所知至": said.get("known_to"),
        "编码体系": said.get("code_system"), "密级": said["secrecy"], "数据性质": said.get("nature"), "来源文件": said["source_name"],
        "来源文件SHA-256": said["source_sha256"], "文字编码": chosen.name,
    }  # fmt: skip
    described = "".join(
        f"{key}={_one_line(str(value))}\r\n" for key, value in (standard | own).items() if value is not None
    )
    return f"[属性描述]\r\n{described}[地块坐标]\r\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


class _Parcels:
    """Writes features as parcels, and remembers what the format could not carry."""

    def __init__(self, content: Content, zone: int) -> None:
        names = {item.name for item in content.fields}
        self.content = content
        self.zone = zone
        self.names, self.uses, self.codes = (
            [name for name in wanted if name in names] for wanted in (NAMES, USES, CODES)
        )
        self.split = 0
        self.collapsed: list[str] = []
        self.commas = 0

    def of(self, batch: Batch) -> Iterator[str]:
        """Yield the text of every parcel."""
        parts, feature = shapely.get_parts(
            shapely.orient_polygons(batch.geometries, exterior_cw=True), return_index=True
        )
        rings = _rings(parts)
        hectares = shapely.area(parts) / 10_000
        several = np.bincount(feature, minlength=len(batch.wkb))
        self.split += int((several > 1).sum())
        number = 0
        for place, row in enumerate(feature.tolist()):
            number = number + 1 if place and feature[place - 1] == row else 1
            key = batch.identifiers[row]
            name = key if several[row] == 1 else f"{key}-{number}"
            yield self._parcel(name, batch.records[row], hectares[place], rings[place])

    def notes(self) -> Iterator[str]:
        """Say what was changed or left out."""
        told = {self.content.layer.identifier, *self.names, *self.uses, *self.codes}
        left = [item.name for item in self.content.fields if item.name not in told]
        yield "坐标保留到 0.001 米"
        if left:
            yield f"格式没有位置写下的字段：{'、'.join(left)}"
        if self.split:
            yield f"{self.split} 个多部分图形按部分写成多个地块，编号加 -1、-2"
        if self.commas:
            yield f"{self.commas} 处文本中的逗号或换行改为空格"
        if self.collapsed:
            yield f"{len(self.collapsed)} 个地块有小于 0.001 米的圈，未写出该圈：{'、'.join(self.collapsed[:20])}"

    def _parcel(self, key: str, record: Mapping[str, Any], hectares: float, rings: list[list[list[float]]]) -> str:
        kept = [points for points in rings if len(points) >= 3]
        if len(kept) < len(rings):
            self.collapsed.append(key)
        if not kept or len(rings[0]) < 3:
            return ""
        starts = np.cumsum([1, *map(len, kept)]).tolist()
        lines = [
            line
            for ring, (points, first) in enumerate(zip(kept, starts, strict=False), start=1)
            for line in _ring(points, first, ring)
        ]
        cells = [
            self._cell(key),
            self._first(self.names, record),
            "面",
            "",
            self._use(record),
            self._first(self.codes, record),
        ]
        return f"{len(lines)},{hectares:.4f},{','.join(cells)},@\r\n" + "".join(lines)

    def _use(self, record: Mapping[str, Any]) -> str:
        for name in self.uses:
            if record.get(name):
                labels = self.content.layer.fields[name].codes or {}
                return self._cell(str(labels.get(record[name], record[name])))
        return ""

    def _first(self, names: list[str], record: Mapping[str, Any]) -> str:
        return next((self._cell(str(record[name])) for name in names if record.get(name)), "")

    def _cell(self, text: str) -> str:
        plain = " ".join(text.replace(",", " ").split())
        self.commas += plain != text
        return plain


def _rings(parts: Geometries) -> list[list[list[list[float]]]]:
    """For each polygon its rings, the outline first, as points in millimetres without the closing one and without such as fall together."""
    rings, part = shapely.get_rings(parts, return_index=True)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    points = np.round(points, DECIMALS)
    kept = np.append((ring[1:] == ring[:-1]) & (points[1:] != points[:-1]).any(axis=1), False)
    ends = np.cumsum(np.bincount(ring[kept], minlength=len(rings)))[:-1]
    found: list[list[list[list[float]]]] = [[] for _ in range(len(parts))]
    for owner, one in zip(part.tolist(), np.split(points[kept], ends), strict=True):
        found[owner].append(one.tolist())
    return found


def _ring(points: list[list[float]], first: int, ring: int) -> Iterator[str]:
    """The lines of one ring, closed by repeating its first point."""
    for label, (east, north) in enumerate(points, start=first):
        yield f"J{label},{ring},{north:.{DECIMALS}f},{east:.{DECIMALS}f}\r\n"
    east, north = points[0]
    yield f"J{first},{ring},{north:.{DECIMALS}f},{east:.{DECIMALS}f}\r\n"
