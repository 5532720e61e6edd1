"""The shapes of villages and of the runs that type them on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.iso_times import Day, Instant
from api.schemas import WITHOUT_ZERO, DatasetState, PackRef

VillageType = Literal[
    "suburban_integration",
    "cluster_upgrade",
    "characteristic_protection",
    "relocation_merger",
    "retain_improve",
    "undetermined",
]


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


class ClassificationHead(BaseModel):
    """What a run was made with."""

    id: str
    pack: PackRef
    datasets: list[DatasetState]
    parameters: dict[str, Any]
    valid_on: date
    known_at: datetime
    created_at: datetime


class Classification(ClassificationHead):
    """A stored run of the village types, with everything needed to run it again."""

    model_config = ConfigDict(extra="allow")
    counts: dict[str, int]
    villages: list[dict[str, Any]]


class ClassificationList(BaseModel):
    """Runs, newest first."""

    classifications: list[ClassificationHead]
