"""Which of a data set's fields are which of a layer's: by standard name, alias, Chinese title, or the beginning of one cut short."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from layers.catalog import CatalogField, CatalogLayer
from layers.reading.dataset import RawDataset, RawField
from layers.recognising.recognition import Option, Question

_CUT_BYTES = 9
"""A shapefile's field name of at least so many of its ten bytes may be the beginning of a longer one."""
_SHOWN = 40
_UNIT = re.compile(r"[（(][^（）()]*[）)]$")


@dataclass(frozen=True)
class FieldMapping:
    """The frame's column by catalogue field, what has to be asked about it, and what was noticed."""

    columns: Mapping[str, str]
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()


def plain(name: str) -> str:
    """Return a field's name as it is compared: narrow characters, lower case, without spaces or a unit in brackets."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).lower()
    return _UNIT.sub("", text) or text


def matches(raw: RawDataset, layer: CatalogLayer) -> dict[str, list[RawField]]:
    """Return by catalogue field the file's fields that may be it, the best first; a field of the file is used once."""
    by_name: dict[str, list[RawField]] = {}
    for item in raw.fields:
        by_name.setdefault(plain(item.text), []).append(item)
    result: dict[str, list[RawField]] = {}
    taken: set[str] = set()
    for rank in range(3):
        for field in layer.fields.values():
            found = [item for name in _names(field)[rank] for item in by_name.get(plain(name), ()) if item.column not in taken]
            taken.update(item.column for item in found)
            if found:
                result.setdefault(field.name, []).extend(found)
    for item in raw.fields:
        begun = [field for field in layer.fields.values() if item.column not in taken and _begins(item.raw, field, raw.encoding.codec)]
        if len(begun) == 1:
            result.setdefault(begun[0].name, []).append(item)
    return {name: result[name] for name in layer.fields if name in result}


def _names(field: CatalogField) -> tuple[tuple[str, ...], ...]:
    """The field's names by rank: the standard name, its title, other names it goes by."""
    return (field.name,), (field.title,), field.aliases


def _begins(raw: bytes, field: CatalogField, codec: str) -> bool:
    names = (name.encode(codec, errors="ignore") for rank in _names(field) for name in rank)
    return len(raw) >= _CUT_BYTES and any(whole != raw and whole.lower().startswith(raw.lower()) for whole in names)


def mapping(raw: RawDataset, layer: CatalogLayer, said: Mapping[str, str | None]) -> FieldMapping:
    """Map the data set's fields, by what a person `said` (the file's field by catalogue field) before all else.

    Two fields of different values for one of the catalogue, and a field said that the file does not have, are asked about.
    """
    columns: dict[str, str] = {}
    questions: list[Question] = []
    notes: list[str] = []
    given = {name: _column(raw, field) for name, field in said.items() if field is not None}
    for name, field in said.items():
        if name not in layer.fields or (field is not None and given[name] is None):
            questions.append(_unknown(raw, layer, name, field))
    used = {column for column in given.values() if column}
    for name, found in matches(raw, layer).items():
        free = _filled(raw, [item for item in found if item.column not in used])
        if name in said or not free:
            continue
        if len(free) > 1 and not _same_values(raw, free):
            questions.append(_two_for_one(layer.fields[name], free))
            continue
        columns[name] = free[0].column
        notes.extend(f"字段 {item.text} 与 {free[0].text} 的值相同，取 {free[0].text} 作为 {name}" for item in free[1:])
    columns |= {name: column for name, column in given.items() if column and name in layer.fields}
    ordered = {name: columns[name] for name in layer.fields if name in columns}
    asked = {question.code for question in questions}
    return FieldMapping(ordered, tuple(questions), (*notes, *_left_out(raw, layer, ordered, bool(asked))))


def _column(raw: RawDataset, field: str) -> str | None:
    exact = [item.column for item in raw.fields if field in (item.text, item.column)]
    alike = [item.column for item in raw.fields if plain(item.text) == plain(field)]
    return next(iter([*exact, *alike]), None)


def _filled(raw: RawDataset, items: list[RawField]) -> list[RawField]:
    """The fields without those that are empty in every row, where others have values."""
    filled = [item for item in items if len(items) > 1 and raw.frame[item.column].astype("string").str.strip().fillna("").ne("").any()]
    return filled or items


def _same_values(raw: RawDataset, items: list[RawField]) -> bool:
    first, *others = (raw.frame[item.column].astype("string").fillna("") for item in items)
    return all((first == other).all() for other in others)


def _two_for_one(field: CatalogField, items: list[RawField]) -> Question:
    names = "、".join(item.text for item in items)
    options = [Option(f"{field.name}={item.text}", f"用 {item.text}") for item in items]
    return Question(
        code="fields.two_for_one",
        about="fields",
        text=f"字段 {names} 都可以是 {field.name}（{field.title}），但值不同：请指明用哪一个。",
        options=(*options, Option(f"{field.name}=", "都不用")),
    )


def _unknown(raw: RawDataset, layer: CatalogLayer, name: str, field: str | None) -> Question:
    if name not in layer.fields:
        text = f"图层“{layer.title}”没有字段 {name}，可用的有：{'、'.join(layer.fields)}。"
        return Question(code="fields.unknown", about="fields", text=text)
    options = tuple(Option(f"{name}={item.text}", f"用 {item.text}") for item in raw.fields)
    text = f"文件中没有字段 {field}，不能作为 {name}（{layer.fields[name].title}）：请另外指明。"
    return Question(code="fields.unknown", about="fields", text=text, options=(*options, Option(f"{name}=", "不用")))


def _left_out(raw: RawDataset, layer: CatalogLayer, columns: Mapping[str, str], asked: bool) -> Iterator[str]:
    ignored = [item.text[:_SHOWN] for item in raw.fields if item.column not in columns.values()]
    if ignored and not asked:
        yield f"目录以外的字段未入库：{'、'.join(ignored)}"
    missing = [f"{field.name}（{field.title}）" for field in layer.fields.values() if field.required and field.name not in columns]
    if missing and not asked:
        yield f"没有找到必填字段 {'、'.join(missing)}：文件中若另有其名，请指明对应的字段"
