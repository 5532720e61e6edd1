"""The shapes of progress answers. Shares (`rate`, `mean_rate`, and `target` and `margin` of a share) are 0–1, unrounded."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.schemas import PackRef

Status = Literal["unreported", "incomplete", "behind", "no_target", "not_applicable", "on_track", "ahead"]

PERIOD = Field(description="月份，例如 2026-11")


class IndicatorEntry(BaseModel):
    """What is counted, and the periods for which figures are held."""

    indicator: str
    title: str
    title_en: str
    numerator: str
    denominator: str
    unit: str
    cadence: Literal["month", "quarter", "half-year", "year"]
    cadence_label: str
    rollup: Literal["sum_ratio", "mean_and_sum"]
    better: Literal["higher", "lower"]
    share: bool
    trap: str
    source: str
    confidence: str
    periods: list[str] = []


class IndicatorList(BaseModel):
    """Every indicator of the pack."""

    pack: PackRef
    indicators: list[IndicatorEntry]


class TargetEntry(BaseModel):
    """One target of one year in its printed unit; without a year, or of kind text, it is shown but never judged by."""

    year: int | None
    kind: str
    op: str
    value: float | None
    value_high: float | None
    unit: str
    ahead: float | None
    label: str
    note: str
    source: str
    confidence: str
    jurisdiction: str
    example: bool = Field(description="示例目标，不是本县文件")
    derived: bool


class Goal(TargetEntry):
    """The target of the month's year, and the line that stands for it in this month."""

    pace: Literal["year_end", "schedule"]
    better: Literal["higher", "lower"]
    line: float
    ahead_line: float | None


class IndicatorTargets(BaseModel):
    """The targets of one indicator."""

    indicator: str
    title: str
    pace: Literal["year_end", "schedule"]
    targets: list[TargetEntry]


class TargetList(BaseModel):
    """The targets that hold in the county."""

    pack: PackRef
    county_code: str
    indicators: list[IndicatorTargets]


class UnitFigures(BaseModel):
    """One unit's figures. Null is not reported (未报), never zero."""

    name: str
    numerator: float | None
    denominator: float | None
    rate: float | None
    mean_rate: float | None = None
    rate_label: str
    reported: int
    due: int
    completeness: str
    status: Status
    status_label: str
    provisional_status: Status = Field(description="只按已报的村看")
    provisional_label: str
    target: float | None
    margin: float | None = Field(description="比目标线好多少，负数为差多少")


class VillageFigures(UnitFigures):
    """A village's figures."""

    village_code: str
    town_code: str
    town: str
    mode: str | None = None


class TownFigures(UnitFigures):
    """A town's figures; only towns that have fully reported are ranked."""

    town_code: str
    rank: int | None


class CountyFigures(UnitFigures):
    """The county's figures."""

    county_code: str


class _Header(BaseModel):
    indicator: str
    title: str
    unit: str
    period: str = PERIOD
    figures_period: str = Field(description="数据所属期：所问月份当时最近一个应报的期")
    note: str | None
    target: Goal | None
    synthetic: bool = Field(description="示例数据")
    pack: PackRef
    valid_on: date
    known_at: datetime


class Values(_Header):
    """An indicator in a month: villages, towns and the county."""

    definition: dict[str, Any]
    county: CountyFigures
    towns: list[TownFigures]
    villages: list[VillageFigures]
    unlisted: list[str] = Field(description="有数但不在应报名单中的村代码")
    statuses: dict[str, str]


class Rankings(_Header):
    """The towns, the best first; shared ranks for equal figures (two decimals)."""

    towns: list[TownFigures]


class TrendEntry(BaseModel):
    """One due period; `change` only between two fully reported periods."""

    period: str
    rate: float | None
    rate_label: str
    reported: int
    due: int
    completeness: str
    status: Status
    status_label: str
    target: float | None
    change: float | None


class Trend(BaseModel):
    """The course of one village, town or the county."""

    indicator: str
    title: str
    code: str
    pack: PackRef
    valid_on: date
    known_at: datetime
    points: list[TrendEntry]
