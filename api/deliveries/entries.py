"""Deliveries written for the wire and the pages, and read from requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.deliveries.schemas import AnswersRequest, DescriptionRequest
from layers.deliveries import STATE_LABELS, Delivery
from layers.delivery_choice import Choice
from layers.descriptions import Description, polygon
from layers.quality.findings import LEVEL_LABELS, QualityFinding
from layers.recognising.recognition import Answers


def head_entry(found: Delivery) -> dict[str, Any]:
    """Write one line of the list."""
    layer = (found.recognition or {}).get("layer") or {}
    return {
        "id": str(found.id),
        "file_name": found.file_name,
        "sha256": found.sha256,
        "bytes": found.bytes,
        "state": found.state,
        "state_label": STATE_LABELS[found.state],
        "layer": layer.get("id"),
        "layer_title": layer.get("title"),
        "counts": (found.summary or {}).get("counts"),
        "counts_after_repair": (found.summary or {}).get("after") if found.state in ("staged", "published") else None,
        "problem": found.problem,
        "version": found.version_id if found.state in ("staged", "published") else None,
        "job": str(found.job_id) if found.job_id else None,
        "page": f"/layers/import/{found.id}",
        "created_at": found.created_at,
        "changed_at": found.changed_at,
    }


def delivery_entry(found: Delivery) -> dict[str, Any]:
    """Write a delivery with all that is known of it."""
    names = ("choice", "description", "recognition", "repairs", "repaired", "acts")
    return head_entry(found) | {name: getattr(found, name) for name in names} | {"summary": summary_entry(found)}


def summary_entry(found: Delivery) -> dict[str, Any] | None:
    """Write the report without its findings; of the rows each repair would touch only how many there are."""
    if found.summary is None:
        return None
    repairs: dict[str, dict[str, Any]] = {}
    for item in found.summary["repairs"]:
        offer = repairs.setdefault(item["id"], {"id": item["id"], "title": item["title"], "codes": [], "count": 0})
        offer["codes"].append(item["code"])
        offer["count"] += len(item["rows"])
    return found.summary | {"repairs": list(repairs.values())}


def finding_entry(number: int, finding: QualityFinding, geometry: Mapping[str, Any] | None) -> dict[str, Any]:
    """Write one finding as a GeoJSON feature; `geometry` is in CRS84."""
    names = ("code", "level", "message", "row", "identifier", "other", "measured", "unit", "repair")
    told = {name: getattr(finding, name) for name in names} | {"number": number, "level_label": LEVEL_LABELS[finding.level]}
    return {"type": "Feature", "id": number, "geometry": geometry, "properties": told}


def choice_of(asked: AnswersRequest) -> Choice:
    """What a person said of the file."""
    return Choice(dataset=asked.dataset or None, encoding=asked.encoding, answers=Answers(**asked.answers.model_dump()))


def description_of(asked: DescriptionRequest) -> Description:
    """How the data are to be described. Raises DatasetRefusedError for a coverage that is no polygon."""
    told = asked.model_dump()
    coverage = told.pop("coverage")
    if isinstance(coverage, dict):
        coverage = polygon(coverage)
    return Description(**told, coverage=tuple(coverage) if isinstance(coverage, list) else coverage)
