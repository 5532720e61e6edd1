"""One indicator in one month for a whole county, with statuses and ranks; and its course over the months."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np

from spatial.errors import InputError
from spatial.periods import due_period, month_label
from spatial.progress import Figures, Floats, Roster, Units, county, percent, ranks, towns, villages
from spatial.progress_pack import CADENCE_LABELS, Indicator, Mode, ProgressPack
from spatial.progress_status import STATUS_LABELS, basis, judge
from spatial.progress_targets import Goal, goal

MANUAL = "人工判定"

_COMPARE: Mapping[str, Callable[[float, float], bool]] = {"<=": operator.le, "<": operator.lt, ">=": operator.ge, ">": operator.gt}


@dataclass(frozen=True)
class ProgressReport:
    """An indicator in the period that was due last in the month asked for. Shares are 0–1, unrounded."""

    indicator: Indicator
    asked: date
    period: date
    pack: ProgressPack
    goal: Goal | None
    roster: Roster
    villages: Units
    towns: Units
    county: Units
    unlisted: tuple[str, ...]
    synthetic: bool

    @property
    def note(self) -> str | None:
        """Says so where the figures are of an earlier period than the month asked for."""
        if self.period == self.asked:
            return None
        cadence = CADENCE_LABELS[self.indicator.cadence]
        return f"{self.indicator.title}{cadence}报送：{month_label(self.asked)} 没有应报的数，显示最近一期 {month_label(self.period)}。"

    def as_dict(self, *, town: str | None = None) -> dict[str, Any]:
        """Return the report JSON-ready: every figure with its completeness, status and target.

        With a town's code, that town and its villages beside the whole county. Raises InputError for an unknown town.
        """
        if town is not None and town not in self.towns.codes:
            raise InputError(problems=[f"town：应报名单中没有乡镇“{town}”"])
        places = zip(self.roster.town_codes, self.roster.town_names, strict=True)
        of_villages = [
            {"village_code": row.pop("code"), "name": row.pop("name"), "town_code": code, "town": name, **row, **self._mode(row["rate"])}
            for row, (code, name) in zip(self._rows(self.villages), places, strict=True)
        ]
        of_towns = [
            {"town_code": row.pop("code"), **row, "rank": rank} for row, rank in zip(self._rows(self.towns), self._ranks(), strict=True)
        ]
        return {
            "indicator": self.indicator.code,
            "title": self.indicator.title,
            "unit": self.indicator.unit,
            "period": month_label(self.asked),
            "figures_period": month_label(self.period),
            "note": self.note,
            "definition": self.indicator.as_dict(),
            "target": self._target(),
            "county": self._county(),
            "towns": [row for row in of_towns if town in (None, row["town_code"])],
            "villages": [row for row in of_villages if town in (None, row["town_code"])],
            "unlisted": list(self.unlisted),
            "synthetic": self.synthetic,
            "statuses": dict(STATUS_LABELS),
            "pack": self.pack.as_dict(),
        }

    def rankings(self) -> list[dict[str, Any]]:
        """Rank the towns, the best first; towns that have not fully reported stand last and without a rank."""
        rows = zip(self._rows(self.towns), self._ranks(), strict=True)
        named = [{"rank": rank, "town_code": row.pop("code"), **row} for row, rank in rows]
        return sorted(named, key=lambda row: (row["rank"] is None, row["rank"], row["town_code"]))

    def _ranks(self) -> list[int | None]:
        share = basis(self.towns, rollup=self.indicator.rollup)
        return ranks(share, ranked=self.towns.complete & ~np.isnan(share), better=self.indicator.better)

    def _county(self) -> dict[str, Any]:
        row = self._rows(self.county, whole_county=True)[0]
        return {"county_code": row.pop("code"), **row}

    def _target(self) -> dict[str, Any] | None:
        return None if self.goal is None else self.goal.as_dict()

    def _rows(self, units: Units, *, whole_county: bool = False) -> list[dict[str, Any]]:
        judged = judge(units, goal=self.goal, rollup=self.indicator.rollup, whole_county=whole_county)
        share = basis(units, rollup=self.indicator.rollup)
        columns: dict[str, Sequence[Any]] = {
            "code": list(units.codes),
            "name": list(units.names),
            "numerator": numbers(units.numerator),
            "denominator": numbers(units.denominator),
            "rate": numbers(units.rate),
            **({"mean_rate": numbers(units.mean_rate)} if self.indicator.rollup == "mean_and_sum" else {}),
            "rate_label": [percent_label(value) for value in share],
            "reported": units.reported.tolist(),
            "due": units.due.tolist(),
            "completeness": units.completeness,
            "status": list(judged.status),
            "status_label": [STATUS_LABELS[status] for status in judged.status],
            "provisional_status": list(judged.provisional),
            "provisional_label": [STATUS_LABELS[status] for status in judged.provisional],
            "target": [None if self.goal is None or np.isnan(margin) else self.goal.line for margin in judged.margin],
            "margin": numbers(judged.margin),
        }
        return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]

    def _mode(self, rate: float | None) -> dict[str, str | None]:
        modes = self.pack.modes.get(self.indicator.code)
        return {"mode": mode_of(rate, modes)} if modes else {}


@dataclass(frozen=True)
class TrendPoint:
    """One due period of a unit. `change` is in share, and None where either period is not fully reported: other villages, other figure."""

    period: date
    rate: float | None
    reported: int
    due: int
    status: str
    line: float | None
    change: float | None

    def as_dict(self) -> dict[str, Any]:
        """Return the point JSON-ready."""
        return {
            "period": month_label(self.period),
            "rate": self.rate,
            "rate_label": percent_label(np.nan if self.rate is None else self.rate),
            "reported": self.reported,
            "due": self.due,
            "completeness": f"{self.reported}/{self.due}",
            "status": self.status,
            "status_label": STATUS_LABELS[self.status],
            "target": self.line,
            "change": self.change,
        }


def goal_of(pack: ProgressPack, indicator: Indicator, period: date) -> Goal | None:
    """Find the goal of an indicator in a month."""
    targets = pack.targets.get(indicator.code, ())
    return goal(targets, period=period, better=indicator.better, pace=pack.paces.get(indicator.code, "year_end"))


def report(code: str, *, asked: date, pack: ProgressPack, roster: Roster, figures: Figures) -> ProgressReport:
    """Report an indicator. `figures` must be those of `due_period(asked, cadence=…)`, in the roster's order."""
    indicator = pack.indicator(code)
    period = due_period(asked, cadence=indicator.cadence)
    of_villages = villages(roster, figures)
    return ProgressReport(
        indicator,
        asked,
        period,
        pack,
        goal_of(pack, indicator, period),
        roster,
        of_villages,
        towns(roster, of_villages),
        county(roster, of_villages),
        figures.unlisted,
        figures.synthetic,
    )


def trend(code: str, *, unit: str, pack: ProgressPack, roster: Roster, figures: Mapping[date, Figures]) -> tuple[TrendPoint, ...]:
    """Follow one village, town or the county, named by its code, over the due periods given (every one, reported or not)."""
    indicator = pack.indicator(code)
    points: list[TrendPoint] = []
    for period in sorted(figures):
        units, index = _find(unit, roster, figures[period])
        target = goal_of(pack, indicator, period)
        judged = judge(units, goal=target, rollup=indicator.rollup, whole_county=unit == roster.county_code)
        rate = numbers(basis(units, rollup=indicator.rollup))[index]
        reported, due = int(units.reported[index]), int(units.due[index])
        line = None if target is None or target.counts else target.line
        points.append(TrendPoint(period, rate, reported, due, str(judged.status[index]), line, _change(points, rate, reported == due)))
    return tuple(points)


def _change(points: Sequence[TrendPoint], rate: float | None, complete: bool) -> float | None:
    before = points[-1] if points else None
    if before is None or before.rate is None or rate is None or not complete or before.reported != before.due:
        return None
    return rate - before.rate


def _find(unit: str, roster: Roster, figures: Figures) -> tuple[Units, int]:
    of_villages = villages(roster, figures)
    for units in (of_villages, towns(roster, of_villages), county(roster, of_villages)):
        rows = np.flatnonzero(units.codes == unit)
        if len(rows):
            return units, int(rows[0])
    raise InputError(problems=[f"code：应报名单中没有代码“{unit}”"])


def mode_of(rate: float | None, modes: Sequence[Mode]) -> str | None:
    """The treatment a figure proposes: the first mode that fits, 人工判定 where none does, None where nothing was reported."""
    if rate is None:
        return None
    fits = (mode.mode for mode in modes if _COMPARE[mode.op](rate, float(mode.value / Decimal(100))))
    return next(fits, MANUAL)


def percent_label(rate: float) -> str:
    """A share as a planner reads it: `66.67%`, a dash where there is none."""
    return "—" if np.isnan(rate) else f"{percent(rate):.2f}%"


def numbers(values: Floats) -> list[float | int | None]:
    """JSON numbers: None for NaN, whole numbers without a decimal point."""
    return [None if np.isnan(value) else int(value) if value.is_integer() else value for value in values.tolist()]
