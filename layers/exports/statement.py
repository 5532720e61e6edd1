"""What a file says about itself: which version it holds, whose, valid and known when, from which file, how secret, and whether it is 示例数据."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

import orjson

from layers import version_acts
from layers.exports.content import Connection, Content
from layers.version_acts import LAW_STATUS_LABELS
from layers.watermark import taken_at, taken_by
from spatial.layer import DatasetVersion

SYNTHETIC: Final = "示例数据，仅供演示"
DISPLAY_ONLY: Final = "仅供显示：坐标有偏移，不得用于量算"
LABELS: Final[Mapping[str, str]] = MappingProxyType({
    "layer": "图层编号", "layer_title": "图层", "version": "版本", "title": "数据名称", "authority": "来源单位", "status": "状态",
    "valid_from": "有效自", "valid_to": "有效至（不含）", "known_from": "所知自", "known_to": "所知至", "survey_date": "调查日期",
    "law_status": "法律状态", "code_system": "编码体系", "secrecy": "密级", "nature": "数据性质", "source_name": "来源文件",
    "source_sha256": "来源文件 SHA-256", "checksum": "内容 SHA-256", "feature_count": "要素数", "crs": "坐标系", "fields": "字段",
    "exported_by": "导出人", "exported_at": "导出时间",
})  # fmt: skip
SECRECY_LABELS: Final[Mapping[str, str]] = MappingProxyType({"public": "公开", "internal": "内部", "secret": "涉密"})
STATUS_LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {"staged": "待发布", "published": "已发布", "withdrawn": "已撤回"}
)


@dataclass(frozen=True)
class Statement:
    """The facts of a version by key (empty ones left out), and what the file says beyond them: what it could not carry."""

    facts: Mapping[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The facts that matter most, in one line."""
        told = self.facts
        named = f"{told['layer_title']} 版本 {told['version']}（{told['title']}），{told['valid_from']} 起有效，来源：{told['authority']}，密级：{told['secrecy']}"
        return f"{told['nature']}。{named}" if "nature" in told else named

    @property
    def short(self) -> str:
        """The version in a few letters, for every row of a sheet."""
        mark = "（示例数据）" if SYNTHETIC in str(self.facts.get("nature", "")) else ""
        return f"{self.facts['layer']} v{self.facts['version']}{mark}"

    def lines(self) -> list[tuple[str, str]]:
        """Facts and notes under Chinese headings."""
        return [(LABELS[key], str(value)) for key, value in self.facts.items()] + [
            ("说明", note) for note in self.notes
        ]

    def texts(self) -> dict[str, str]:
        """Facts and notes as texts under English keys, as the metadata of a file has them."""
        written = {key: str(value) for key, value in self.facts.items()}
        return written | ({"notes": "；".join(self.notes)} if self.notes else {})

    def json(self) -> bytes:
        """Facts and notes as a JSON object."""
        return orjson.dumps({**self.facts, "notes": list(self.notes)})

    def sheet(self) -> str:
        """Facts and notes as a text to lie beside a file."""
        return "".join(f"{label}：{text}\r\n" for label, text in self.lines())

    def with_notes(self, notes: Iterable[str]) -> Statement:
        """Return the statement with more notes."""
        return Statement(self.facts, tuple(dict.fromkeys((*self.notes, *notes))))


def statement(content: Content) -> Statement:
    """State which version a file holds. The field names are told with their titles, those left out in the notes."""
    record, dataset = content.record, content.record.dataset
    natures = [SYNTHETIC] * dataset.synthetic + [DISPLAY_ONLY] * record.display_only
    facts = {
        "layer": dataset.layer,
        "layer_title": content.layer.title,
        "version": dataset.version,
        "title": dataset.title,
        "authority": dataset.authority,
        "status": STATUS_LABELS[record.status],
        "valid_from": _day(dataset.valid_from),
        "valid_to": _day(dataset.valid_to),
        "known_from": _day(dataset.known_from),
        "known_to": _day(dataset.known_to),
        "survey_date": _day(dataset.survey_date),
        "law_status": law_status(content.conn, dataset),
        "code_system": dataset.code_system,
        "secrecy": SECRECY_LABELS[dataset.secrecy],
        "nature": "；".join(natures),
        "source_name": dataset.source_name,
        "source_sha256": dataset.source_sha256,
        "checksum": record.checksum,
        "feature_count": dataset.feature_count,
        "crs": content.coordinates.label,
        "fields": "、".join(f"{item.name} {item.title}" for item in content.fields),
        "exported_by": taken_by(),
        "exported_at": taken_at(),
    }
    return Statement({key: value for key, value in facts.items() if value not in (None, "")}, tuple(_left_out(content)))


def law_status(conn: Connection, dataset: DatasetVersion) -> str:
    """Tell the law status a version was imported with, and what was declared of it since, from which day on."""
    acts = [act for act in version_acts.listed(conn, version=dataset.version) if act.law_status]
    declared = [f"{LAW_STATUS_LABELS[str(act.law_status)]}（自 {act.effective_from} 起）" for act in reversed(acts)]
    return "；".join([LAW_STATUS_LABELS.get(dataset.law_status, dataset.law_status), *declared])


def proposed_name(content: Content, suffix: str, *, chinese: bool = False) -> str:
    """Propose a file name that says which version it is: `land_use_v12_2026-01-01_EPSG4547.gpkg`."""
    dataset = content.record.dataset
    layer = content.layer.title.translate(_FORBIDDEN) if chinese else dataset.layer
    return f"{layer}_v{dataset.version}_{dataset.valid_from.isoformat()}_{content.coordinates.name}{suffix}"


_FORBIDDEN: Final = str.maketrans(dict.fromkeys('\\/:*?"<>|', "_"))
"""What file systems take no names with."""


def _left_out(content: Content) -> Iterable[str]:
    if content.personal:
        yield f"含个人信息的字段未导出：{'、'.join(item.title for item in content.personal)}"
    if content.unused:
        yield f"没有任何值的字段未写出：{'、'.join(item.name for item in content.unused)}"


def _day(value: date | datetime | None) -> str | None:
    return None if value is None else value.isoformat()
