"""From a sheet of figures to the store: every row is checked first, and one bad row keeps the whole sheet out."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from layers.errors import DatasetRefusedError
from layers.progress import Figure, Recorded, record
from layers.progress_sheets import Cell, Sheet, SheetRow, read_sheet
from spatial.errors import InputError
from spatial.periods import due_period, month_label, parse_month
from spatial.progress import Roster
from spatial.progress_pack import CADENCE_LABELS, Indicator, ProgressPack

MAX_PROBLEMS: Final = 200

_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import did. `blank` rows have neither number: those villages stay not reported. `ignored` are headings not used."""

    recorded: Recorded
    blank: int
    ignored: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome JSON-ready."""
        known = {"new": self.recorded.new, "corrected": self.recorded.corrected, "unchanged": self.recorded.unchanged}
        return {**known, "blank": self.blank, "ignored": list(self.ignored), "known_from": self.recorded.at.isoformat()}


def import_sheet(
    conn: psycopg.Connection[Any], path: Path, *, pack: ProgressPack, roster: Roster, today: date, at: datetime | None = None
) -> Imported:
    """Read, check and record a sheet. Raises DatasetRefusedError naming every bad row; nothing is stored then."""
    sheet = read_sheet(path)
    checker = _Checker(pack, roster, today)
    figures = checker.figures(sheet)
    if checker.problems:
        raise DatasetRefusedError(problems=_shortened(checker.problems))
    recorded = record(conn, figures, source_name=path.name, at=at)
    return Imported(recorded=recorded, blank=len(sheet.rows) - len(figures), ignored=sheet.ignored)


def _shortened(problems: list[str]) -> list[str]:
    more = len(problems) - MAX_PROBLEMS
    return problems if more <= 0 else [*problems[:MAX_PROBLEMS], f"另有 {more} 处"]


@dataclass
class _Checker:
    """Checks rows one by one and collects what is wrong with them."""

    pack: ProgressPack
    roster: Roster
    today: date
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = dict(zip(self.roster.village_codes, self.roster.village_names, strict=True))
        self.indicators = {key: each for code, each in self.pack.indicators.items() for key in (code, each.title)}

    def figures(self, sheet: Sheet) -> list[Figure]:
        """Return the figures of the rows that have any; a village, indicator and period may come once."""
        found: dict[tuple[str, str, date], str] = {}
        figures = []
        for row in sheet.rows:
            figure = self._figure(row)
            if figure is None:
                continue
            key = (figure.village_code, figure.indicator, figure.period)
            if key in found:
                self._problem(row, f"与{found[key]}重复（同一村、同一指标、同一期）")
            found.setdefault(key, row.place)
            figures.append(figure)
        if not figures and not self.problems:
            self.problems.append(f"{sheet.name}：没有一行有数")
        return figures

    def _figure(self, row: SheetRow) -> Figure | None:
        before = len(self.problems)
        self._check_village(row)
        indicator = self._indicator(row)
        period = self._period(row, indicator)
        blank = [column for column in ("numerator", "denominator") if not row[column].text and not row[column].lost]
        if len(blank) == 2:
            return None
        numerator, denominator = self._number(row, "分子", row["numerator"]), self._number(row, "分母", row["denominator"])
        if indicator and numerator is not None and denominator is not None and indicator.share and numerator > denominator:
            self._problem(row, f"分子 {numerator:g} 大于分母 {denominator:g}，而“{indicator.title}”的分子是分母的一部分")
        if len(self.problems) > before or indicator is None or period is None or numerator is None or denominator is None:
            return None
        return Figure(
            village_code=row["village_code"].text, indicator=indicator.code, period=period, numerator=numerator, denominator=denominator
        )

    def _check_village(self, row: SheetRow) -> None:
        code, name = row["village_code"].text, row["village"].text
        if re.search(r"[eE.]", code) and re.fullmatch(r"[\d.eE+]+", code):
            self._problem(row, f"村代码“{code}”被表格软件改成了数字，请把该列设为文本后重填")
        elif not re.fullmatch(r"\d{12}", code):
            self._problem(row, f"村代码“{code}”不是 12 位数字")
        elif code not in self.names:
            self._problem(row, f"村代码 {code} 不在应报名单中")
        elif name and name != self.names[code]:
            self._problem(row, f"村代码 {code} 是“{self.names[code]}”，表中写的是“{name}”")

    def _indicator(self, row: SheetRow) -> Indicator | None:
        text = row["indicator"].text
        indicator = self.indicators.get(text)
        if indicator is None:
            self._problem(row, f"没有指标“{text}”，可用 {'、'.join(self.pack.indicators)}")
        elif row["unit"].text and row["unit"].text != indicator.unit:
            self._problem(row, f"{indicator.code} 的单位是“{indicator.unit}”，表中写的是“{row['unit'].text}”，单位不能混用")
        return indicator

    def _period(self, row: SheetRow, indicator: Indicator | None) -> date | None:
        try:
            period = parse_month(row["period"].text)
        except InputError as error:
            self.problems += [f"{row.place}：{problem}" for problem in error.problems]
            return None
        if period > self.today:
            self._problem(row, f"期数 {month_label(period)} 还没有到")
        elif indicator and due_period(period, cadence=indicator.cadence) != period:
            last = month_label(due_period(period, cadence=indicator.cadence))
            self._problem(row, f"{indicator.code} {CADENCE_LABELS[indicator.cadence]}报送，{month_label(period)} 不是应报的月份（上一期是 {last}）")
        return period

    def _number(self, row: SheetRow, title: str, cell: Cell) -> float | None:
        if cell.lost:
            self._problem(row, f"{title}是公式，但没有计算结果，请打开表格保存一次")
        elif not cell.text:
            self._problem(row, f"{title}空着，另一个数却填了：未报的村两个数都不填")
        elif cell.percent or "%" in cell.text:
            self._problem(row, f"{title}“{cell.text}”是百分数：这里填数量，比率由系统计算")
        elif not _NUMBER.fullmatch(cell.text) and not _is_float(cell.text):
            self._problem(row, f"{title}“{cell.text}”不是数字")
        elif (value := float(cell.text.replace(",", ""))) < 0 or not math.isfinite(value):
            self._problem(row, f"{title} {cell.text} 应是不小于 0 的数")
        else:
            return value
        return None

    def _problem(self, row: SheetRow, message: str) -> None:
        self.problems.append(f"{row.place}：{message}")


def _is_float(text: str) -> bool:
    """Whether the text is a plain float such as 1e-05, as a sheet stores small numbers."""
    return re.fullmatch(r"\d+(\.\d+)?[eE][+-]?\d+", text) is not None
