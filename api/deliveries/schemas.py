"""The shapes of deliveries on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.access.signing import OFFICER_TOLD, UNIT_TOLD
from api.iso_times import Day
from api.schemas import WITHOUT_ZERO, Accepted
from layers.catalog import Secrecy

State = Literal["received", "recognised", "checked", "staged", "published", "discarded", "refused"]
Level = Literal["error", "warning", "note"]
LawStatus = Literal["in_force", "draft", "superseded"]
Text = Annotated[str, StringConstraints(pattern=WITHOUT_ZERO, max_length=200)]
Name = Annotated[str, StringConstraints(pattern=r"^[^\u0000]*[^\s\u0000][^\u0000]*$", min_length=1, max_length=60)]
Unit = Annotated[str, StringConstraints(pattern=r"^[^\u0000]*[^\s\u0000][^\u0000]*$", min_length=1, max_length=100)]
TownCode = Annotated[str, StringConstraints(pattern="^[0-9]{9}$")]
RepairId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.\-]+$", max_length=60)]


class DeliveryAccepted(Accepted):
    """The job that works on a delivery, and the delivery."""

    delivery_id: str
    delivery_location: str


class DeliveryAct(BaseModel):
    """Who did what to a delivery, when."""

    act: str
    officer: str
    unit: str
    at: datetime


class DeliveryHead(BaseModel):
    """One delivered file: where it stands on its way. `problem` says why the last step failed."""

    id: str
    file_name: str
    sha256: str
    bytes: int
    state: State
    state_label: str
    layer: str | None
    layer_title: str | None
    counts: dict[str, int] | None = Field(description="按级别（error、warning、note）列出的问题数；尚未质检时为空")
    counts_after_repair: dict[str, int] | None = Field(description="入库前修复之后还有的问题数；没有入库时为空")
    problem: str | None
    version: int | None
    job: str | None = Field(description="最近一步的任务编号")
    page: str
    created_at: datetime
    changed_at: datetime


class Delivery(DeliveryHead):
    """A delivery with what was said of it, what was recognised, the summary of the check, and what was done."""

    choice: dict[str, Any] = Field(description="人工指定的内容：dataset、encoding、answers")
    description: dict[str, Any]
    recognition: dict[str, Any] | None
    summary: dict[str, Any] | None
    repairs: list[str]
    repaired: list[dict[str, Any]]
    acts: list[DeliveryAct]


class DeliveryList(BaseModel):
    """Deliveries, newest first."""

    total: int
    offset: int
    limit: int
    deliveries: list[DeliveryHead]


class RecognitionAnswers(BaseModel):
    """What a person says of the file. What is left out or null is recognised."""

    model_config = ConfigDict(extra="forbid")
    layer: Text | None = Field(default=None, description="图层编号")
    code_system: Text | None = Field(default=None, description="编码体系：survey、ydyh2020、ydyh2023")
    epsg: int | None = Field(default=None, ge=1024, le=32767, description="坐标所在的坐标系")
    axes: Literal["east_north", "north_east"] | None = Field(default=None, description="坐标顺序：先东后北，或先北后东")
    fields: dict[Text, Text | None] = Field(default={}, max_length=500, description="标准字段对应的文件字段；null 表示不用")
    display_only: bool | None = Field(default=None, description="疑为 GCJ-02 的数据：只供显示，不参与核查")


class DescriptionRequest(BaseModel):
    """Whose the data are, when they are in force and where they are complete."""

    model_config = ConfigDict(extra="forbid")
    title: Text | None = None
    authority: Text = "未注明"
    valid_from: Day | None = None
    valid_to: Day | None = None
    survey_date: Day | None = None
    code_system: Text | None = None
    secrecy: Secrecy | None = None
    law_status: LawStatus = "in_force"
    coverage: Literal["features", "county"] | list[TownCode] | dict[str, Any] = Field(
        default="features", description="完整范围：仅要素本身、全县、乡镇代码的列表，或 GeoJSON 面（经纬度）"
    )


class DescribeRequest(BaseModel):
    """How the data are to be described, and which repairs are chosen; no finding rests on either."""

    model_config = ConfigDict(extra="forbid")
    description: DescriptionRequest = Field(default_factory=DescriptionRequest)
    repairs: list[RepairId] = Field(default=[], max_length=200, description="所选修复的编号；all 为全部")


class AnswersRequest(DescribeRequest):
    """All that a person says of a delivery; it replaces what was said before."""

    dataset: Text | None = Field(default=None, description="文件中的数据名称")
    encoding: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:\-]+$", max_length=40)] | None = Field(default=None, description="文字编码，例如 GB18030")
    answers: RecognitionAnswers = Field(default_factory=RecognitionAnswers)


class DatasetRequest(BaseModel):
    """Another data set of the file, and who takes it up."""

    model_config = ConfigDict(extra="forbid")
    dataset: Text = Field(min_length=1, description="文件中的数据名称")
    officer: Name | None = Field(default=None, description=OFFICER_TOLD)
    unit: Unit | None = Field(default=None, description=UNIT_TOLD)


class ActRequest(BaseModel):
    """Who acts."""

    model_config = ConfigDict(extra="forbid")
    officer: Name | None = Field(default=None, description=OFFICER_TOLD)
    unit: Unit | None = Field(default=None, description=UNIT_TOLD)


class StageRequest(ActRequest):
    """Who stages, and with which repairs; without a list those chosen before."""

    repairs: list[RepairId] | None = Field(default=None, max_length=200)


class PublishRequest(ActRequest):
    """Who publishes, and why. With `expected_in_force` the answer is 409 where another version is in force by then."""

    reason: Annotated[str, StringConstraints(pattern=WITHOUT_ZERO, max_length=2000)] = Field(default="质检合格，发布", description="理由")
    expected_in_force: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(
        default=None, description="你所依据的现行版本；null 表示没有现行版本；不写则不核对"
    )


class FindingProperties(BaseModel):
    """One finding of the acceptance check."""

    number: int
    code: str
    level: Level
    level_label: str
    message: str
    row: int | None = Field(description="第几行，从 0 起；空为整份数据")
    identifier: str | None
    other: str | None
    measured: float | None
    unit: str | None
    repair: str | None


class FindingFeature(BaseModel):
    """A finding at its place (CRS84)."""

    type: Literal["Feature"]
    id: int
    geometry: dict[str, Any] | None
    properties: FindingProperties


class FindingCollection(BaseModel):
    """Findings in the order of the report; `next_after` asks for those that follow (null: no more)."""

    type: Literal["FeatureCollection"]
    features: list[FindingFeature]
    next_after: int | None

