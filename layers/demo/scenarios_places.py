"""Planted cases about the place: lines, water, old villages, hazards, nature. Each stands once; the verdicts are written from the law.

Distances of the law are "not less than": the case at the number itself passes, one a centimetre nearer fails. Pipelines alone forbid the
number itself as well.
"""

from __future__ import annotations

from typing import Any

from layers.demo.scenario import AT_HOME, HOME_VILLAGES, Scenario

_REBUILD = {"build_kind": "rebuild_in_place"}
_HOUSE = {"ZCS": 2, "GHYT": "农村住宅"}


def _line(name: str, verdict: str, reason: str, findings: tuple[str, ...], layer: str, metres: float, /, **attributes: Any) -> Scenario:
    """A clean case but for a feature `metres` from its site."""
    return Scenario(name, verdict, reason, findings, layer=layer, attributes=attributes, distance_m=metres)


def _area(name: str, verdict: str, reason: str, findings: tuple[str, ...], layer: str, /, *, overlap_m: float = 3.0, **attributes: Any) -> Scenario:
    """A house rebuilt in place, in order but for a feature that reaches `overlap_m` into its site."""
    return Scenario(
        name, verdict, reason, findings, stated=AT_HOME, intents=HOME_VILLAGES, ground="0702", layer=layer, attributes=attributes, overlap_m=overlap_m
    )


def _new(name: str, verdict: str, reason: str, findings: tuple[str, ...], layer: str, /, **attributes: Any) -> Scenario:
    """A house on a new site, in order but for a feature that reaches 3 m into it."""
    return Scenario(name, verdict, reason, findings, layer=layer, attributes=attributes, overlap_m=3.0)


_NEW_VILLAGE = {"name": "示例新村（零星）"}

PLACES: tuple[Scenario, ...] = (
    Scenario("no_vacant_land", "needs_approval", "占用园地，须农用地转用；村内没有闲置宅基地和空闲地。", ("HB-005",), ground="0702", part="0201", overlap_m=5.0, idle=False),
    Scenario("new_village_near", "needs_review", "新村规划区内，距乡道建筑控制区外缘 19.99 m（距用地外缘 24.99 m），少于 20 m。", ("HB-041",), road="township", distance_m=24.99, layer="new_village_area", attributes=_NEW_VILLAGE),
    Scenario("new_village_far", "passed", "新村规划区内，距乡道建筑控制区外缘 20.00 m，不少于 20 m。", road="township", distance_m=25.0, layer="new_village_area", attributes=_NEW_VILLAGE),
    _line("high_speed_near", "needs_approval", "村镇居住区内距高速铁路 14.99 m，少于 15 m。", ("HB-042",), "railway", 14.99, **{"class": "high_speed"}),
    _line("high_speed_far", "passed", "村镇居住区内距高速铁路 15.00 m，不少于 15 m。", (), "railway", 15.0, **{"class": "high_speed"}),
    _line("railway_near", "needs_approval", "村镇居住区内距其他铁路 11.99 m，少于 12 m。", ("HB-042",), "railway", 11.99, **{"class": "other"}),
    _line("railway_far", "passed", "村镇居住区内距其他铁路 12.00 m，不少于 12 m。", (), "railway", 12.0, **{"class": "other"}),
    Scenario("railway_suburb_near", "needs_approval", "城市郊区居住区内距高速铁路 11.99 m，少于 12 m。", ("HB-042",), stated={"terrain": "suburb"}, layer="railway", attributes={"class": "high_speed"}, distance_m=11.99),
    Scenario("railway_suburb_far", "passed", "城市郊区居住区内距高速铁路 12.00 m，不少于 12 m。", stated={"terrain": "suburb"}, layer="railway", attributes={"class": "high_speed"}, distance_m=12.0),
    Scenario("railway_open_near", "needs_approval", "居住区以外距高速铁路 19.99 m，少于 20 m。", ("HB-042",), ground="1206", layer="railway", attributes={"class": "high_speed"}, distance_m=19.99),
    Scenario("railway_open_far", "passed", "居住区以外距高速铁路 20.00 m，不少于 20 m。", ground="1206", layer="railway", attributes={"class": "high_speed"}, distance_m=20.0),
    _line("line_110kv_far", "passed", "距 110 千伏线路 10.00 m，不少于 10 m。", (), "power_line", 10.0, kv=110.0),
    _line("line_220kv_near", "refused", "距 220 千伏线路 14.99 m，少于 15 m。", ("HB-043a",), "power_line", 14.99, kv=220.0),
    _line("line_220kv_far", "passed", "距 220 千伏线路 15.00 m，不少于 15 m。", (), "power_line", 15.0, kv=220.0),
    _line("line_500kv_far", "passed", "距 500 千伏线路 20.00 m，不少于 20 m。", (), "power_line", 20.0, kv=500.0),
    Scenario("dense_line_near", "needs_approval", "建制镇内距 10 千伏线路 1.49 m，少于风偏后的 1.5 m。", ("HB-043b",), dense=True, layer="power_line", attributes={"kv": 10.0}, distance_m=1.49),
    Scenario("dense_line_unclear", "needs_approval", "建制镇内距 10 千伏线路 3.00 m，是否足够取决于风偏，须供电企业核定。", dense=True, layer="power_line", attributes={"kv": 10.0}, distance_m=3.0),
    Scenario("dense_line_far", "passed", "建制镇内距 10 千伏线路 5.00 m，不少于一般地区的 5 m。", dense=True, layer="power_line", attributes={"kv": 10.0}, distance_m=5.0),
    _line("other_voltage_near", "needs_review", "距 20 千伏线路 19.99 m，法规没有这个电压的数字，20 m 以内须核对。", ("HB-043d",), "power_line", 19.99, kv=20.0),
    _line("other_voltage_far", "passed", "距 20 千伏线路 20.00 m，在提示范围以外。", (), "power_line", 20.0, kv=20.0),
    _line("cable_near", "refused", "距地下电缆 0.74 m，少于 0.75 m。", ("HB-043c",), "cable", 0.74, kv=10.0),
    _line("cable_far", "passed", "距地下电缆 0.75 m，不少于 0.75 m。", (), "cable", 0.75, kv=10.0),
    _line("pipeline_5", "refused", "距天然气管道中心线 5.00 m，恰在两侧各五米的禁建范围内。", ("HB-044a", "HB-044b"), "pipeline", 5.0, medium="gas"),
    _line("pipeline_501", "needs_review", "距天然气管道中心线 5.01 m，在禁建范围以外，50 m 以内须核对。", ("HB-044b",), "pipeline", 5.01, medium="gas"),
    _line("pipeline_4999", "needs_review", "距输油管道中心线 49.99 m，50 m 以内须核对。", ("HB-044b",), "pipeline", 49.99, medium="oil"),
    _line("pipeline_50", "passed", "距输油管道中心线 50.00 m，在提示范围以外。", (), "pipeline", 50.0, medium="oil"),
    _area("river_touching", "passed", "与河道管理范围相接而不重叠。", (), "river", overlap_m=0.0, kind="river", name="示例支河"),
    _area("dyke", "refused", "占用堤防本身。", ("HB-045b",), "dyke", grade="4"),
    _line("dyke_near", "incomplete", "距堤脚 30.00 m，本省没有设定护堤地宽度，不能排除在护堤地上。", (), "dyke", 30.0, grade="4"),
    _line("dyke_far", "passed", "距堤脚 70.00 m，在护堤地可能的范围以外。", (), "dyke", 70.0, grade="4"),
    _area("flood_storage", "needs_approval", "占用蓄滞洪区，须洪水影响评价。", ("HB-046",), "flood_storage", name="示例蓄滞洪区（零星）"),
    _area("flood_storage_touching", "passed", "与蓄滞洪区相接而不重叠。", (), "flood_storage", overlap_m=0.0, name="示例蓄滞洪区（零星）"),
    _area("reservoir", "refused", "占用水库管理范围。", ("HB-047a",), "reservoir", scale="small", name="示例山塘"),
    _new("historic_core_new", "refused", "历史文化名村核心保护范围内新建住宅。", ("HB-052a",), "historic_village", zone="core", name="示例名村"),
    _area("historic_core_rebuild", "needs_approval", "历史文化名村核心保护范围内拆旧翻建，须经批准并公示。", ("HB-052b",), "historic_village", zone="core", name="示例名村"),
    _area("historic_belt", "needs_approval", "历史文化名村建设控制地带内，须符合保护规划。", ("HB-052c",), "historic_village", zone="belt", name="示例名村"),
    _area("traditional_village", "needs_approval", "传统村落保护范围内，须经审核。", ("HB-053a",), "traditional_village", name="示例传统村落（零星）"),
    _line("tree_near", "needs_review", "距古树树冠 4.99 m，少于 5 m。", ("HB-053b",), "old_tree", 4.99, grade="1", name="香樟"),
    _line("tree_far", "passed", "距古树树冠 5.00 m，不少于 5 m。", (), "old_tree", 5.0, grade="1", name="香樟"),
    _area("hazard_high", "needs_approval", "地质灾害高易发区内，须先作危险性评估。", ("HB-061a",), "hazard", zone="high", kind="滑坡"),
    _area("hazard_medium", "needs_approval", "地质灾害中易发区内，须先作危险性评估。", ("HB-061a",), "hazard", zone="medium", kind="崩塌"),
    _area("hazard_low", "passed", "地质灾害低易发区内，不要求评估。", (), "hazard", zone="low", kind="崩塌"),
    _area("steep", "needs_review", "占用二十五度以上陡坡。", ("HB-062a",), "slope", PDJB="5"),
    _area("fairly_steep", "passed", "占用十五至二十五度坡地，不超过二十五度。", (), "slope", PDJB="4"),
    _area("flood_risk", "needs_review", "在洪涝风险控制线范围内。", ("HB-062b",), "flood_risk", name="示例洪涝风险控制线（零星）"),
    _line("fault_near", "needs_review", "距活动断层 99.99 m，少于 100 m。", ("HB-063a",), "geological_risk", 99.99, kind="fault"),
    _line("fault_far", "passed", "距活动断层 100.00 m，不少于 100 m。", (), "geological_risk", 100.0, kind="fault"),
    _area("mined_out", "needs_review", "占用采空区。", ("HB-063b",), "geological_risk", kind="mined_out"),
    _area("tailings", "needs_review", "在尾矿库下游。", ("HB-063c",), "geological_risk", kind="tailings_downstream"),
    _area("reserve_core", "refused", "自然保护区核心保护区内。", ("HB-070a",), "nature_reserve", zone="core", name="示例保护小区"),
    _area("reserve_general", "needs_approval", "自然保护区一般控制区内。", ("HB-070b",), "nature_reserve", zone="general", name="示例保护小区"),
    _area("scenic_core", "refused", "风景名胜区核心景区内。", ("HB-071a",), "scenic_area", zone="core", name="示例景点"),
    _area("scenic_other", "needs_approval", "风景名胜区其他范围内，须经管理机构审核。", ("HB-071b",), "scenic_area", zone="other", name="示例景点"),
    _area("managed_forest", "needs_approval", "国土调查不是林地，但在林业部门的林地范围内，须林业审核。", ("HB-072b",), "forest", grade="2"),
    _area("forest_touching", "passed", "与林业部门的林地相接而不重叠。", (), "forest", overlap_m=0.0, grade="2"),
    _area("wetland_national", "refused", "占用国家重要湿地。", ("HB-073",), "wetland", level="national", name="示例湿地（零星）"),
    _area("wetland_general", "passed", "占用一般湿地，本规则只管国家重要湿地。", (), "wetland", level="general", name="示例湿地（零星）"),
    _line("fire_gap_near", "needs_review", "距邻近房屋 3.99 m，少于 4 m。", ("HB-084",), "building", 3.99, **_HOUSE),
    _line("fire_gap_far", "passed", "距邻近房屋 4.00 m，不少于 4 m。", (), "building", 4.0, **_HOUSE),
    _area("enforcement_open", "needs_review", "占用未结案的违法图斑，须先处理。", ("HB-091",), "enforcement", year=2025, state="open"),
    _area("enforcement_closed", "passed", "占用的违法图斑已结案。", (), "enforcement", year=2022, state="closed"),
    Scenario("red_line_larger", "refused", "生态保护红线内翻建而扩大用地。", ("HB-003b",), stated=_REBUILD | {"old_plot_area_m2": 139.0}, ground="0702", layer="ecological_redline", attributes={"zone": "other"}, overlap_m=3.0),
    Scenario("red_line_touching", "passed", "与生态保护红线相接而不重叠。", layer="ecological_redline", attributes={"zone": "other"}, overlap_m=0.0),
)  # fmt: skip
