"""The shapes of siting over the wire: where in a village or a drawn area a given house may be built."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.checks.proposal_schemas import LeftRule
from api.checks.schemas import ApplicationProperties, PolygonGeometry, Verdict
from api.schemas import PackRef

PlaceKind = Literal["own_plot", "idle_plot", "along_road", "beside_house", "open_land"]


class House(BaseModel):
    """The plot the house needs: width and depth, or an area."""

    model_config = ConfigDict(extra="forbid")
    width_m: float | None = Field(None, ge=3, le=60, description="面宽")
    depth_m: float | None = Field(None, ge=3, le=60, description="进深")
    area_m2: float | None = Field(None, ge=20, le=2000, description="宅基地面积；写了面宽和进深就不用写")


class SitingRequest(BaseModel):
    """Where to look, and for which house. Either `village` or `area`."""

    model_config = ConfigDict(extra="forbid")
    village: str | None = Field(None, pattern=r"^\d{12}$", description="村代码（12 位）")
    area: PolygonGeometry | None = Field(None, description="画出的范围，坐标系见参数 crs")
    house: House
    application: ApplicationProperties | None = Field(None, description="申请属性，与审查相同；面积没写时按房屋尺寸")
    own_parcels: list[str] = Field(default=[], max_length=20, description="本户已有的宗地代码")
    limit: int = Field(10, ge=1, le=50, description="最多给几处")


class LandPart(BaseModel):
    """A part of the area with its m²."""

    area_m2: float
    geometry: dict[str, Any] | None = Field(description="CRS84")


class TakenByRule(BaseModel):
    """What one rule takes from the land that the rules before it left."""

    rule_id: str
    branch: str | None
    title: str
    severity: str
    area_m2: float = Field(description="这条规则不准建房的面积（已除去前面规则占去的）")
    unknown_m2: float = Field(description="因数据不全，这条规则说不清的面积")
    reason: str | None = Field(description="说不清的原因")


class Criterion(BaseModel):
    """Why a place ranks where it does."""

    id: str
    title: str
    value: float | None
    unit: str | None
    points: float
    weight: float
    text: str


class ProposedSite(BaseModel):
    """A place for the house, checked in full."""

    id: str
    rank: int
    score: float
    kind: PlaceKind
    kind_label: str
    parcel: str | None = Field(description="所在宗地的代码")
    verdict: Verdict
    verdict_label: str
    passes: bool
    clerk: str
    applicant: str
    criteria: list[Criterion]
    left: list[LeftRule]
    area_m2: float
    bearing_deg: float = Field(description="面宽方向的方位角")
    properties: dict[str, Any]
    geometry: dict[str, Any]


class RejectedSite(BaseModel):
    """A place that was looked at and is not proposed, with the reasons."""

    kind: PlaceKind
    kind_label: str
    parcel: str | None
    verdict: Verdict
    verdict_label: str
    reasons: list[LeftRule]
    clerk: str
    geometry: dict[str, Any]


class SitingArea(BaseModel):
    """The area that was asked for."""

    village_code: str | None
    village_name: str | None
    area_m2: float
    geometry: dict[str, Any]


class Siting(BaseModel):
    """Buildable land and ranked places. Nothing of it is stored."""

    area: SitingArea
    house: dict[str, Any]
    buildable: LandPart = Field(description="没有规则不准、数据齐全的地")
    approval: LandPart = Field(description="可建地中须先办审批的部分（例如农用地转用）")
    unknown: LandPart = Field(description="数据不全或说不清的地，不算可建")
    method: str = Field(description="面积怎么算出来的")
    taken: list[TakenByRule]
    beyond_area: list[str] = Field(description="面积里没有算进、只在逐处核查时判断的规则")
    blocked_by: list[LeftRule] = Field(description="无论建在哪里都通不过的规则")
    reachable: Verdict | None = Field(description="各处能到的最好结论；没有地方时为空")
    reachable_label: str | None
    summary: str
    applicant: str
    considered: int
    sites: list[ProposedSite]
    rejected: list[RejectedSite]
    rejected_by_rule: dict[str, int]
    pack: PackRef
    datasets: list[dict[str, Any]]
    valid_on: date
    known_at: datetime
