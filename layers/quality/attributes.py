"""Checks of attributes one field at a time: present, of the right type, in the dictionary, of the right length, unique."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from layers.columns import Column, is_missing
from layers.quality.codes import code_of_name, restored_zero
from layers.quality.collecting import Collector
from layers.quality.rulebook import land_classes, survey_rules
from layers.quality.subject import Subject

PARCEL_CODE = re.compile(r"\d{12}[GJZ][A-Y]\d{5}")
"""宗地代码: county 6, cadastral district 3, sub-district 3, kind 2, number 5."""
CLASS_NAMES = {"DLBM": "DLMC", "GHDLBM": "GHDLMC"}
"""The field with the name of a land class, by that with its code."""


def check_attributes(subject: Subject, found: Collector, code_system: str | None) -> None:
    """Check every field of the catalogue that the data set has, and name those it lacks."""
    found.made("QC-A01", "QC-A03", "QC-A04", "QC-A05", "QC-A20", "QC-A21")
    for name, item in subject.layer.fields.items():
        if name in subject.columns:
            _values(subject.columns[name], found)
        elif item.required:
            found.add("QC-A01", f"缺少必填字段 {name}（{item.title}）")
    _mandatory(subject, found)
    _identifiers(subject, found)
    _land_classes(subject, found, code_system)
    _patterns(subject, found)


def _values(column: Column, found: Collector) -> None:
    item = column.item
    wrong = np.array([problem is not None for problem in column.wrong], dtype=bool)
    for row in column.rows_of(wrong).tolist():
        place = int(column.of[row])
        value = column.raw[place]
        code, repair = _problem(column, value)
        found.add(code, (column.wrong[place] or "").strip(), row=row, repair=repair)
    if item.type != "text":
        return
    padded = [isinstance(value, str) and value != value.strip() for value in column.raw]
    found.rows(
        "QC-A20",
        column.rows_of(padded),
        message=lambda row: f"{item.name}（{item.title}）的值 {column.raw[column.of[row]]!r} 首尾有空白",
        repair="trim_text",
    )
    if item.codes:
        named = [
            isinstance(value, str)
            and not bad
            and value.strip() not in ("", read)
            and value.strip() not in (item.codes or {})
            for value, read, bad in zip(column.raw, column.read, wrong, strict=True)
        ]
        found.rows(
            "QC-A21",
            column.rows_of(named),
            message=lambda row: (
                f"{item.name}（{item.title}）填的是名称“{column.raw[column.of[row]]}”，代码是 {column.read[column.of[row]]}"
            ),
            repair="label_to_code",
        )


def _problem(column: Column, value: object) -> tuple[str, str | None]:
    """Which check a value that the store refuses falls under, and what would mend it."""
    item = column.item
    missing = is_missing(value) or (isinstance(value, str) and not value.strip())
    if missing and item.required:
        return "QC-A01", None
    if item.type == "text" and item.codes:
        return "QC-A04", None
    if item.type == "text" and item.length:
        text = str(value).strip()
        return "QC-A05", "cut_code" if item.length == 12 and len(text) == 19 and text.isdigit() else None
    return "QC-A03", None


def _mandatory(subject: Subject, found: Collector) -> None:
    if not found.applies("QC-A02"):
        return
    found.made("QC-A02")
    for name in survey_rules()["mandatory"][subject.layer.id]:
        item = subject.layer.fields[name]
        if item.required:
            continue
        if name not in subject.columns:
            found.add("QC-A02", f"没有标准规定的必填字段 {name}（{item.title}）")
            continue
        column = subject.columns[name]
        empty = [(value is None or value == "") and bad is None for value, bad in zip(column.read, column.wrong, strict=True)]
        found.rows("QC-A02", column.rows_of(empty), message=f"标准规定的必填字段 {name}（{item.title}）为空")


def _identifiers(subject: Subject, found: Collector) -> None:
    """Identifiers that come twice; a row that is the same as the earlier one in everything may be dropped."""
    column = subject.columns.get(subject.layer.identifier)
    if column is None:
        found.not_made("QC-A08", f"没有标识字段 {subject.layer.identifier}")
        return
    found.made("QC-A08")
    counts = np.bincount(column.of, minlength=len(column.raw))
    if len(set(column.texts)) == len(column.texts) and (counts <= 1).all():
        return
    first: dict[object, int] = {}
    for row, value in enumerate(column.values.tolist()):
        if value is None:
            continue
        earlier = first.setdefault(value, row)
        if earlier != row:
            found.add(
                "QC-A08",
                f"{column.item.name}（{column.item.title}）的值 {value} 与第 {earlier + 1} 行重复",
                row=row,
                geometry=subject.geometries[row] if subject.is_sound[row] else None,
                other=str(value),
                repair="drop_repeated_rows" if _is_same(subject, row, earlier) else None,
            )


def _is_same(subject: Subject, row: int, earlier: int) -> bool:
    same = all(column.of[row] == column.of[earlier] for column in subject.columns.values())
    return same and subject.raw[row] is not None and subject.raw[row] == subject.raw[earlier]


def _land_classes(subject: Subject, found: Collector, code_system: str | None) -> None:
    if not found.applies("QC-A06"):
        return
    names = [name for name, item in subject.layer.fields.items() if item.dictionary or name == "DLBM"]
    checks = ("QC-A06", "QC-A07") if found.applies("QC-A07") else ("QC-A06",)
    present = [name for name in names if name in subject.columns]
    if not present:
        for code in checks:
            found.not_made(code, "数据没有地类编码字段")
        return
    for name in present:
        # 基本农田 and the like carry the survey's classes without naming a dictionary of their own.
        system = code_system if subject.layer.code_system else None
        system = system or subject.layer.fields[name].dictionary or "survey"
        known = land_classes(system)
        if known is None:
            for code in checks:
                found.not_made(code, f"本系统没有 {system} 的编码全表")
            return
        column = subject.columns[name]
        found.made("QC-A06")
        for place, text in enumerate(column.texts):
            if text and text not in known:
                _unknown_class(subject, found, column, place, system)
        _class_names(subject, found, column, known)


def _unknown_class(subject: Subject, found: Collector, column: Column, place: int, system: str) -> None:
    text = column.texts[place]
    repair = (
        "restore_zero" if restored_zero(text, system) else ("label_to_code" if code_of_name(text, system) else None)
    )
    marked = np.zeros(len(column.raw), dtype=bool)
    marked[place] = True
    found.rows(
        "QC-A06",
        column.rows_of(marked),
        message=f"{column.item.name}（{column.item.title}）的值 {text} 不在 {system} 编码表中",
        geometry=lambda row: subject.geometries[row] if subject.is_sound[row] else None,
        repair=repair,
    )


def _class_names(subject: Subject, found: Collector, column: Column, known: Mapping[str, str]) -> None:
    if not found.applies("QC-A07") or column.item.name not in CLASS_NAMES:
        return
    other = subject.columns.get(CLASS_NAMES[column.item.name])
    if other is None:
        found.not_made("QC-A07", f"数据没有 {CLASS_NAMES[column.item.name]} 字段")
        return
    wanted = np.array([known.get(text, "") for text in column.texts], dtype=object)[column.of]
    given = np.array(other.texts, dtype=object)[other.of]
    found.rows(
        "QC-A07",
        np.flatnonzero((wanted != "") & (given != "") & (wanted != given)),
        message=lambda row: f"地类名称“{given[row]}”与编码 {column.texts[column.of[row]]}（{wanted[row]}）不符",
    )


def _patterns(subject: Subject, found: Collector) -> None:
    for code, name, pattern, wanted in (
        ("QC-A09", "YSDM", re.compile(r"\d{10}"), "应为 10 位数字"),
        ("QC-A10", "ZDDM", PARCEL_CODE, "应为县 6 位、地籍区 3 位、地籍子区 3 位、特征码 2 位（如 JC）、顺序号 5 位"),
    ):
        if not found.applies(code):
            continue
        column = subject.columns.get(name)
        if column is None:
            found.not_made(code, f"数据没有 {name} 字段")
            continue
        found.rows(
            code,
            column.where(lambda text, pattern=pattern: not pattern.fullmatch(text)),
            message=lambda row, column=column, wanted=wanted: (
                f"{column.item.name}（{column.item.title}）的值 {column.texts[column.of[row]]} {wanted}"
            ),
        )
