"""The shapes that go over the wire, for the OpenAPI description. Validation of applications is the planning logic's, not pydantic's."""

from __future__ import annotations

from datetime import date, datetime
from math import isfinite
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.iso_times import Day, Instant
from spatial.application_form import PROPERTIES

WITHOUT_ZERO = r"^[^\u0000]*$"
"""A text that PostgreSQL can keep."""
Outcome = Literal["pass", "fail", "no_data", "not_applicable", "error"]
Verdict = Literal["refused", "incomplete", "needs_approval", "needs_correction", "needs_review", "passed"]
VillageType = Literal[
    "suburban_integration",
    "cluster_upgrade",
    "characteristic_protection",
    "relocation_merger",
    "retain_improve",
    "undetermined",
]


class ProblemPlace(BaseModel):
    """One thing that is wrong, and where: a JSON pointer into the body, `?name` for a query parameter."""

    place: str
    message: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[ProblemPlace] = []


class Health(BaseModel):
    """The service is alive."""

    status: Literal["ok"]


class Ready(BaseModel):
    """The database is reachable and migrated; `snapshot` says whether checks are answered from memory yet."""

    status: Literal["ready"]
    database: str
    snapshot: Literal["loaded", "loading", "off"]


class LayerVersion(BaseModel):
    """One version of a layer with its two periods. `valid_to` and `known_to` are open while null."""

    layer: str
    version: int
    title: str
    authority: str
    valid_from: date
    valid_to: date | None
    known_from: datetime | None
    known_to: datetime | None
    source_name: str
    source_sha256: str
    survey_date: date | None
    code_system: str | None
    law_status: str
    secrecy: str
    synthetic: bool = Field(description="示例数据：由程序生成，不是真实成果")
    feature_count: int


class StoredVersion(LayerVersion):
    """A version with its state in the store and the SHA-256 of its content."""

    status: Literal["staged", "published", "withdrawn"]
    checksum: str
    created_at: datetime
    notes: list[str]


class LayerVersions(BaseModel):
    """Every version of one layer, the newest first; `in_force` is the one that counts at the two times, null where none does."""

    layer: str
    valid_on: date
    known_at: datetime
    in_force: int | None
    versions: list[StoredVersion]


class LayerField(BaseModel):
    """One attribute of a layer."""

    name: str
    title: str
    type: str
    unit: str | None
    required: bool
    codes: dict[str, str] = {}


class LayerEntry(BaseModel):
    """A layer of the catalogue and its state. A layer that is not loaded is a state that answers show, not an absence."""

    id: str
    title: str
    title_en: str
    geometry: list[str]
    role: str
    source: str
    identifier: str
    fields: list[LayerField]
    state: Literal["loaded", "not_loaded"]
    state_label: str
    in_force: LayerVersion | None
    tiles: str | None = Field(description="地址模板，{z}/{x}/{y}")


class LayerList(BaseModel):
    """The layer catalogue as it stands on a day, as known at a moment."""

    valid_on: date
    known_at: datetime
    layers: list[LayerEntry]


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


class DatasetState(BaseModel):
    """A layer that an answer asks for: with the version it rests on, or not loaded."""

    model_config = ConfigDict(extra="allow")
    layer: str
    state: Literal["loaded", "partly_covered", "not_loaded", "withheld"] = Field(description="withheld：已使用，但高于席位的密级，只写图层")
    state_label: str
    version: int | None = Field(None, description="未入库或不公开时没有")


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


class PackRef(BaseModel):
    """The rule pack an answer was given by."""

    model_config = ConfigDict(extra="allow")
    id: str
    version: str
    sha256: str


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


class Job(BaseModel):
    """Work that goes on after the answer. `interrupted`: the service stopped before it was done; send it again."""

    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "interrupted"]
    progress: float = Field(ge=0, le=1)
    message: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    result: dict[str, Any] | None
    problem: Problem | None


class JobList(BaseModel):
    """Jobs, newest first."""

    jobs: list[Job]


class Accepted(BaseModel):
    """The job that was made; ask for it under `location`."""

    id: str
    state: str
    location: str


class VillageProperties(BaseModel):
    """A village and its type, with the evidence in one sentence a rule."""

    model_config = ConfigDict(extra="allow")
    village_code: str
    name: str
    town_code: str
    town: str
    village_type: VillageType
    village_type_label: str
    conflict: bool
    reason: str | None
    evidence: list[dict[str, Any]]


class VillageFeature(BaseModel):
    """A village as a GeoJSON feature in CRS84."""

    type: Literal["Feature"]
    id: str
    geometry: dict[str, Any] | None
    properties: VillageProperties


class VillageCollection(BaseModel):
    """Villages of one classification run as GeoJSON."""

    model_config = ConfigDict(extra="allow")
    type: Literal["FeatureCollection"]
    classification: str | None
    datasets: list[DatasetState] = Field(description="分类所依据的数据版本；尚未分类时为现行版本。未入库的图层也在其中")
    features: list[VillageFeature]


class ClassificationRequest(BaseModel):
    """What to type the county with; both times default to now."""

    model_config = ConfigDict(extra="forbid")
    valid_on: Day | None = None
    known_at: Instant | None = None
    note: str | None = Field(None, max_length=500, pattern=WITHOUT_ZERO, description="为什么运行，随结果保存")


class Classification(BaseModel):
    """A stored run of the village types, with everything needed to run it again."""

    model_config = ConfigDict(extra="allow")
    id: str
    pack: PackRef
    datasets: list[DatasetState]
    parameters: dict[str, Any]
    valid_on: date
    known_at: datetime
    created_at: datetime
    counts: dict[str, int]
    villages: list[dict[str, Any]]


class ClassificationHead(BaseModel):
    """What a run was made with."""

    id: str
    pack: PackRef
    datasets: list[DatasetState]
    parameters: dict[str, Any]
    valid_on: date
    known_at: datetime
    created_at: datetime


class ClassificationList(BaseModel):
    """Runs, newest first."""

    classifications: list[ClassificationHead]


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
