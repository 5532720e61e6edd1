"""Progress of the rural clean-up: indicators, targets, figures with their roll-up, rankings, trends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.access.guard import GuardedRoute, needs
from api.deps import AppSettings, Db, When
from api.moment import Moment
from api.openapi import problems
from api.progress_schemas import IndicatorList, Rankings, TargetList, Trend, Values
from api.settings import Settings
from layers import progress
from spatial.errors import InputError
from spatial.periods import due_period, month_label, months_before, parse_month
from spatial.progress_pack import Indicator, ProgressPack, load_progress_pack
from spatial.progress_report import ProgressReport

router = APIRouter(prefix="/progress", tags=["整治进度"], route_class=GuardedRoute)

TREND_MONTHS = 24

Code = Annotated[str, Query(description="指标代码，例如 R01", max_length=20)]
Month = Annotated[str | None, Query(description="月份，例如 2026-11，默认本月", max_length=10)]
Town = Annotated[str | None, Query(description="乡镇代码，只看这个乡镇", max_length=20)]


@router.get("/indicators", summary="指标和已有数据的期", response_model=IndicatorList, responses=problems(400, 503))
@needs("progress.view")
def list_indicators(settings: AppSettings, db: Db, when: When) -> dict[str, Any]:
    """Every indicator: what is counted over what, how often, which way is better, what goes wrong."""
    pack = _pack(settings)
    with db.connection() as conn:
        held = progress.reported_periods(conn, known_at=when.known_at)
    entries = [{**each.as_dict(), "periods": _due(held.get(code, ()), each)} for code, each in pack.indicators.items()]
    return {"pack": pack.as_dict(), "indicators": entries}


@router.get("/targets", summary="本县各年目标", response_model=TargetList, responses=problems(400))
@needs("progress.view")
def list_targets(settings: AppSettings, indicator: Annotated[str | None, Query(description="指标代码，默认全部")] = None) -> dict[str, Any]:
    """The targets by year, with source and confidence; those marked `example` are not the county's own."""
    pack = _pack(settings)
    chosen = list(pack.indicators.values()) if indicator is None else [pack.indicator(indicator)]
    entries = [
        {
            "indicator": each.code,
            "title": each.title,
            "pace": pack.paces.get(each.code, "year_end"),
            "targets": [target.as_dict() for target in pack.targets.get(each.code, ())],
        }
        for each in chosen
    ]
    return {"pack": pack.as_dict(), "county_code": settings.county_code, "indicators": entries}


@router.get("/values", summary="村、乡镇、全县的数", response_model=Values, response_model_exclude_unset=True, responses=problems(400, 409, 503))
@needs("progress.view")
def read_values(settings: AppSettings, db: Db, when: When, indicator: Code, period: Month = None, town: Town = None) -> dict[str, Any]:
    """Figures by village, rolled up as Σ numerators ÷ Σ denominators, each with how complete it is."""
    return {**_report(settings, db, when, indicator, period).as_dict(town=town), **_times(when)}


@router.get("/rankings", summary="乡镇排名", response_model=Rankings, response_model_exclude_unset=True, responses=problems(400, 409, 503))
@needs("progress.view")
def read_rankings(settings: AppSettings, db: Db, when: When, indicator: Code, period: Month = None) -> dict[str, Any]:
    """Towns by two decimals of per cent, equal ones sharing a rank; a town that has not fully reported has none."""
    report = _report(settings, db, when, indicator, period)
    return {**report.as_dict(), "towns": report.rankings(), **_times(when)}


@router.get("/trend", summary="一个村、乡镇或全县的走势", response_model=Trend, responses=problems(400, 409, 503))
@needs("progress.view")
def read_trend(
    settings: AppSettings,
    db: Db,
    when: When,
    indicator: Code,
    code: Annotated[str, Query(description="村、乡镇或县代码", max_length=20)],
    first: Annotated[str | None, Query(description="起始月份，默认两年前", max_length=10)] = None,
    last: Annotated[str | None, Query(description="截止月份，默认本月", max_length=10)] = None,
) -> dict[str, Any]:
    """Every due period of the span, reported or not; the change only between fully reported periods."""
    pack = _pack(settings)
    end = parse_month(last or month_label(when.valid_on))
    start = parse_month(first) if first else months_before(end, TREND_MONTHS - 1)
    if not 0 <= (end - start).days < 366 * 50:
        raise InputError(problems=["first：起始月份应在截止月份之前，且不超过五十年"])
    with db.connection() as conn:
        roster = progress.read_roster(conn, valid_on=when.valid_on, known_at=when.known_at, county=_county(settings))
        points = progress.read_trend(conn, indicator, unit=code, span=(start, end), pack=pack, roster=roster, known_at=when.known_at)
    named = {"indicator": indicator, "title": pack.indicator(indicator).title, "code": code, "pack": pack.as_dict()}
    return {**named, **_times(when), "points": [point.as_dict() for point in points]}


def _due(periods: Iterable[date], indicator: Indicator) -> list[str]:
    return [month_label(period) for period in periods if due_period(period, cadence=indicator.cadence) == period]


def _report(settings: Settings, db: Db, when: Moment, indicator: str, period: str | None) -> ProgressReport:
    pack = _pack(settings)
    asked = parse_month(period or month_label(when.valid_on))
    with db.connection() as conn:
        roster = progress.read_roster(conn, valid_on=when.valid_on, known_at=when.known_at, county=_county(settings))
        return progress.read_report(conn, indicator, asked=asked, pack=pack, roster=roster, known_at=when.known_at)


def _pack(settings: Settings) -> ProgressPack:
    return load_progress_pack(county=settings.county_code)


def _county(settings: Settings) -> tuple[str, str]:
    return settings.county_code, settings.county_name


def _times(when: Moment) -> dict[str, Any]:
    return {"valid_on": when.valid_on, "known_at": when.known_at}
