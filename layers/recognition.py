"""Which catalogue layer a file holds, and which of its fields are which. Codes mislead: a name alone never decides."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from layers.catalog import CatalogLayer, catalog
from layers.errors import UnclearLayerError

_LEAST_SCORE = 1.0
_LEAST_LEAD = 0.25
_TELLING = log(6)
"""The rarity from which on a field tells layers apart: at most every fifth layer has it."""
_CUT_BYTES = 9
"""A shapefile field name of at least so many bytes may be the beginning of a longer one."""


@dataclass(frozen=True)
class SourceField:
    """A field of a file: its column in the frame, its name as text, and as the bytes the file holds (perhaps cut short)."""

    column: str
    text: str
    raw: bytes


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is known of a dataset before its layer is: names, fields, codec, geometry kind, some values by column."""

    names: tuple[str, ...]
    fields: tuple[SourceField, ...]
    codec: str
    kind: str
    sample: Mapping[str, Sequence[Any]]


Columns = Mapping[str, str]
"""The frame's column by catalogue field name."""


def recognise(source: Source) -> tuple[CatalogLayer, Columns]:
    """Return the one layer the dataset belongs to; raise UnclearLayerError naming the candidates where none leads clearly."""
    columns = {name: columns_of(source, layer) for name, layer in catalog().items()}
    known = {field for found in columns.values() for field in found}
    scores = {name: _score(source, layer, columns[name], known) for name, layer in catalog().items()}
    first, second = sorted(scores, key=lambda name: -scores[name])[:2]
    if scores[first] >= _LEAST_SCORE and scores[first] - scores[second] >= _LEAST_LEAD:
        return catalog()[first], columns[first]
    close = [name for name, score in scores.items() if score > 0 and scores[first] - score < _LEAST_LEAD][:4]
    candidates = "、".join(f"{catalog()[name].title}（{name}）" for name in close) or "无"
    raise UnclearLayerError(f"无法判断“{source.names[0]}”属于目录中的哪个图层，请指明图层。接近的有：{candidates}。")


def columns_of(source: Source, layer: CatalogLayer) -> dict[str, str]:
    """Find the layer's fields in the file: by standard name in any case, by Chinese title, or by a title cut short."""
    result: dict[str, str] = {}
    by_text = {item.text.lower(): item.column for item in reversed(source.fields)}
    for field in layer.fields.values():
        column = by_text.get(field.name.lower()) or by_text.get(field.title.lower())
        if column:
            result[field.name] = column
    for item in source.fields:
        begun = [field.name for field in layer.fields.values() if _is_cut(item.raw, field.title, source.codec)]
        if item.column not in result.values() and len(begun) == 1:
            result.setdefault(begun[0], item.column)
    return result


def _is_cut(raw: bytes, title: str, codec: str) -> bool:
    whole = title.encode(codec, errors="ignore")
    return len(raw) >= _CUT_BYTES and whole != raw and whole.startswith(raw)


def _score(source: Source, layer: CatalogLayer, columns: Columns, known: set[str]) -> float:
    """From 0 to 2: one point at most for the name, one for the fields. A code without a telling field is never enough."""
    if source.kind not in layer.geometry or _contradicts(source, layer, columns):
        return 0.0
    by_title, by_code = _is_named(source, layer)
    telling = any(_rarity(name) >= _TELLING for name in columns)
    score = _field_score(layer, columns, known) + (1.0 if by_title or by_code else 0.0)
    return score if by_title or telling else score * 0.45


def _is_named(source: Source, layer: CatalogLayer) -> tuple[bool, bool]:
    """Whether a Chinese name, and whether a Latin code of the layer is among the words of the source's names."""
    text = " ".join(source.names).lower()
    words = set(re.findall(r"[a-z]+(?:_[a-z]+)*", text)) | set(re.findall(r"[a-z]+", text))
    by_title = any(name in text for name in layer.names if not name.isascii())
    return by_title, any(name in words for name in layer.names if name.isascii())


def _field_score(layer: CatalogLayer, columns: Columns, known: set[str]) -> float:
    """Weight of the fields found, as a share of all that are found, required here, or known of another layer."""
    required = {field.name for field in layer.fields.values() if field.required}
    if not required <= set(columns):
        return 0.0
    return sum(map(_rarity, columns)) / sum(map(_rarity, required | known))


def _rarity(name: str) -> float:
    return log(1 + len(catalog()) / sum(name in layer.fields for layer in catalog().values()))


def _contradicts(source: Source, layer: CatalogLayer, columns: Columns) -> bool:
    """Whether the codes in the file have another length than the layer's (a county's code has 6 digits, a town's 9)."""
    for name, column in columns.items():
        wanted = layer.fields[name].length
        lengths = {len(str(value).strip()) for value in source.sample.get(column, ()) if value is not None}
        if wanted and lengths and not lengths & {wanted, 19 if wanted == 12 else wanted}:
            return True
    return False
