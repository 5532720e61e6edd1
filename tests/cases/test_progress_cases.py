"""Progress as sentences: each case is a figure, a target and what a planner has to read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from pydantic import TypeAdapter

from spatial.progress import Figures, Roster, Units, county, percent, villages
from spatial.progress_pack import PACKS, PackFile, load_progress_pack
from spatial.progress_report import mode_of
from spatial.progress_status import judge
from spatial.progress_targets import Entry, Goal, Target, expand, goal
from spatial.rules.yamlfile import read

HERE = Path(__file__).parent


def cases(name: str) -> list[Any]:
    found = yaml.safe_load((HERE / name).read_text(encoding="utf-8"))
    assert len({case["id"] for case in found}) == len(found)
    return [pytest.param(case, id=f"{case['id']} {case['name']}") for case in found]


def targets_of(entry: dict[str, Any]) -> tuple[Target, ...]:
    return expand("R01", [TypeAdapter(Entry).validate_python(entry)], jurisdiction="421223", example=False)


def whole(figures: dict[str, list[float] | None]) -> Units:
    names = np.array(list(figures), dtype=object)
    same = np.full(len(names), "421223100", dtype=object)
    roster = Roster(names, names, same, same, "421223", "某县")
    reported = {name: pair for name, pair in figures.items() if pair is not None}
    aligned = Figures.align(
        roster,
        codes=list(reported),
        numerators=[pair[0] for pair in reported.values()],
        denominators=[pair[1] for pair in reported.values()],
    )
    return county(roster, villages(roster, aligned))


def rounded(rate: float) -> float | None:
    return None if np.isnan(rate) else percent(rate)


@pytest.mark.parametrize("case", cases("progress_rollup.yaml"))
def test_roll_up_and_status(case: dict[str, Any]) -> None:
    units = whole(case["figures"])
    target: Goal | None = None
    if "target" in case:
        target = goal(targets_of(case["target"]), period=date(2026, 12, 1), better=case.get("better", "higher"))
    judged = judge(units, goal=target, rollup=case.get("rollup", "sum_ratio"), whole_county=True)
    seen = {
        "numerator": None if np.isnan(units.numerator[0]) else units.numerator[0],
        "denominator": None if np.isnan(units.denominator[0]) else units.denominator[0],
        "percent": rounded(units.rate[0]),
        "mean_percent": rounded(units.mean_rate[0]),
        "completeness": units.completeness[0],
        "status": judged.status[0],
        "provisional": judged.provisional[0],
        "margin": pytest.approx(judged.margin[0], abs=1e-12),
    }
    assert {key: seen[key] for key in case["expect"]} == case["expect"]


@pytest.mark.parametrize("case", cases("progress_targets.yaml"))
def test_the_line_of_a_year(case: dict[str, Any]) -> None:
    found = [target for target in targets_of(case["entry"]) if target.year == case["year"]]
    expect = case["expect"]
    if expect["lines"] is None:
        assert found == []
        assert goal(targets_of(case["entry"]), period=date(case["year"], 12, 1), better="higher") is None
        return
    lines = [None if line is None else Decimal(line) for line in expect["lines"]]
    assert [found[0].low, found[0].high] == lines
    if "label" in expect:
        assert found[0].label == expect["label"]
    if "gap_to" in expect:
        assert sorted(Decimal(expect["gap_to"]) - line for line in lines if line is not None) == [Decimal(gap) for gap in expect["gap"]]
    if "done" in expect:
        units = whole({"全县": [expect["done"], 5]})
        line = goal(targets_of(case["entry"]), period=date(case["year"], 12, 1), better="higher")
        judged = judge(units, goal=line, rollup="sum_ratio", whole_county=True)
        assert (judged.margin[0], judged.status[0]) == (expect["margin"], expect["status"])


@pytest.mark.parametrize("case", cases("progress_vacancy.yaml"))
def test_the_treatment_a_vacancy_rate_proposes(case: dict[str, Any]) -> None:
    modes = load_progress_pack(county="421223").modes["R13"]
    rate = None if case["figures"] is None else case["figures"][0] / case["figures"][1]
    assert mode_of(rate, modes) == case["mode"]


def test_the_misprinted_courtyard_target_is_kept_with_its_note() -> None:
    """GN-053: printed .85 %, stored as 85 with the note that the source is misprinted."""
    sample = read(PACKS / "samples" / "district-plan.yaml", PackFile)
    found = expand("R10", sample.targets["R10"], jurisdiction=sample.jurisdiction, example=sample.example)
    printed = next(target for target in found if target.year == 2025)
    assert (printed.low, printed.unit, printed.confidence) == (Decimal(85), "%", "S")
    assert "误印" in printed.note


def test_the_parts_of_the_sewage_target_add_up() -> None:
    """GN-043, GN-044 of the sample plan itself: treated and controlled villages are 78."""
    sample = read(PACKS / "samples" / "district-plan.yaml", PackFile)
    found = expand("R05", sample.targets["R05"], jurisdiction=sample.jurisdiction, example=sample.example)
    assert sum(target.low or 0 for target in found if target.kind == "absolute") == 78
