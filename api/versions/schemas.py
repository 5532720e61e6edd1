"""The shapes of layers, their versions, acts on these and comparisons on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.access.signing import OFFICER_TOLD, UNIT_TOLD
from api.iso_times import Day
from layers.version_acts import LONGEST

LawStatus = Literal["draft", "in_force", "superseded"]
VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]

SAYS_SOMETHING = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"


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


class Signed(BaseModel):
    """An act needs a person, whose name and unit are those of their seat, and a reason."""

    model_config = ConfigDict(extra="forbid")
    officer: str | None = Field(default=None, pattern=SAYS_SOMETHING, max_length=LONGEST["officer"], description=OFFICER_TOLD)
    unit: str | None = Field(default=None, pattern=SAYS_SOMETHING, max_length=LONGEST["unit"], description=UNIT_TOLD)
    reason: str = Field(pattern=SAYS_SOMETHING, max_length=LONGEST["reason"], description="理由")


class PublishRequest(Signed):
    """Publish a staged version. With `expected_in_force` the answer is 409 where another version is in force by then."""

    expected_in_force: VersionNumber | None = Field(default=None, description="你所依据的现行版本；null 表示没有现行版本；不写则不核对")


class VersionWithdrawRequest(Signed):
    """Withdraw a published version; with `restore` what it had replaced is published anew, as a copy."""

    restore: bool = Field(default=False, description="把它发布时替换的版本重新发布（新版本号，内容相同）")


class LawStatusRequest(Signed):
    """Declare the law status of a published version from a day on."""

    law_status: LawStatus
    effective_from: Day = Field(description="自哪一天起")


class VersionActEntry(BaseModel):
    """One act in the log of a layer's versions."""

    version: int
    layer: str
    act: Literal["publish", "withdraw", "discard", "law_status"]
    act_label: str
    officer: str
    unit: str
    reason: str
    made_at: datetime
    law_status: LawStatus | None
    effective_from: date | None
    details: dict[str, Any]


class VersionDetail(StoredVersion):
    """One version with everything that is written down about it; `coverage` in CRS84."""

    display_only: bool
    epsg: int
    qa: dict[str, Any]
    coverage: dict[str, Any] | None
    acts: list[VersionActEntry]


class Withdrawn(BaseModel):
    """A withdrawn version, and the versions published anew in its place."""

    version: StoredVersion
    restored: list[int]


class VersionActs(BaseModel):
    """The log of a layer, the latest act first."""

    layer: str
    acts: list[VersionActEntry]


class Discarded(BaseModel):
    """A staged version that was removed."""

    layer: str
    version: int
    discarded: bool


ChangeKind = Literal["added", "removed", "changed", "recoded"]


class FieldChange(BaseModel):
    """One attribute of a feature before and after."""

    name: str
    title: str
    before: Any
    after: Any


class FeatureChange(BaseModel):
    """What became of one feature. Areas are planar, in the store's CRS; `shift_m` is how far the centroid moved."""

    kind: ChangeKind
    identifier_before: str | None
    identifier_after: str | None
    fields: list[FieldChange]
    geometry_changed: bool
    shift_m: float | None
    area_before_m2: float | None
    area_after_m2: float | None
    geometry: dict[str, Any] | None = Field(description="CRS84；要求 geometry=true 时给出，删除的要素为原图形")


class Comparison(BaseModel):
    """Two versions of a layer compared: how many features fared how, and one page of those that did not stay as they were."""

    layer: str
    before: StoredVersion
    after: StoredVersion
    counts: dict[str, int]
    total: int = Field(description="符合筛选条件的变化数")
    offset: int
    limit: int
    changes: list[FeatureChange]


