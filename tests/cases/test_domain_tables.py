"""The pack against the domain tables: every rule of the table is checked, every distance is the table's."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest

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
