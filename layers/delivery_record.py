"""What was recognised and found of a delivery, as JSON values to be kept, shown and answered."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
from pyproj import CRS

from layers.acceptance import Examined, Look
from layers.catalog import catalog
from layers.quality.findings import LEVEL_LABELS, QualityFinding, QualityReport, Repair, RepairOffer
from layers.reading.dataset import RawDataset
from layers.recognising.recognition import CrsReading, Question, Recognition
from layers.recognising.zones import zone_of_epsg
from layers.storable import storable

SAMPLE_ROWS = 8
LONGEST_VALUE = 60
HIDDEN = "（个人信息）"
FOUND_BY = {
    "given": "指定", "file": "文件写明", "zone_prefix": "东坐标的带号", "cpg": ".cpg 文件", "language_byte": "DBF 语言字节", "content": "内容",
}  # fmt: skip
"""What a CRS or an encoding was found by."""


def look_record(look: Look) -> dict[str, Any]:
    """Write down a first look at a file."""
    listed = [{"name": head.name, "kind": head.kind, "feature_count": head.feature_count} for head in look.heads]
    if look.chosen is None or look.recognition is None:
        return {"datasets": listed, "dataset": None, "questions": [question_record(item) for item in look.questions]}
    return {"datasets": listed, **dataset_record(look.chosen, look.recognition)}


def examined_record(examined: Examined, datasets: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Write down what a wholly read data set was recognised as; `datasets` are those of the file, as listed by an earlier look."""
    raw = examined.raw
    listed = list(datasets) or [{"name": raw.name, "kind": raw.kind, "feature_count": raw.feature_count}]
    return {"datasets": listed, **dataset_record(raw, examined.recognition)}


def dataset_record(raw: RawDataset, found: Recognition) -> dict[str, Any]:
    """Write down one data set: where it comes from, what it is, which field is which, and its first rows."""
    texts = _names(raw)
    layer = found.layer
    mapped = [
        {"name": name, "title": item.title, "required": item.required, "source": texts.get(found.columns.get(name, ""))}
        for name, item in (layer.fields.items() if layer else ())
    ]
    used = {item["source"] for item in mapped}
    return {
        "dataset": raw.name,
        "driver": raw.driver,
        "kind": raw.kind,
        "feature_count": raw.feature_count,
        "sha256": raw.sha256,
        "encoding": asdict(raw.encoding) | {"found_by_label": FOUND_BY.get(raw.encoding.found_by, raw.encoding.found_by)},
        "declared_crs": _crs_name(raw.crs),
        "file_fields": [{"name": texts[field.column], "title": field.text, "kind": field.kind} for field in raw.fields],
        "layer": {"id": layer.id, "title": layer.title} if layer else None,
        "candidates": [
            {"layer": item.layer, "title": catalog()[item.layer].title, "score": round(item.score, 3), "reasons": list(item.reasons)}
            for item in found.candidates
        ],
        "code_system": found.code_system,
        "fields": mapped,
        "left_out": [name for name in texts.values() if name not in used],
        "crs": _crs_record(found.crs) if found.crs else None,
        "questions": [question_record(item) for item in found.questions],
        "notes": [*raw.notes, *found.notes],
        "sample": _sample(raw, found),
    }


def question_record(question: Question) -> dict[str, Any]:
    """Write down a question with the answers that would do."""
    return asdict(question) | {"options": [asdict(option) for option in question.options]}


def report_record(report: QualityReport) -> dict[str, Any]:
    """Write down a report without its findings: what was checked with which thresholds, what was found how often, what can be mended."""
    codes = [
        {"code": item["code"], "title": item["title"], "level": level, "level_label": LEVEL_LABELS[level], "count": count,
         "repairs": [offer.id for offer in report.repairs if offer.code == item["code"]]}
        for level in LEVEL_LABELS for item in report.checks if (count := item.get("found", {}).get(level, 0))
    ]  # fmt: skip
    return {
        "counts": report.counts,
        "acceptable": report.is_acceptable,
        "codes": codes,
        "repairs": [{"id": item.id, "code": item.code, "title": item.title, "rows": list(item.rows)} for item in report.repairs],
        "checks": [dict(item) for item in report.checks],
        "thresholds": [dict(item) for item in report.thresholds],
        "figures": dict(report.figures),
    }


def kept_record(report: QualityReport) -> dict[str, Any]:
    """Write down what of a report is kept with the version: what was found, what was not checked and why, with which thresholds."""
    whole = report_record(report)
    checks = [{name: item.get(name) for name in ("code", "status", "reason")} for item in report.checks]
    return {name: whole[name] for name in ("counts", "codes", "thresholds", "figures")} | {"checks": checks}


def repaired_record(made: Sequence[Repair]) -> list[dict[str, Any]]:
    """Write down the repairs made, those of one kind together: how many, and each with its row, identifier and what was done."""
    kinds: dict[tuple[str, str], list[list[Any]]] = {}
    for item in made:
        kinds.setdefault((item.id, item.code), []).append([item.row, item.identifier, item.message])
    return [{"id": name, "code": code, "count": len(rows), "rows": rows} for (name, code), rows in kinds.items()]


def _names(raw: RawDataset) -> dict[str, str]:
    """What each column is called in answers: its field's name, or the column's own where two fields have the same (names cut short)."""
    often = Counter(field.text for field in raw.fields)
    return {field.column: field.text if often[field.text] == 1 else field.column for field in raw.fields}


def _crs_record(found: CrsReading) -> dict[str, Any]:
    label = FOUND_BY.get(found.found_by, found.found_by)
    zone, name = zone_of_epsg(found.epsg), _crs_name(CRS.from_epsg(found.epsg))
    return {**asdict(found), "found_by_label": label, "name": zone.label if zone else name, "epsg_name": name}


def _sample(raw: RawDataset, found: Recognition) -> dict[str, Any]:
    """The first rows with the file's own field names; what is known to be about a person is not shown."""
    fields = found.layer.fields if found.layer else {}
    personal = {column for name, column in found.columns.items() if name in fields and fields[name].personal}
    columns = [field.column for field in raw.fields]
    rows = raw.frame[columns].head(SAMPLE_ROWS).itertuples(index=False, name=None)
    shown = [[HIDDEN if name in personal else _shown(value) for name, value in zip(columns, row, strict=True)] for row in rows]
    return {"headings": [field.text for field in raw.fields], "rows": shown}


def _shown(value: Any) -> str | None:
    if value is None or (isinstance(value, float) and math.isnan(value)) or value != value:
        return None
    text = str(value).replace("\0", "")
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def _crs_name(crs: CRS | None) -> str | None:
    if crs is None:
        return None
    code = crs.to_epsg(min_confidence=100)
    return f"{crs.name}（EPSG:{code}）" if code else str(crs.name)


def plain(value: Any) -> Any:
    """Make JSON values that can be stored of what has numpy numbers, dates, NaN or zero bytes in it."""
    return orjson.loads(orjson.dumps(storable(value), option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NON_STR_KEYS, default=str))


def report_of(layer: str, summary: Mapping[str, Any], findings: Iterable[QualityFinding]) -> QualityReport:
    """Make a report again of its record and its stored findings."""
    parts: dict[str, Any] = {name: tuple(summary[name]) for name in ("checks", "thresholds")}
    parts["repairs"] = tuple(RepairOffer(**{**item, "rows": tuple(item["rows"])}) for item in summary["repairs"])
    return QualityReport(layer=layer, findings=tuple(findings), figures=dict(summary["figures"]), **parts)
