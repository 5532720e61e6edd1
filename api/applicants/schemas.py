"""Applicants as the interface takes and shows them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.iso_times import Day
from layers.applicants import MOST_MEMBERS

Field_ = Literal[
    "name", "sex", "birth", "phone", "identity_number", "registered_address", "address", "bounds", "members"
]
NO_CONTROL = r"^[^\u0000-\u001f\u007f*]*$"
"""One line; a star stands for what was masked, so a masked value is not taken for the real one."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=NO_CONTROL)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=NO_CONTROL)]
Number = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1, max_length=18)]


class Strict(BaseModel):
    """A body without members of its own invention."""

    model_config = ConfigDict(extra="forbid")


class MemberStated(Strict):
    """One member of the household."""

    name: Name = Field(description="姓名")
    relation: Name | None = Field(None, description="与申请人关系")
    birth: Day | None = Field(None, description="出生日期；写了身份证号的可不写")
    identity_number: Number | None = Field(None, description="身份证号")
    registered_address: Line | None = Field(None, description="户口所在地")


class ApplicantStated(Strict):
    """The applicant as the form has them; what is not written is not known."""

    name: Name = Field(description="姓名")
    sex: Literal["男", "女"] | None = Field(None, description="性别；写了身份证号的可不写")
    birth: Day | None = Field(None, description="出生日期；写了身份证号的可不写")
    phone: Number | None = Field(None, description="联系电话")
    identity_number: Number = Field(description="身份证号")
    registered_address: Line | None = Field(None, description="户口所在地")
    address: Line | None = Field(None, description="建房地址")
    bounds: Line | None = Field(None, description="四至")
    members: list[MemberStated] = Field(
        default_factory=list, max_length=MOST_MEMBERS, description="家庭成员（不含申请人）"
    )


class RevealRequest(Strict):
    """A look at what is masked: which fields, and why."""

    reason: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=4, max_length=200, pattern=NO_CONTROL)
    ] = Field(description="为什么要看，写入审计记录")
    fields: list[Field_] | None = Field(None, min_length=1, max_length=9, description="要看的栏目；不写时为全部")


class SearchRequest(Strict):
    """The number looked for; in the body, for addresses are logged."""

    identity_number: Number


class AcceptRequest(Strict):
    """The stored check whose application is accepted (受理)."""

    check_id: UUID


class CloseRequest(Strict):
    """How a case ended (办结)."""

    outcome: Literal["approved", "refused", "withdrawn"] = Field(description="批准、不予批准、撤回")


class MemberShown(BaseModel):
    """One member, masked or in full; of a child below fourteen nothing is shown while masked."""

    name: str | None
    relation: str | None
    birth: str | None
    identity_number: str | None
    registered_address: str | None
    under_14: bool


class ApplicantShown(BaseModel):
    """The applicant of a case. `masked` says whether texts are masked; fields not asked for are None."""

    case_no: str
    masked: bool
    name: str | None = None
    sex: str | None = None
    birth: str | None = None
    phone: str | None = None
    identity_number: str | None = None
    registered_address: str | None = None
    address: str | None = None
    bounds: str | None = None
    members: list[MemberShown] | None = None
    recorded_at: str | None = None
    changed_at: str | None = None
    erased_at: str | None = None


class CaseShown(BaseModel):
    """One application with its applicant, masked. `applicant` is None where none is recorded, or it cannot be read now (see `unreadable`)."""

    case_no: str
    village_code: str | None
    state: Literal["open", "closed"]
    closed_at: str | None
    synthetic: bool
    check_id: str | None
    verdict: str | None
    name: str | None
    phone: str | None
    identity_number: str | None
    members: int | None
    erased: bool


class CaseList(BaseModel):
    """Applications, the newest first; `unreadable` says why some applicants are not shown, if so."""

    total: int
    offset: int
    limit: int
    unreadable: str | None = None
    applications: list[CaseShown]
