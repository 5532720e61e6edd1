"""The shapes of runs, overrides and re-checks on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.access.signing import OFFICER_TOLD, UNIT_TOLD
from api.checks.schemas import Report, Verdict

RunKind = Literal["file", "open", "houses", "plan_difference", "backtest"]


class RunEntry(BaseModel):
    """A run over many subjects: what it rests on, how far it is, and what it found so far."""

    id: str
    kind: RunKind
    title: str
    state: Literal["open", "finished"]
    valid_on: date
    known_at: datetime
    pack_version: str
    pack_sha256: str
    versions: dict[str, int] = Field(description="每个图层所用的数据版本")
    draft: dict[str, int] = Field(description="规划比对时用来替换的数据版本")
    total: int
    done: int
    summary: dict[str, Any]
    created_at: datetime
    finished_at: datetime | None


class RunPage(BaseModel):
    """Runs, newest first."""

    total: int
    offset: int
    limit: int
    runs: list[RunEntry]


class RunResult(BaseModel):
    """What came of one subject; `before` is the verdict it is compared with. The report of an application is that of its stored check."""

    position: int
    kind: Literal["application", "building", "parcel", "check"]
    name: str | None
    verdict: str
    verdict_label: str
    before: str | None
    before_label: str | None
    check_id: str | None
    report: dict[str, Any]


class RunResults(BaseModel):
    """Results in the order of their subjects; `next_after` asks for those that follow (null: no more)."""

    run_id: str
    results: list[RunResult]
    next_after: int | None


class RunAccepted(BaseModel):
    """The run that was begun and the job that does it."""

    id: str = Field(description="任务编号")
    state: str
    location: str
    run_id: str
    run_location: str


class PlanDifferenceRequest(BaseModel):
    """The dataset versions that a draft would put in place of those in force; staged ones are allowed, one a layer."""

    model_config = ConfigDict(extra="forbid")
    versions: list[Annotated[int, Field(ge=1, le=2_147_483_647, strict=True)]] = Field(min_length=1, max_length=50)


class OverrideRequest(BaseModel):
    """An officer marks a hit as wrong. Evidence is a text, or the SHA-256 of a file (then `evidence` may name it)."""

    model_config = ConfigDict(extra="forbid")
    rule: str = Field(min_length=1, max_length=100, description="规则和分支，例如 HB-001a")
    feature_id: str | None = Field(None, min_length=1, max_length=200, description="命中的要素；命中不涉及图层时不写")
    reason: str = Field(min_length=1, max_length=2000, pattern=r"\S")
    officer: str | None = Field(None, min_length=1, max_length=60, pattern=r"\S", description=OFFICER_TOLD)
    unit: str | None = Field(None, min_length=1, max_length=100, pattern=r"\S", description=UNIT_TOLD)
    evidence: str | None = Field(None, min_length=1, max_length=4000, description="证据")
    evidence_sha256: str | None = Field(None, pattern="^[0-9a-f]{64}$", description="证据文件的 SHA-256")


class WithdrawRequest(BaseModel):
    """An officer takes a mark back."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(min_length=1, max_length=2000, pattern=r"\S")
    officer: str | None = Field(None, min_length=1, max_length=60, pattern=r"\S", description=OFFICER_TOLD)
    unit: str | None = Field(None, min_length=1, max_length=100, pattern=r"\S", description=UNIT_TOLD)


class OverrideEntry(BaseModel):
    """One act: a hit marked as wrong, or such a mark withdrawn."""

    id: str
    check_id: str
    act: Literal["mark", "withdraw"]
    rule: str
    feature_id: str | None
    withdraws: str | None
    reason: str
    officer: str
    unit: str
    evidence: str | None
    evidence_sha256: str | None
    made_at: datetime
    standing: bool


class Overrides(BaseModel):
    """A check after all acts on it. The stored report never changes; the effective verdict says what follows from the acts."""

    check_id: str
    system_verdict: Verdict
    system_verdict_label: str
    effective_verdict: Verdict
    effective_verdict_label: str
    sentence: str | None
    set_aside: list[str]
    overrides: list[OverrideEntry]


class Ground(BaseModel):
    """One thing that changed since the check was made."""

    kind: Literal["site", "form", "data", "village_types", "pack", "law"]
    text: str


class RecheckAnswer(BaseModel):
    """A new check where something changed, else the old one as it stands (`changed` false)."""

    changed: bool
    message: str
    check_id: str
    previous_id: str | None
    grounds: list[Ground]
    differences: list[dict[str, Any]]
    report: Report


class CheckLine(BaseModel):
    """The line of checks that were made again one out of the other, the oldest first."""

    check_id: str
    latest_id: str
    links: list[dict[str, Any]]
