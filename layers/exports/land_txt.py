"""国土坐标 TXT (报件, 勘测定界): parcels with X north and Y east in millimetres, rings closed by repeating their first point.

Ring 1 is a parcel's outline, the others are its holes; so every part of a feature of several parts is a parcel of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.errors import ExportRefusedError
from layers.exports.content import Batch, Content
from layers.exports.coordinates import zone_of
from layers.exports.letters import Letters, letters
from layers.exports.order import Order
from spatial.crs import epsg_3deg

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
        rows = zip(batch.identifiers, batch.records, batch.geometries, strict=True)
        for key, record, geometry in rows:
            parts = shapely.get_parts(shapely.orient_polygons(geometry, exterior_cw=True))
            self.split += len(parts) > 1
            for number, part in enumerate(parts, start=1):
                yield self._parcel(key if len(parts) == 1 else f"{key}-{number}", record, part)

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
            yield f"{len(self.collapsed)} 个圈小于 0.001 米，未写出：{'、'.join(self.collapsed[:20])}"

    def _parcel(self, key: str, record: Mapping[str, Any], part: Any) -> str:
        rings = [shapely.get_exterior_ring(part), *shapely.get_rings(part)[1:]]
        lines: list[str] = []
        first, ring_number = 1, 0
        for ring in rings:
            points = _rounded(ring)
            if len(points) < 3:
                self.collapsed.append(f"{key} 第 {rings.index(ring) + 1} 圈")
                if ring_number == 0:
                    return ""
                continue
            ring_number += 1
            lines += self._ring(points, first, ring_number)
            first += len(points)
        head = f"{len(lines)},{part.area / 10_000:.4f},{self._cell(key)},{self._first(self.names, record)},面,,{self._use(record)},{self._first(self.codes, record)},@\r\n"
        return head + "".join(lines)

    def _ring(self, points: NDArray[np.float64], first: int, ring: int) -> list[str]:
        rows = points.tolist()
        labels = [*range(first, first + len(rows)), first]
        return [
            f"J{label},{ring},{north:.{DECIMALS}f},{east:.{DECIMALS}f}\r\n"
            for label, (east, north) in zip(labels, [*rows, rows[0]], strict=True)
        ]

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


def _rounded(ring: Any) -> NDArray[np.float64]:
    """The points of a ring in millimetres without the closing one, and without those that fall together."""
    points = np.round(shapely.get_coordinates(ring), DECIMALS)
    moved: NDArray[np.float64] = points[:-1][(points[1:] != points[:-1]).any(axis=1)]
    return moved
