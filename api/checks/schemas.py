"""The shapes of applications and of checks on the wire. Validation of applications is the planning logic's, not pydantic's."""

from __future__ import annotations

from datetime import date, datetime
from math import isfinite
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from api.schemas import DatasetState, PackRef
from spatial.application_form import PROPERTIES

Outcome = Literal["pass", "fail", "no_data", "not_applicable", "error"]
Verdict = Literal["refused", "incomplete", "needs_approval", "needs_correction", "needs_review", "passed"]


class Measured(BaseModel):
    """A measured or declared value."""

    model_config = ConfigDict(extra="allow")
    value: Any
    unit: str | None = None
    label: str | None = None


class Threshold(BaseModel):
    """What the value is held against, and since when that number is law."""

    model_config = ConfigDict(extra="allow")
    value: Any
    unit: str | None = None
    in_force: Any = None


class DatasetRef(BaseModel):
    """The dataset version a finding rests on."""

    model_config = ConfigDict(extra="allow")
    layer: str
    version: int | None


class Finding(BaseModel):
    """One rule's answer."""

    model_config = ConfigDict(extra="allow")
    rule_id: str
    title: str
    outcome: Outcome
    severity: str | None
    measured: Measured | None
    threshold: Threshold | None
    margin: float | None
    geometry: dict[str, Any] | None
    dataset: DatasetRef | None
    citations: list[dict[str, Any]]
    message: str


class CheckPreview(BaseModel):
    """A check of one application that is not stored."""

    model_config = ConfigDict(extra="allow")
    verdict: Verdict
    findings: list[Finding]
    pack: PackRef
    datasets: list[DatasetState]
    subject: dict[str, Any]
    valid_on: date
    known_at: datetime
    checked_at: datetime


class Report(CheckPreview):
    """A stored check of one application: the proposal of the system, to be decided by a named seat."""

    id: str


class PaperRecord(BaseModel):
    """One file in the register of papers; `certificate` is the SHA-256 of the certificate it was signed with, null where unsigned."""

    sha256: str
    check_id: str
    certificate: str | None
    issued_at: datetime


class CheckSummary(BaseModel):
    """One line of the list of stored checks."""

    id: str
    case_no: str | None
    verdict: Verdict
    verdict_label: str
    valid_on: date
    known_at: datetime
    checked_at: datetime


class CheckPage(BaseModel):
    """Stored checks, newest first; `total` counts all that fit the filter."""

    total: int
    offset: int
    limit: int
    checks: list[CheckSummary]


def _form(schema: dict[str, Any]) -> None:
    """Describe the form's properties as the planning logic reads them, so that there is one list of them."""
    kinds = {int: "integer", float: "number", bool: "boolean", str: "string", date: "string"}
    listed: dict[str, Any] = {}
    for name, spec in PROPERTIES.items():
        entry: dict[str, Any] = {"title": spec.title, "type": [kinds[spec.kind], "null"]}
        if spec.choices:
            entry |= {"enum": [*spec.choices, None], "description": "，".join(f"{value} {label}" for value, label in spec.choices.items())}
        elif spec.kind is date:
            entry["format"] = "date"
        elif spec.kind is str:
            entry |= {"minLength": 1, "maxLength": spec.longest}
        elif spec.kind in (int, float):
            entry |= {"minimum": spec.low} | ({"maximum": spec.high} if isfinite(spec.high) else {}) | ({"description": f"单位 {spec.unit}"} if spec.unit else {})
        listed[name] = entry
    schema["properties"] = listed


class ApplicationProperties(BaseModel):
    """What an application declares. Whatever is left out is missing data for the rules that need it, never a pass."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_form)


class PolygonGeometry(BaseModel):
    """A GeoJSON polygon or multi-polygon of two-dimensional positions inside the county."""

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: list[Any]


class ApplicationFeature(BaseModel):
    """One application: its site and what it declares."""

    type: Literal["Feature"]
    id: str | int | None = None
    geometry: PolygonGeometry
    properties: ApplicationProperties


class ApplicationCollection(BaseModel):
    """Many applications."""

    type: Literal["FeatureCollection"]
    features: list[ApplicationFeature]
