"""Rule packs: what does not fit is refused with file and line; nearer jurisdictions and later dates override; the checksum sees every byte."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from spatial.errors import PackError
from spatial.plot_limits import TERRAINS
from spatial.rules.pack import PACKS, load_pack

DAY = date(2026, 11, 1)
RULES, NATION, COUNTY = "rules/*.yaml", "parameters/100000.yaml", "parameters/421223.yaml"
"""`RULES` stands for the part that holds the text in question."""


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """A copy of the packs that a test may spoil."""
    return shutil.copytree(PACKS, tmp_path / "packs")


def spoil(packs: Path, file: str, old: str, new: str, *, pack: str = "house-building") -> tuple[str, int]:
    """Replace the first occurrence of a text; return the name of its file and the line it is on."""
    for path in sorted((packs / pack).glob(file)):
        text = path.read_text(encoding="utf-8")
        if old in text:
            path.write_text(text.replace(old, new, 1), encoding="utf-8")
            return path.name, text[: text.index(old)].count("\n") + 1
    raise AssertionError(f"no file has {old!r}")


def refusal(packs: Path, pack: str = "house-building") -> list[str]:
    with pytest.raises(PackError) as caught:
        load_pack(pack, county="421223", folder=packs)
    return caught.value.problems


FAILS = "fails_when: {fact: basic_farmland_m2, op: gt, param: basic_farmland_noise_m2}"
SPOILED = [
    pytest.param(RULES, "severity: reject\n", "severity: reject\n    colour: red\n", "colour", 1, id="an unknown key"),
    pytest.param(RULES, "severity: reject\n", "severity: deadly\n", "severity", 0, id="an unknown severity"),
    pytest.param(RULES, "param: basic_farmland_noise_m2}", "value: 0.5}", "没有单位", None, id="a bare number in a condition"),
    pytest.param(RULES, "param: basic_farmland_noise_m2}", "value: \"0.5\"}", "HB-001a", None, id="a number as text in a condition"),
    pytest.param(RULES, FAILS, "fails_when: {fact: farm_m2, op: gt, param: basic_farmland_noise_m2}", "farm_m2", 0, id="an unknown fact"),
    pytest.param(RULES, "than: plot_limit_m2}", "than: plot_limits}", "plot_limits", 0, id="an unknown fact on the right"),
    pytest.param(RULES, "param: basic_farmland_noise_m2}", "param: noise_m2}", "noise_m2", None, id="an unknown parameter"),
    pytest.param(RULES, "param: basic_farmland_noise_m2}", "param: touching_m}", "touching_m", None, id="a parameter in another unit"),
    pytest.param(RULES, "fact: basic_farmland_m2, op: gt", "fact: basic_farmland_m2, op: above", "op", None, id="an unknown comparison"),
    pytest.param(RULES, "{fact: build_kind, op: eq, value: rebuild_in_place}", "{fact: build_kind, op: gt, value: rebuild_in_place}", "build_kind", 0, id="more than a category"),
    pytest.param(RULES, "measured: housing_guide", "measured: guide", "guide", 0, id="an unknown measured fact"),
    pytest.param(RULES, "{measured}，占地块 {share}", "{measured}，占地块 {part}", "{part}", None, id="an unknown word in a sentence"),
    pytest.param(RULES, "of: [height_m, storeys]", "of: [height_m, floors]", "floors", 0, id="an unknown source of a fact"),
    pytest.param(RULES, "measure: subject_area", "measure: python", "measure", 0, id="an unknown measure"),
    pytest.param(RULES, "code_system: survey", "code_system: survey2009", "survey2009", 0, id="an unknown code system"),
    pytest.param(RULES, "values: [core], known", "values: [kern], known", "kern", 0, id="a value outside the known ones"),
    pytest.param(RULES, "branch: b\n    title: 永久基本农田：边线误差", "branch: a\n    title: 永久基本农田：边线误差", "HB-001a", None, id="a rule twice"),
    pytest.param(RULES, "    message: ", "    title: again\n    message: ", "title", None, id="a repeated key"),
    pytest.param(RULES, "id: HB-001", "id: HB-1", "id", 0, id="a rule id of another form"),
    pytest.param(NATION, "    unit: m2\n", "", "unit", None, id="a number without unit"),
    pytest.param(NATION, "unit: m2", "unit: feet", "unit", 0, id="a number in an unknown unit"),
    pytest.param(NATION, ", citation: {law: 民法典, article: \"1259\", source: 法律原文：不少于包括本数, confidence: A}", "", "citation", 0, id="a number without citation"),
    pytest.param(NATION, "confidence: K}}]", "confidence: Z}}]", "confidence", 0, id="an unknown confidence"),
    pytest.param(NATION, "{key: county, value: 10,", "{value: 10,", "key", None, id="a row of a table without its class"),
    pytest.param(NATION, "{key: township, value: 5,", "{key: county, value: 5,", "road_setback_m", None, id="a class twice on the same day"),
    pytest.param(COUNTY, "  storeys_max:", "  storeys_maximum:", "storeys_maximum", 0, id="a parameter no rule uses"),
    pytest.param(COUNTY, "unit: storey", "unit: m", "storeys_max", None, id="a county's number in another unit"),
    pytest.param(COUNTY, "jurisdiction: \"421223\"", "jurisdiction: 崇阳", "jurisdiction", 0, id="a jurisdiction that is no code"),
    pytest.param(COUNTY, "name:", "name: [", "COUNTY", None, id="broken YAML"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "word", "below"), SPOILED)
def test_a_pack_that_does_not_fit_is_refused_by_file_and_line(packs: Path, file: str, old: str, new: str, word: str, below: int | None) -> None:
    named, line = spoil(packs, file, old, new)
    problems = refusal(packs)
    if below is not None:
        assert any(text.startswith(f"{named}:{line + below} ") and word in text for text in problems), problems
    else:
        assert any(text.startswith(f"{named}:") and text.split(":")[1].split(" ")[0].isdigit() for text in problems), problems
        assert word == "COUNTY" or any(word in text for text in problems), problems


def test_a_rule_without_citation_is_refused(packs: Path) -> None:
    spoil(packs, RULES, "    citations:\n      - {source: 本系统建议的误差界限, confidence: N, note: 法律不设容差}\n", "")
    assert any("citations" in text for text in refusal(packs))


def test_every_problem_of_a_file_is_told_at_once(packs: Path) -> None:
    _, first = spoil(packs, NATION, "unit: m2", "unit: feet")
    _, second = spoil(packs, NATION, "unit: storey", "unit: floors")
    problems = refusal(packs)
    assert [text.split(" ")[0] for text in problems] == [f"100000.yaml:{first}", f"100000.yaml:{second}"]


def test_an_unknown_pack_is_refused() -> None:
    with pytest.raises(PackError):
        load_pack("bridge-building", county="421223")


@pytest.mark.parametrize("name", ["house-building", "village-types"])
def test_the_checksum_changes_with_any_byte_that_can_change_an_answer(packs: Path, name: str) -> None:
    original = load_pack(name, county="421223", folder=packs).sha256
    assert load_pack(name, county="421223").sha256 == original
    root = packs / name
    files = [path for path in [*root.rglob("*.yaml"), *(packs / "codes").glob("*.yaml")] if path.stem in ("100000", "420000", "421223") or path.parent.name != "parameters"]
    assert len(files) >= 4
    seen = {original}
    for path in files:
        path.write_bytes(path.read_bytes() + b"\n")
        load_pack.__globals__["_load"].cache_clear()
        seen.add(load_pack(name, county="421223", folder=packs).sha256)
    assert len(seen) == len(files) + 1


def test_another_countys_file_does_not_change_the_checksum(packs: Path) -> None:
    original = load_pack("house-building", county="421223", folder=packs).sha256
    path = packs / "house-building/parameters/330800.yaml"
    path.write_bytes(path.read_bytes() + b"\n")
    load_pack.__globals__["_load"].cache_clear()
    assert load_pack("house-building", county="421223", folder=packs).sha256 == original


PARAMETER = """jurisdiction: "{code}"
name: 试
parameters:
  height_max_m:
    title: 建筑总高度上限
    unit: m
    rows:
{rows}
  road_setback_m:
    title: 公路建筑控制区宽度
    unit: m
    keyed_by: class
    rows: [{{key: village, value: {village}, citation: {{source: 试, confidence: N}}}}]
"""


def row(value: float, start: str | None = None, end: str | None = None) -> str:
    dates = "".join(f", {name}: {day}" for name, day in (("valid_from", start), ("valid_to", end)) if day)
    return f"      - {{value: {value}{dates}, citation: {{source: 试, confidence: N}}}}"


@pytest.fixture
def overridden(packs: Path) -> Path:
    """A province that sets 11 m, and a county that sets 10 m from 2026 on and 9 m from 2027 on."""
    folder = packs / "house-building/parameters"
    (folder / "420000.yaml").write_text(PARAMETER.format(code="420000", rows=row(11), village=3), encoding="utf-8")
    rows = "\n".join([row(10, "2026-01-01", "2026-12-31"), row(9, "2027-01-01")])
    text = PARAMETER.format(code="421223", rows=rows, village=4)
    county = (folder / "421223.yaml").read_text(encoding="utf-8")
    (folder / "421223.yaml").write_text(county + text[text.index("  height_max_m") :], encoding="utf-8")
    return packs


@pytest.mark.parametrize(
    ("county", "day", "metres", "setter"),
    [
        ("421223", date(2025, 12, 31), 11, "420000"),
        ("421223", date(2026, 1, 1), 10, "421223"),
        ("421223", date(2026, 12, 31), 10, "421223"),
        ("421223", date(2027, 1, 1), 9, "421223"),
        ("421202", date(2027, 1, 1), 11, "420000"),
        ("330800", date(2027, 1, 1), 12, "100000"),
    ],
)
def test_the_nearest_jurisdiction_in_force_on_the_day_sets_a_number(overridden: Path, county: str, day: date, metres: float, setter: str) -> None:
    found = load_pack("house-building", county=county, folder=overridden).parameter("height_max_m", day)
    assert (found.number(), found.single and found.single.jurisdiction) == (metres, setter)


def test_a_table_is_overridden_class_by_class(overridden: Path) -> None:
    def setbacks(county: str) -> dict[str | None, tuple[object, str]]:
        found = load_pack("house-building", county=county, folder=overridden).parameter("road_setback_m", DAY)
        return {value.row.key: (value.value, value.jurisdiction) for value in found.values}

    assert setbacks("421223")["village"] == (4, "421223")
    assert setbacks("421202")["village"] == (3, "420000")
    assert setbacks("421223")["county"] == setbacks("421202")["county"] == (10, "100000")


@pytest.mark.parametrize(("name", "day", "there"), [("road_setback_m", date(2011, 6, 30), 1), ("road_setback_m", date(2011, 7, 1), 6), ("power_line_setback_m", date(1998, 1, 6), 0), ("power_line_setback_m", date(1998, 1, 7), 5)])
def test_a_number_of_law_holds_from_its_day_on(name: str, day: date, there: int) -> None:
    assert len(load_pack("house-building", county="421223").parameter(name, day).values) == there


def ranges_are_whole(spans: list[tuple[float, float]], step: float) -> bool:
    """Whether ranges cover everything from nothing to infinity without a gap wider than a step."""
    reach = 0.0
    for low, high in sorted(spans):
        if low > reach + step:
            return False
        reach = max(reach, high)
    return reach == float("inf")


def test_limits_by_persons_or_farmland_leave_no_gap() -> None:
    """Where rows go by a range that may not be known, some row must hold whatever it is."""
    limits = load_pack("house-building", county="421223").limits
    by_place: dict[tuple[str, str, tuple[str, ...]], list[tuple[float, float]]] = {}
    whole: Callable[[float | None, float], float] = lambda value, other: other if value is None else value  # noqa: E731
    for item in limits:
        for terrain in item.terrain or TERRAINS:
            key = (item.province, item.applies_to, (terrain, *item.land))
            farmland = (whole(item.farmland_from_m2, 0.0), whole(item.farmland_to_m2, float("inf")))
            persons = (whole(item.persons_from, 0.0), whole(item.persons_to, float("inf")))
            by_place.setdefault(key, []).append(farmland if farmland != (0.0, float("inf")) else persons)
    broken = {key for key, spans in by_place.items() if not ranges_are_whole(spans, 1.0)}
    assert broken == set()
