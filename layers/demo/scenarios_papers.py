"""Planted cases about the form: the household, the design, the procedure. Each stands once; the verdicts are written from the law."""

from __future__ import annotations

from typing import Any

from layers.demo.scenario import AT_HOME, HOME_VILLAGES, MOVE, SIDES, Scenario


def _form(name: str, verdict: str, reason: str, *findings: str, **stated: Any) -> Scenario:
    """A clean case but for what the form states."""
    return Scenario(name, verdict, reason, findings, stated=stated)


def _home(name: str, verdict: str, reason: str, *findings: str, **stated: Any) -> Scenario:
    """A house rebuilt in place, in order but for what the form states."""
    return Scenario(name, verdict, reason, findings, stated=AT_HOME | stated, intents=HOME_VILLAGES, ground="0702")


def _sides(text: str) -> dict[str, str]:
    return dict.fromkeys(SIDES, text)


PAPERS: tuple[Scenario, ...] = (
    _home("sold_before", "refused", "曾出卖住宅后再申请。", "HB-022", was_transferred=True),
    Scenario("twice_first", "needs_correction", "同一户有两件在办申请（之一）。", ("HB-025",), household="T0001"),
    Scenario("twice_second", "needs_correction", "同一户有两件在办申请（之二）。", ("HB-025",), household="T0001"),
    Scenario("overlap_04_first", "passed", "与另一件在办申请重叠 0.40 ㎡，在误差以内（之一）。"),
    Scenario("overlap_04_second", "passed", "与另一件在办申请重叠 0.40 ㎡，在误差以内（之二）。", beside_m=0.04),
    Scenario("overlap_06_first", "needs_correction", "与另一件在办申请重叠 0.60 ㎡（之一）。", ("HB-025",)),
    Scenario("overlap_06_second", "needs_correction", "与另一件在办申请重叠 0.60 ㎡（之二）。", ("HB-025",), beside_m=0.06),
    _home("footprint_whole", "passed", "房基占地与宅基地面积相等，不超过。", footprint_area_m2=140.0),
    _home("footprint_over", "needs_correction", "房基占地 140.10 ㎡ 超过宅基地面积 140.00 ㎡。", "HB-031", footprint_area_m2=140.1),
    Scenario("stated_off_little", "passed", "申报面积与图形相差不到 1%。", stated={"plot_area_m2": 64.5}, size=(8.0, 8.0)),
    _form("eaves_at_limit", "needs_review", "檐口高度 10.00 m 恰为上限；层高偏大。", "HB-035c", storeys=3, height_m=10.4, eaves_height_m=10.0),
    _form("height_at_limit", "needs_review", "总高度 12.00 m 恰为上限；层高偏大。", "HB-035c", storeys=3, height_m=12.0, eaves_height_m=9.8),
    _form("storey_height_at_limit", "passed", "平均层高 3.30 m，恰为上限。", height_m=6.6, eaves_height_m=6.2),
    _form("stilt_221", "needs_review", "架空层高 2.21 m，超过 2.2 m，计为一层；计入后三层，不超过上限。", "HB-036", stilt_height_m=2.21),
    _form("stilt_220", "passed", "架空层高 2.20 m，不计层。", stilt_height_m=2.2),
    _form("stilt_counts", "refused", "三层加 2.50 m 架空层，计为四层，超过上限三层。", "HB-034a", "HB-036", storeys=3, height_m=9.6, eaves_height_m=9.0, stilt_height_m=2.5),
    _home("wall_151", "needs_correction", "围墙高 1.51 m，超过 1.5 m。", "HB-038", wall_height_m=1.51),
    _home("wall_150", "passed", "通透围墙高 1.50 m，在宅基地以内。", wall_height_m=1.5),
    _home("wall_solid", "needs_correction", "围墙不通透。", "HB-038", wall_height_m=1.2, wall_see_through=False),
    _home("wall_outside", "needs_correction", "围墙在批准的宅基地以外。", "HB-038", wall_height_m=1.2, wall_inside_plot=False),
    _home("local_conditions", "needs_review", "不符合分户等地方条件。", "HB-024", local_conditions_met=False),
    _form("no_design_two_storeys", "needs_correction", "二层住宅没有设计图纸。", "HB-037", design_source="none"),
    _home("no_design_one_storey", "passed", "一层住宅可以没有设计图纸。", design_source="none"),
    _home("cut_slope_301", "needs_review", "切坡高度 3.01 m，超过 3 m。", "HB-061b", cut_slope_height_m=3.01),
    _home("cut_slope_300", "passed", "切坡高度 3.00 m，不超过 3 m。", cut_slope_height_m=3.0),
    _home("military_consent", "needs_approval", "军事设施征询：须军事机关同意。", "HB-074", military_enquiry="consent_required"),
    _home("military_pending", "needs_approval", "军事设施征询尚未答复。", "HB-074", military_enquiry="pending"),
    Scenario("sides_wrong", "needs_review", "四至填空地，一侧实为邻宗地。", ("HB-081",), layer="parcel", overlap_m=0.0, stated=_sides("空地")),
    Scenario("sides_right", "passed", "四至填邻居宅院，与图上相符。", layer="parcel", overlap_m=0.0, stated=_sides("邻居宅院")),
    _home("neighbours_not_asked", "needs_correction", "没有征求相邻权利人意见。", "HB-082", neighbours_consulted=False),
    _home("notice_short", "needs_correction", "公示六日，少于七日。", "HB-083a", applied_on="2026-05-28", notice_from="2026-06-01", notice_to="2026-06-07"),
    _home("notice_just_long", "passed", "公示七日。", applied_on="2026-05-28", notice_from="2026-06-01", notice_to="2026-06-08"),
    _home("no_craftsmen", "needs_correction", "建筑工匠管理没有落实。", "HB-085", rule_craftsmen=False),
    _home("no_seismic_design", "needs_correction", "抗震设防没有落实。", "HB-085", seismic_design=False),
    Scenario("relocation_sound", "needs_approval", "搬迁撤并类村翻建，原房屋为 B 级，不是危房；该村无批准规划。", ("HB-006b", "HB-010d", "HB-010e"), stated=AT_HOME | {"danger_grade": "B"}, intents=(MOVE,), approved=False, bounded=False, ground="0702"),
)  # fmt: skip
