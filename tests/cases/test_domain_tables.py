"""The pack against the domain tables: every rule of the table is checked, every distance is the table's."""

from __future__ import annotations

import csv
import re
from datetime import date
from pathlib import Path

import pytest

from spatial.rules.model import RuleSpec
from spatial.rules.pack import load_pack

pytestmark = pytest.mark.shared
DAY = date(2026, 11, 1)
NATION, ZHEJIANG, SHANDONG, HENAN, ANHUI, NINGXIA = "421223", "330100", "370100", "410100", "340100", "640100"
BUILT = tuple(f"HB-0{group}" for group in "4567")


def rows(shared_dir: Path, name: str) -> list[dict[str, str]]:
    with (shared_dir / "domain" / "tables" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_rule_of_the_table_about_ground_is_checked_with_its_severity(shared_dir: Path) -> None:
    """A rule the table has whole may be checked in branches; then one of them has the table's severity."""
    main = load_pack("house-building", county=NATION).main
    built = {(rule.id, rule.branch): rule.severity for rule in main.rules}
    wanted = [row for row in rows(shared_dir, "house_building_rules.csv") if row["rule_id"].startswith(BUILT)]
    assert len(wanted) > 30
    for row in wanted:
        key, severity = (row["rule_id"], row["branch"] or None), row["severity"].lower()
        found = [built[key]] if key in built else [have for (rule, _), have in built.items() if rule == row["rule_id"] and not row["branch"]]
        assert severity in found, (key, severity, found)
    assert not [rule for rule in main.not_built if rule.id.startswith(BUILT)]  # type: ignore[union-attr]


GRADES = {"一级堤防": ["1"], "二、三级堤防": ["2", "3"], "四、五级堤防": ["4", "5"], "各级": ["1", "2", "3", "4", "5"], "各型": ["large", "medium", "small"]}
ROADS = {"高速公路": "expressway", "国道": "national", "省道": "provincial", "县道": "county", "乡道": "township", "村道": "village"}
RAILS = {"高速铁路": "high_speed", "其他铁路": "other"}
PLACES = {"城市郊区居民居住区": "suburb", "村镇居民居住区": "village", "其他地区": "elsewhere"}
COUNTIES = {"全国": NATION, "浙江": ZHEJIANG, "山东": SHANDONG, "河南": HENAN, "安徽": ANHUI, "宁夏": NINGXIA}
LEFT_OUT = {
    "公路弯道内侧、互通、平交道口": "no number in the law", "水库大坝管理范围": "no layer tells dams apart", "水库大坝保护范围": "less than that of the reservoir",
    "防火间距": "not a rule of these groups", "消防车道": "not a rule of these groups",
}  # fmt: skip


def named(row: dict[str, str]) -> tuple[str, list[str | float | None]]:
    """The parameter a row of the table stands in, and the classes it is for."""
    subject, kind = row["subject"], row["class"]
    if subject == "公路建筑控制区":
        return "road_setback_m", [ROADS[kind]]
    if subject == "新建村镇距公路":
        return "new_village_gap_m", [ROADS[name] for name in kind.split("、")]
    if subject == "铁路线路安全保护区":
        return "railway_setback_m", [f"{PLACES[row['condition']]}.{RAILS[kind]}"]
    if subject.startswith("架空电力线路"):
        volts = kind.replace("kV", "").replace("及以下", "").strip()
        return ("power_line_dense_m" if "风偏" in subject else "power_line_setback_m"), [float(part) for part in volts.split("-")]
    grades: list[str | float | None] = [*GRADES.get(kind, [])]
    single = {"地下电缆保护区": "cable_setback_m", "活动断层": "fault_distance_m"}
    if subject == "油气管道":
        return ("pipeline_ban_m" if row["severity"] == "REJECT" else "pipeline_dense_m"), [None]
    if subject in single:
        return single[subject], [None]
    if subject == "古树名木":
        return "tree_margin_m", ["1", "2", "3", "famous"]
    return {"堤防管理范围": "dyke_land_width_m", "护堤地": "dyke_land_width_m", "堤防保护范围": "dyke_protection_m",
            "水库库区保护范围": "reservoir_protection_m"}[subject], grades  # fmt: skip


def test_every_distance_of_the_table_stands_in_the_pack(shared_dir: Path) -> None:
    seen = 0
    for row in rows(shared_dir, "setbacks.csv"):
        if row["subject"] in LEFT_OUT or row["condition"] == "城市市区":
            continue
        name, classes = named(row)
        resolved = load_pack("house-building", county=COUNTIES[row["jurisdiction"]]).parameter(name, DAY)
        for wanted in classes:
            if resolved.keyed_by == "range":
                found = [value.value for value in resolved.values if value.row.low <= wanted <= value.row.high][-1]  # type: ignore[operator]
            else:
                (found,) = [value.value for value in resolved.values if value.row.key == wanted]
            assert found == float(row["distance_m"]), (row, wanted)
            seen += 1
    assert seen > 50


OTHERWISE = {
    "HB-008a": "the table lets pass what lies in the zone of concentrated building; here what lies in no zone at all is looked at",
    "HB-010": "a cell of the matrix that says NO weighs by kind of building and storeys",
    "HB-093": "told of by itself; what a missing layer means for the verdict follows from the rules that need it",
}
"""Rows whose severity is otherwise in the pack, with the ground."""


def rules_of(row: dict[str, str]) -> list[RuleSpec]:
    """The pack's rule for a row of the table, or all its branches where the table has none."""
    mine = [rule for rule in load_pack("house-building", county=NATION).main.rules if rule.id == row["rule_id"]]
    same = [rule for rule in mine if rule.branch == (row["branch"] or None)]
    return same or mine  # type: ignore[return-value]


def test_every_row_of_the_table_is_a_rule_of_its_severity(shared_dir: Path) -> None:
    for row in rows(shared_dir, "house_building_rules.csv"):
        assert rules_of(row), row["rule_id"]
        severity = row["severity"].lower()
        same = severity in [rule.severity for rule in rules_of(row)]
        assert same != (row["rule_id"] + row["branch"] in OTHERWISE), (row["rule_id"], row["branch"], severity)
    assert not load_pack("house-building", county=NATION).main.not_built  # type: ignore[union-attr]


def test_a_form_left_empty_comes_to_what_the_table_says_or_worse(shared_dir: Path) -> None:
    """Worse only where the rule itself is graver: leaving out the number of storeys must not be better than stating too many."""
    grave = ["reject", "approval", "correct", "warn"]
    for row in rows(shared_dir, "house_building_rules.csv"):
        if row["on_missing"] == "CORRECT":
            for rule in rules_of(row):
                effect = min(grave.index(severity) for severity in (rule.severity, rule.on_missing) if severity)
                assert effect == min(grave.index("correct"), grave.index(rule.severity)), rule.key


def test_every_default_of_the_table_is_the_packs_number(shared_dir: Path) -> None:
    homes = {"HB-034b": HENAN}
    codes = {"HB-007a": ["0703", "070301", "070302", "16"], "HB-007b": ["16"]}
    seen = 0
    for row in rows(shared_dir, "house_building_rules.csv"):
        key = row["rule_id"] + row["branch"]
        try:
            wanted = float(row["default_value"]) * (0.01 if row["unit"] == "%" else 1.0)
        except ValueError:
            continue
        pack = load_pack("house-building", county=homes.get(key, NATION))
        if key in codes:
            (fact,) = [pack.main.facts[leaf.fact or ""] for rule in rules_of(row) for leaf in rule.comparisons]
            assert list(fact.where[0].values) == codes[key]
            continue
        leaves = [leaf for rule in rules_of(row) for leaf in (*(rule.applies_when.comparisons() if rule.applies_when else ()), *rule.comparisons)]
        specs = [pack.main.facts[leaf.fact or ""] for leaf in leaves]
        names = {name for leaf in leaves for name in (leaf.param,) if name} | {spec.parameter for spec in specs if spec.parameter}
        numbers = {float(value.value) for name in names for value in pack.parameter(name, DAY).values if isinstance(value.value, (int, float))}
        if key == "HB-062":
            assert next(spec.where[0].values for spec in specs if spec.where) == ("5",), "class 5 of the slope map is over 25°"
            continue
        assert wanted in numbers, (key, wanted, names, numbers)
        seen += 1
    assert seen > 45


HOMES = {"汕尾": ("441500",), "汕尾; 衢州": ("441500", "330800"), "河南": ("410000",), "广西": ("450000",)}
EVERYWHERE_WITH_A_WORD = {
    "HB-008a": "a proposal", "HB-008b": "said to be a rule from elsewhere, which a county confirms", "HB-008c": "as before", "HB-009": "once a county sets its date",
    "HB-010": "the guide of one district, which a county may change", "HB-031": "no footprint is larger than its plot; the number of 江苏 stands there",
    "HB-034a": "with the place's own number", "HB-035a": "with the place's own number", "HB-036": "where a place has set it", "HB-038": "where a place has set it",
    "HB-047a": "the line that the water authority drew", "HB-062": "a warning; 汕尾 bans it", "HB-063": "a warning", "HB-085": "where a place has set it",
}  # fmt: skip


def test_rules_of_one_place_hold_there_alone_or_say_why_not(shared_dir: Path) -> None:
    for row in rows(shared_dir, "house_building_rules.csv"):
        key = row["rule_id"] + row["branch"]
        held = {rule.jurisdictions for rule in rules_of(row)}
        if row["jurisdiction"] in HOMES:
            assert held == {HOMES[row["jurisdiction"]]} or key in EVERYWHERE_WITH_A_WORD, key
        elif row["jurisdiction"] in ("全国", "默认"):
            assert () in held, key
        else:
            assert key in EVERYWHERE_WITH_A_WORD or held == {("330000",)}, (key, held)


def test_every_rule_cites_the_laws_and_articles_of_the_table(shared_dir: Path) -> None:
    for row in rows(shared_dir, "house_building_rules.csv"):
        citations = [citation for rule in rules_of(row) for citation in rule.citations]
        laws = "；".join(citation.law or "" for citation in citations)
        articles = {number for citation in citations for number in (citation.article or "").split("、")}
        for law in filter(None, row["law"].split("; ")):
            assert law.replace("(", "（").replace(")", "）") in laws, (row["rule_id"], law)
        assert set(re.findall(r"\d+", row["article"])) <= articles, row["rule_id"]


NOT_TOLD = {
    "AL-003": "wasteland", "AL-014": "as the province", "AL-015": "as the province", "AL-016": "as the province", "AL-022": "vacant land in the village",
    "AL-023": "older rule", "AL-024": "older rule", "AL-025": "older rule", "AL-026": "older rule", "AL-029": "old homesteads", "AL-031": "wasteland",
    "AL-034": "saline land", "AL-035": "hill country with the village in the plain", "AL-036": "poor slopes", "AL-040": "wasteland", "AL-044": "a ratio: HB-031",
    "AL-060": "which districts is not known", "AL-065": "poor slopes", "AL-070": "irrigated or dry", "AL-071": "irrigated or dry", "AL-073": "pastoral districts",
    "AL-074": "irrigated or dry", "AL-075": "irrigated or dry", "AL-076": "slopes", "AL-083": "a range", **{f"AL-0{number}": "no reliable figure" for number in range(84, 92)},
}  # fmt: skip


def test_every_area_limit_of_the_table_stands_in_the_pack_or_is_left_out_with_a_ground(shared_dir: Path) -> None:
    mine = {limit.id: limit for limit in load_pack("house-building", county=NATION).limits}
    table = {row["row_id"]: row for row in rows(shared_dir, "area_limits.csv")}
    assert set(mine) == set(table) - set(NOT_TOLD)
    for key, limit in mine.items():
        row = table[key]
        stated = (limit.max_m2, limit.per_person_m2, limit.bonus_m2 or None, limit.clamp_from, limit.clamp_to)
        columns = ("max_m2", "per_person_m2", "bonus_m2", "persons_min", "persons_max")
        assert [float(value) if value is not None else None for value in stated] == [float(row[name]) if row[name] else None for name in columns], key
        assert (limit.valid_from.isoformat() if limit.valid_from else "") == row["valid_from"]
        assert limit.citation.confidence == row["confidence"]
        assert limit.applies_to == {"house footprint": "house", "floor area": "floor"}.get(row["applies_to"], "plot")
