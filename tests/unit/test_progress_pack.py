"""The progress pack is refused with file and line of everything wrong in it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from spatial.errors import InputError, PackError
from spatial.progress_pack import PACKS, PackFile, ProgressPack, load_progress_pack
from spatial.progress_targets import goal
from spatial.rules.yamlfile import read

NATION = """\
pack: progress
version: "1"
jurisdiction: "100000"
title: 指标
indicators:
  R01:
    title: 户厕
    title_en: Toilets
    numerator: 有的户
    denominator: 户
    unit: 户
    cadence: month
    rollup: sum_ratio
    better: higher
    share: true
    trap: 无
    source: 方案
    confidence: S
"""
COUNTY = """\
pack: progress
version: "2"
jurisdiction: "421223"
title: 目标
targets:
  R01:
    - {year: 2026, kind: rate, op: ">=", value: 85, unit: "%", source: 方案, confidence: N}
"""
ROW = '{year: 2026, kind: rate, op: ">=", value: 85, unit: "%", source: 方案, confidence: N}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "100000.yaml").write_text(NATION, encoding="utf-8")
    (tmp_path / "421223.yaml").write_text(COUNTY, encoding="utf-8")
    return tmp_path


def test_every_indicator_of_the_pack_has_its_definition_and_source() -> None:
    pack = load_progress_pack(county="421223")
    assert set(pack.indicators) == {"R01", "R03", "R05", "R09", "R10", "R13", "R15a", "R15b"}
    assert [code for code, each in pack.indicators.items() if each.better == "lower"] == ["R13"]
    assert [code for code, each in pack.indicators.items() if each.rollup == "mean_and_sum"] == ["R09"]
    assert pack.indicators["R05"].unit == "自然村"


def test_every_target_of_the_county_is_marked_as_an_example() -> None:
    pack = load_progress_pack(county="421223")
    targets = [target for rows in pack.targets.values() for target in rows]
    assert set(pack.targets) == set(pack.indicators)
    assert {(target.example, target.confidence, target.source[:2]) for target in targets} == {(True, "N", "示例")}


def test_a_county_without_a_file_has_indicators_and_no_targets() -> None:
    pack = load_progress_pack(county="421122")
    assert set(pack.indicators) and not pack.targets


def test_the_sample_of_a_district_plan_is_valid() -> None:
    assert set(read(PACKS / "samples" / "district-plan.yaml", PackFile).targets) == {"R01", "R03", "R05", "R09", "R10"}


def test_a_pack_is_known_by_version_and_checksum_of_its_files(folder: Path) -> None:
    first = load_progress_pack(county="421223", folder=folder)
    assert first.as_dict()["version"] == "100000@1+421223@2"
    (folder / "421223.yaml").write_text(COUNTY.replace("85", "86"), encoding="utf-8")
    load_progress_pack.cache_clear()
    assert load_progress_pack(county="421223", folder=folder).sha256 != first.sha256


def test_a_county_may_count_in_another_unit(folder: Path) -> None:
    (folder / "421223.yaml").write_text(COUNTY + "overrides:\n  R01: {unit: 座, source: 县文件, confidence: B}\n", encoding="utf-8")
    changed = load_progress_pack(county="421223", folder=folder).indicators["R01"]
    assert (changed.unit, changed.source, changed.confidence, changed.cadence) == ("座", "县文件", "B", "month")


@pytest.mark.parametrize(
    ("wrong", "line", "words"),
    [
        (COUNTY.replace(', unit: "%"', ""), 7, "unit"),
        (COUNTY.replace(", source: 方案", ""), 7, "source"),
        (COUNTY.replace("source: 方案", 'source: ""'), 7, "source"),
        (COUNTY.replace("confidence: N", "confidence: Z"), 7, "confidence"),
        (COUNTY.replace("value: 85", 'value: "85 %"'), 7, "应是数字"),
        (COUNTY.replace("value: 85", "value: true"), 7, "应是数字"),
        (COUNTY.replace('unit: "%"', "unit: 户"), 7, "单位"),
        (COUNTY.replace("year: 2026", "jahr: 2026"), 7, "jahr"),
        (COUNTY.replace('op: ">="', 'op: "!="'), 7, "op"),
        (COUNTY.replace('op: ">="', 'op: "<="'), 7, "方向"),
        (COUNTY.replace("kind: rate", "kind: ratio"), 7, "kind"),
        (COUNTY.replace("R01", "R99"), 6, "没有这个指标"),
        (COUNTY.replace('"421223"', '"421224"'), 3, "文件名"),
        (COUNTY.replace("title: 目标", "titel: 目标"), 4, "titel"),
        (COUNTY.replace("title: 目标", "title: 目标\ntitle: 目标"), 5, "重复"),
        (COUNTY.replace(ROW, "{year: 2026, kind: band, low: 90, high: 80, unit: '%', source: 方案, confidence: N}"), 7, "low"),
        (COUNTY.replace(ROW, "{kind: increment_per_year, base_year: 2026, base: 1, step: 1, years: [2026], unit: '%', source: 方案, confidence: N}"), 7, "base_year"),
        (COUNTY.replace(ROW, "{kind: text, source: 方案, confidence: N}"), 7, "note"),
        (COUNTY + "modes:\n  R01:\n    - {op: '<=', value: 30, mode: 整治, source: 方案, confidence: N}\n", 10, "unit"),
        (COUNTY + "overrides:\n  R01: {unit: 座, confidence: N}\n", 9, "source"),
    ],
)
def test_a_mistake_is_named_by_file_and_line(folder: Path, wrong: str, line: int, words: str) -> None:
    (folder / "421223.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(PackError) as refused:
        load_progress_pack(county="421223", folder=folder)
    assert any(problem.startswith(f"421223.yaml:{line} ") and words in problem for problem in refused.value.problems), refused.value.problems


def test_only_the_nation_defines_indicators(folder: Path) -> None:
    (folder / "421223.yaml").write_text(NATION.replace("100000", "421223"), encoding="utf-8")
    with pytest.raises(PackError, match="overrides"):
        load_progress_pack(county="421223", folder=folder)


def test_all_mistakes_of_all_files_are_told_at_once(folder: Path) -> None:
    (folder / "100000.yaml").write_text(NATION.replace("unit: 户\n", "").replace("    unit", "unit"), encoding="utf-8")
    (folder / "421223.yaml").write_text(COUNTY.replace(', unit: "%"', ""), encoding="utf-8")
    with pytest.raises(PackError) as refused:
        load_progress_pack(county="421223", folder=folder)
    assert {problem.split(":")[0] for problem in refused.value.problems} == {"100000.yaml", "421223.yaml"}


def test_an_unknown_indicator_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"R99.*R01"):
        load_progress_pack(county="421223").indicator("R99")


def line(pack: ProgressPack, code: str, period: date) -> float:
    found = goal(pack.targets[code], period=period, better=pack.indicators[code].better, pace=pack.paces.get(code, "year_end"))
    assert found is not None
    return found.line


def test_by_schedule_the_line_rises_month_by_month_to_the_years_target() -> None:
    pack = load_progress_pack(county="421223")
    assert line(pack, "R03", date(2026, 12, 1)) == pytest.approx(0.96)
    assert line(pack, "R03", date(2026, 6, 1)) == pytest.approx(0.94)
    assert line(pack, "R03", date(2025, 12, 1)) == pytest.approx(0.92)
    assert line(pack, "R15b", date(2026, 1, 1)) == pytest.approx(0.80)  # judged by the year's end alone


def test_by_schedule_the_first_year_with_a_target_is_judged_by_its_end() -> None:
    pack = load_progress_pack(county="421223")
    assert line(pack, "R03", date(2023, 1, 1)) == pytest.approx(0.80)


def test_a_target_of_another_year_is_never_used() -> None:
    pack = load_progress_pack(county="421223")
    assert goal(pack.targets["R03"], period=date(2028, 1, 1), better="higher", pace="schedule") is None


def test_a_share_target_goes_before_a_count_of_the_same_year() -> None:
    pack = load_progress_pack(county="421223")
    share = pack.targets["R01"][0]
    count = share.__class__(**{**share.__dict__, "unit": "户", "low": Decimal(5500)})
    found = goal([count, share], period=date(2023, 12, 1), better="higher")
    assert found is not None and not found.counts
