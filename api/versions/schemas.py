"""The shapes of acts on versions and of comparisons on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.access.signing import OFFICER_TOLD, UNIT_TOLD
from api.iso_times import Day
from api.schemas import StoredVersion
from layers.version_acts import LONGEST

LawStatus = Literal["draft", "in_force", "superseded"]
VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]

SAYS_SOMETHING = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"


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


