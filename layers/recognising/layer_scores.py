"""How well each catalogue layer fits a data set: scored by names, fields and values. Codes mislead: a code alone never decides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from math import log
from types import MappingProxyType
from typing import Any

import yaml

from layers.catalog import CatalogField, CatalogLayer, catalog
from layers.catalog import layer as catalog_layer
from layers.reading.dataset import RawDataset, RawField
from layers.recognising.field_mapping import matches, plain
from layers.recognising.recognition import Candidate, Option, Question

LEAST_SCORE = 1.0
LEAST_LEAD = 0.25

KIND_LABELS = {"polygon": "面", "line": "线", "point": "点"}

_TELLING = log(6)
"""The rarity from which on a field tells layers apart: at most every fifth layer has it."""
_UNTOLD = 0.45
"""What a score is worth where neither a Chinese name nor a telling field speaks for the layer."""
_SAMPLE = 200
_BRACKETS = re.compile(r"[（(].*?[）)]")
_GROUP_CODE = 19
"""Length of a unit's code down to the group: the village's twelve digits and seven more."""


@dataclass(frozen=True)
class _Telling:
    hints: Mapping[str, frozenset[str]]
    ambiguous: Mapping[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def _telling() -> _Telling:
    entry = yaml.safe_load(resources.files("layers.recognising").joinpath("telling.yaml").read_text(encoding="utf-8"))
    hints = {name: frozenset(map(plain, item["fields"])) for name, item in entry["hints"].items()}
    ambiguous = {code.lower(): tuple(item["layers"]) for code, item in entry["ambiguous"].items()}
    return _Telling(MappingProxyType(hints), MappingProxyType(ambiguous))


def candidates(raw: RawDataset) -> tuple[Candidate, ...]:
    """Return every layer that something speaks for, the best first (0–2: a point at most for the name, one for the fields)."""
    found = {name: _counted(raw, layer) for name, layer in catalog().items()}
    hints = {name: [item for item in hinted(raw, name) if item not in fields.values()] for name, fields in found.items()}
    layers_of = Counter(item.column for name, fields in found.items() for item in [*fields.values(), *hints[name]])
    weights = {column: _weight(number) for column, number in layers_of.items()}
    named = _named(raw)
    result = [_candidate(raw, layer, found[name], hints[name], weights, named) for name, layer in catalog().items()]
    return tuple(sorted((item for item in result if item.score > 0), key=lambda item: -item.score))


def decide(raw: RawDataset, found: Sequence[Candidate]) -> tuple[CatalogLayer | None, Question | None]:
    """Return the one layer that leads clearly, or the question which it is."""
    if raw.kind == "table":
        return None, Question(code="layer.table", about="layer", text=f"“{raw.name}”没有图形，只是一张表，不能作为图层。")
    scores = [item.score for item in found] + [0.0, 0.0]
    against = _named_otherwise(raw, found[0].layer) if found else []
    if scores[0] >= LEAST_SCORE and scores[0] - scores[1] >= LEAST_LEAD and not against:
        return catalog_layer(found[0].layer), None
    close = [item.layer for item in found if scores[0] - item.score < LEAST_LEAD][:6]
    close += [name for name in against if name not in close]
    doubtful = [code for code in _telling().ambiguous if code in _words(raw)]
    close.extend(name for code in doubtful for name in _telling().ambiguous[code] if name not in close)
    options = tuple(Option(name, f"{catalog_layer(name).title}（{catalog_layer(name).code or name}）") for name in close)
    listed = "、".join(option.label for option in options) or "无"
    other = None if close else _of_another_kind(raw)
    if other is not None:
        text = f"“{raw.name}”的名称和字段像{other.title}，但图形是{KIND_LABELS.get(raw.kind, raw.kind)}，与该图层不符：请指明图层，或提交另一份数据。"
        return None, Question(code="layer.geometry_kind", about="layer", text=text, options=(Option(other.id, other.title),))
    if doubtful:
        text = f"“{raw.name}”的图层代码 {doubtful[0].upper()} 在不同系统中含义不同，字段也分不清：请指明图层。可能是：{listed}。"
        return None, Question(code="layer.ambiguous_code", about="layer", text=text, options=options)
    text = f"无法判断“{raw.name}”属于目录中的哪个图层，请指明图层。接近的有：{listed}。"
    return None, Question(code="layer.unclear", about="layer", text=text, options=options)


def hinted(raw: RawDataset, layer: str) -> list[RawField]:
    """Return the data set's fields that a layer's standard has, whether the catalogue keeps them or not."""
    wanted = _telling().hints.get(layer, frozenset())
    return [item for item in raw.fields if plain(item.text) in wanted]


def _of_another_kind(raw: RawDataset) -> CatalogLayer | None:
    """The layer that leads where the kind of geometry is left out of account."""
    first = next(iter(candidates(replace(raw, kind="unknown"))), None)
    return catalog_layer(first.layer) if first is not None and first.score >= LEAST_SCORE else None


@dataclass(frozen=True)
class _Names:
    """The layers a Chinese name and the layers a code among the words of the data set's names stand for."""

    by_title: Mapping[str, str]
    by_code: Mapping[str, str]


def _named(raw: RawDataset) -> _Names:
    words = _words(raw)
    by_code = {name: word for name, layer in catalog().items() for word in layer.names if word.isascii() and word in words}
    for code, names in _telling().ambiguous.items():
        if code in words:
            by_code |= dict.fromkeys(names, code)
    text = " ".join(_sources(raw))
    titles = {name: max(found, key=len) for name, layer in catalog().items() if (found := [title for title in _titles(layer) if title in text])}
    # 历史文化名村保护范围 holds 保护范围: of two titles the one inside the other says nothing.
    longest = {name: title for name, title in titles.items() if not any(title != other and title in other for other in titles.values())}
    return _Names(longest, by_code)


def _named_otherwise(raw: RawDataset, leader: str) -> list[str]:
    """The layers that a name clearly stands for, where none stands for the one the fields speak for."""
    named = _named(raw)
    clear = {name: word for name, word in named.by_code.items() if word not in _telling().ambiguous} | dict(named.by_title)
    return [] if leader in clear else list(clear)


def _titles(layer: CatalogLayer) -> Iterator[str]:
    for name in layer.names:
        if not name.isascii():
            yield name
            yield _BRACKETS.sub("", name)


def _sources(raw: RawDataset) -> tuple[str, ...]:
    return raw.name.lower(), re.sub(r"\.[a-z0-9.]{2,8}$", "", raw.file_name.lower())


def _words(raw: RawDataset) -> set[str]:
    text = " ".join(_sources(raw))
    return set(re.findall(r"[a-z]+(?:_[a-z]+)*", text)) | set(re.findall(r"[a-z]+", text))


def _counted(raw: RawDataset, layer: CatalogLayer) -> dict[str, RawField]:
    """The layer's fields found in the data set, without those whose values are none of the field's codes."""
    found = {name: items[0] for name, items in matches(raw, layer).items()}
    return {name: item for name, item in found.items() if _fit(layer.fields[name], _sample(raw, item)) is not False}


def _candidate(
    raw: RawDataset, layer: CatalogLayer, found: Mapping[str, RawField], hints: Sequence[RawField], weights: Mapping[str, float], named: _Names
) -> Candidate:
    if raw.kind not in (*layer.geometry, "unknown") or _contradicts(raw, layer):
        return Candidate(layer.id, 0.0, ())
    title, code = named.by_title.get(layer.id), named.by_code.get(layer.id)
    present = [*found.values(), *hints]
    fitting = [name for name, item in found.items() if _fit(layer.fields[name], _sample(raw, item))]
    is_told = bool(title or fitting or any(weights[item.column] >= _TELLING for item in present))
    score = _field_score(layer, found, hints, weights) + (1.0 if title or code else 0.0)
    reasons = [f"名称含“{title}”"] * bool(title) + [f"名称含图层代码 {(code or '').upper()}"] * bool(code and not title)
    reasons += [f"字段 {'、'.join(item.text for item in present)}"] * bool(present)
    reasons += [f"{layer.fields[name].title}的值符合取值范围" for name in fitting]
    return Candidate(layer.id, round(score if is_told else score * _UNTOLD, 3), tuple(reasons))


def _field_score(layer: CatalogLayer, found: Mapping[str, RawField], hints: Sequence[RawField], weights: Mapping[str, float]) -> float:
    """Weight of the fields found, as a share of all that are found, known of another layer, or required here and missing."""
    missing = [field.name for field in layer.fields.values() if field.required and field.name not in found]
    lacking = sum(_weight(sum(name in other.fields for other in catalog().values())) for name in missing)
    return sum(weights[item.column] for item in [*found.values(), *hints]) / (sum(weights.values()) + lacking)


def _weight(layers: int) -> float:
    """What a field weighs that so many layers have: the rarer, the more it tells."""
    return log(1 + len(catalog()) / layers)


def _sample(raw: RawDataset, item: RawField) -> list[str]:
    column = raw.frame[item.column]
    first = column.head(_SAMPLE)
    values = column.dropna().head(_SAMPLE) if first.isna().any() else first
    return [text for value in values.tolist() if (text := _text(value))]


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _fit(field: CatalogField, values: Sequence[str]) -> bool | None:
    """Whether most of the values are codes or labels of the field; None where it has no codes or there are no values."""
    if not field.codes or not values:
        return None
    allowed = {*field.codes, *field.codes.values()}
    return 2 * sum(value in allowed for value in values) >= len(values)


def _contradicts(raw: RawDataset, layer: CatalogLayer) -> bool:
    """Whether the codes in the file have another length than the layer's (a county's code has 6 digits, a town's 9)."""
    for name, items in matches(raw, layer).items():
        wanted = layer.fields[name].length
        lengths = {len(value) for value in _sample(raw, items[0])}
        if wanted and lengths and not lengths & {wanted, _GROUP_CODE if wanted == 12 else wanted}:
            return True
    return False
