"""The shapes of the lawful way over the wire: what would make an application lawful."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.checks.schemas import Outcome, Verdict
from api.schemas import PackRef

ChangeKind = Literal["number", "choice", "act", "restate", "outline", "move", "trim"]


class Change(BaseModel):
    """One change. `move` and `trim` have no property: they are about the drawn site, which is in the proposal's geometry."""

    kind: ChangeKind = Field(
        description="number 数字减小，choice 换一种选择，act 先办一件事，restate 申报面积按图形改正，outline 图形按面积缩小，move 平移，trim 某一边退进"
    )
    property: str | None = Field(description="改动的申请属性；只改图形时没有")
    title: str
    unit: str | None
    before: Any
    after: Any
    text: str = Field(description="例如：申请宅基地面积由 145.00 ㎡ 减为 140.00 ㎡")
    distance_m: float | None = Field(None, description="平移或退进的米数")
    bearing_deg: float | None = Field(None, description="平移的方位角，正北为 0，顺时针；退进时为被退进的一边的朝向")
    direction: str | None = Field(None, description="例如：东偏北")
    east_m: float | None = None
    north_m: float | None = None


class LeftRule(BaseModel):
    """A rule that is not passed: it stands in the way, is left after a change, or is not the applicant's to change."""

    rule_id: str
    branch: str | None
    title: str
    severity: str
    outcome: Outcome
    message: str = Field(description="给经办人的话")
    plain: str | None = Field(description="给申请人的话")
    advice: str | None
    office: str | None
    documents: list[str]


class Proposal(BaseModel):
    """Changes that were checked in full together. To take a proposal, put `properties` and `geometry` into the application."""

    id: str = Field(description="同一次答复中的编号，例如 P1")
    rank: int
    effort: float = Field(description="改动大小的分值，小的排在前面；权重是本系统建议")
    title: str
    clerk: str = Field(description="给经办人的话")
    applicant: str = Field(description="给申请人的话")
    verdict: Verdict
    verdict_label: str
    passes: bool
    minimal: bool | None = Field(description="改动再少百分之一（至少一个取整单位）就到不了这个结论；不是数量的改动没有")
    changes: list[Change]
    resolves: list[str] = Field(description="因此不再违反的规则，例如 HB-030")
    left: list[LeftRule] = Field(description="改动以后仍未通过的规则")
    properties: dict[str, Any] = Field(description="改动以后的全部申请属性")
    geometry: dict[str, Any] = Field(description="改动以后的图形，CRS84")


class ProposalList(BaseModel):
    """What would make an application lawful, by effort. Nothing of it is stored."""

    case_no: str | None
    check_id: str | None = Field(description="所依据的已存审查；没有存的申请没有")
    verdict: Verdict = Field(description="按现在的规则包和原样的申请得出的结论")
    verdict_label: str
    reachable: Verdict = Field(description="通过改动能到的最好结论")
    reachable_label: str
    summary: str = Field(description="给经办人的一句话")
    applicant: str = Field(description="给申请人的一句话")
    proposals: list[Proposal] = Field(description="到得了最好结论的改动，小的在前")
    lesser: list[Proposal] = Field(description="更小的改动，结论比现在好，但不是最好")
    needed: list[LeftRule] = Field(description="申请人不能靠改动解决的：缺的资料和数据、成员资格等")
    obstacles: list[LeftRule] = Field(description="没有一种改动能通过时，挡在前面的规则")
    pack: PackRef
    datasets: list[dict[str, Any]]
    valid_on: date
    known_at: datetime
