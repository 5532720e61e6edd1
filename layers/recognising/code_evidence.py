"""Which code system a data set's land classes are in: by the codes, the labels beside them, and what the data set says of itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from layers.catalog import CatalogLayer
from layers.reading.dataset import RawDataset
from layers.recognising.code_systems import SYSTEMS, classes, differs, editions, is_label, stated_in, title
from layers.recognising.field_mapping import plain
from layers.recognising.layer_scores import hinted
from layers.recognising.recognition import Option, Question
from spatial.errors import InputError

_CLEARLY = 10
"""A system beats another where it explains so many times as many rows that the other does not."""
_SURVEY_HINTS = 3
"""So many fields that only the survey's own standard has say that it is survey data."""
_SHOWN = 6


@dataclass(frozen=True)
class CodeFinding:
    """The code system (None while it is asked for, or where the layer has no land classes), the question, what was noticed."""

    system: str | None
    question: Question | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Pair:
    """A code with the label beside it (empty where there is none), the number of its rows, and the systems it fits."""

    code: str
    label: str
    rows: int
    fits: frozenset[str]


def find_system(raw: RawDataset, layer: CatalogLayer, columns: Mapping[str, str], answered: str | None) -> CodeFinding:
    """Decide the code system of a layer with land classes, or ask; `answered` is what a person said of it.

    Raises InputError for an answer that is no code system.
    """
    own = layer.code_system
    if own is None:
        return CodeFinding(None)
    if answered is not None and answered not in SYSTEMS:
        raise InputError(f"没有分类“{answered}”，可用的有：{'、'.join(SYSTEMS)}。")
    pairs = _pairs(raw, layer, columns)
    said = answered or _said(raw)
    best = max(SYSTEMS, key=lambda system: (sum(pair.rows for pair in pairs if system in pair.fits), system == own, system == SYSTEMS[-1]))
    rivals = [other for other in SYSTEMS if other != best and not _beats(best, other, pairs)]
    if answered is not None and answered != best and answered not in rivals:
        return CodeFinding(None, _contradicted(pairs, answered, best, "指定"))
    if answered is not None:
        return CodeFinding(answered, notes=_odd(pairs, answered))
    conflicting = [other for other in rivals if _exclusive(other, best, pairs)]
    if said is not None and said != best and said not in rivals:
        return CodeFinding(None, _contradicted(pairs, said, best, "文件说明"))
    if conflicting:
        return CodeFinding(None, _conflict(pairs, [best, *conflicting]))
    tied = [best, *rivals]
    doubtful = [other for other in rivals if any(differs(pair.code, best, other) for pair in pairs if not _is_told(pair))]
    of_kind = [other for other in (own, *tied) if other in tied and (other == "survey") == (own == "survey")]
    system = said if said in tied else None if doubtful else next(iter(of_kind), best)
    if system is None:
        return CodeFinding(None, _undecided(pairs, [best, *doubtful]))
    if (system == "survey") != (own == "survey"):
        return CodeFinding(None, _not_of_layer(pairs, layer, system, own))
    return CodeFinding(system, notes=_odd(pairs, system))


def _pairs(raw: RawDataset, layer: CatalogLayer, columns: Mapping[str, str]) -> list[_Pair]:
    """Every code of the field with a dictionary, with the label of the field beside it (DLBM and DLMC)."""
    field = next((name for name, item in layer.fields.items() if item.dictionary and name in columns), None)
    if field is None:
        return []
    codes = raw.frame[columns[field]].astype(object)
    beside = columns.get(f"{field.removesuffix('BM')}MC")
    labels = raw.frame[beside].astype(object) if beside else pd.Series("", index=codes.index)
    rows: Counter[tuple[str, str]] = Counter()
    counts = pd.DataFrame({"code": codes, "label": labels}).value_counts(dropna=False).reset_index(name="rows")
    for code, label, count in zip(counts["code"].tolist(), counts["label"].tolist(), counts["rows"].tolist(), strict=True):
        if not pd.isna(code):
            rows[_code(code), "" if pd.isna(label) else str(label).strip()] += count
    return [_Pair(code, label, count, _fitting(code, label)) for (code, label), count in rows.most_common() if code]


def _code(value: Any) -> str:
    """A code as text; a sheet's number gets back the zero that it lost."""
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        text = str(int(value))
        return text.zfill(len(text) + len(text) % 2)
    return str(value).strip().upper()


def _fitting(code: str, label: str) -> frozenset[str]:
    """The systems that have the code with this label; where none does, or there is no label, those that have the code."""
    labelled = frozenset(system for system in SYSTEMS if label and is_label(label, code, system))
    return labelled or frozenset(system for system in SYSTEMS if code in classes(system))


def _is_told(pair: _Pair) -> bool:
    return bool(pair.label) and any(is_label(pair.label, pair.code, system) for system in SYSTEMS)


def _exclusive(one: str, other: str, pairs: Iterable[_Pair]) -> int:
    return sum(pair.rows for pair in pairs if one in pair.fits and other not in pair.fits)


def _beats(one: str, other: str, pairs: list[_Pair]) -> bool:
    gain = _exclusive(one, other, pairs)
    return gain > 0 and gain >= _CLEARLY * _exclusive(other, one, pairs)


def _said(raw: RawDataset) -> str | None:
    """The system that a field of the data set, its names, or the fields of the survey's standard state."""
    wanted = set(map(plain, editions()["columns"]))
    for item in raw.fields:
        values = {str(value) for value in raw.frame[item.column].dropna().unique()[:2]} if plain(item.text) in wanted else set()
        if len(values) == 1 and (system := stated_in(values.pop())):
            return system
    named = stated_in(f"{raw.name} {raw.file_name}")
    return named or ("survey" if len(hinted(raw, "land_use")) >= _SURVEY_HINTS else None)


def _odd(pairs: list[_Pair], system: str) -> tuple[str, ...]:
    odd = [pair for pair in pairs if system not in pair.fits and pair.fits]
    return (f"按{title(system)}，有 {sum(pair.rows for pair in odd)} 行的地类编码或名称不符：{_listed(odd)}",) if odd else ()


def _listed(pairs: Iterable[_Pair]) -> str:
    shown = sorted(pairs, key=lambda pair: -pair.rows)
    texts = [pair.code + (f"（{pair.label}）" if pair.label else "") for pair in shown[:_SHOWN]]
    return "、".join(texts) + (f" 等 {len(shown)} 种" if len(shown) > _SHOWN else "")


def _options(systems: Iterable[str]) -> tuple[Option, ...]:
    return tuple(Option(system, title(system)) for system in dict.fromkeys(systems))


def _contradicted(pairs: list[_Pair], said: str, best: str, who: str) -> Question:
    against = [pair for pair in pairs if best in pair.fits and said not in pair.fits]
    text = f"{who}的分类是{title(said)}，而编码 {_listed(against)} 属于{title(best)}：请指明分类。"
    return Question(code="code_system.contradicted", about="code_system", text=text, options=_options([best, said]))


def _conflict(pairs: list[_Pair], systems: list[str]) -> Question:
    parts = []
    for system in systems:
        only = [pair for pair in pairs if system in pair.fits and not set(systems) <= pair.fits]
        parts.append(f"{_listed(only)} 属于{title(system)}")
    text = f"数据中混有不同分类的编码：{'；'.join(parts)}。请指明分类。"
    return Question(code="code_system.conflicting", about="code_system", text=text, options=_options(systems))


def _undecided(pairs: list[_Pair], systems: list[str]) -> Question:
    first = systems[0]
    telling = sorted({pair.code for pair in pairs if any(differs(pair.code, first, other) for other in systems[1:])})
    meanings = "；".join(f"{code} 是{'或'.join(dict.fromkeys(f'{classes(system)[code]}（{title(system)}）' for system in systems))}" for code in telling[:_SHOWN])
    text = f"这些编码在几种分类中都有而含义不同，又没有可以对照的名称：{meanings}。请指明分类。"
    return Question(code="code_system.undecided", about="code_system", text=text, options=_options(systems))


def _not_of_layer(pairs: list[_Pair], layer: CatalogLayer, system: str, own: str) -> Question:
    telling = [pair for pair in pairs if system in pair.fits and own not in pair.fits]
    text = f"图层“{layer.title}”应按{title(own)}编码，而编码 {_listed(telling or pairs)} 属于{title(system)}：请指明分类，或改选图层。"
    return Question(code="code_system.not_of_layer", about="code_system", text=text, options=_options([system, own]))
