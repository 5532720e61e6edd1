"""The planted cases that take turns: what is wrong with each site, and the verdict that follows from the rules for that reason alone.

The verdicts are written down here from the rules of house building (HB-…), never computed by the checking engine.
"""

from __future__ import annotations

from layers.demo.scenario import CENTRE, LISTED, MOVE, RETAIN, SUBURB, UNCLEAR, Draft, Scenario

_REBUILD = {"build_kind": "rebuild_in_place"}
_THREE = {"storeys": 3, "height_m": 9.6, "eaves_height_m": 9.0}
_ONE = {"storeys": 1, "height_m": 3.2, "eaves_height_m": 3.0}
_LOCAL = {"zone": "protection", "level": "provincial", "name": "示例古民居"}

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("clean", "passed", "异址新建，规划宅基地内，未触及任何限制。"),
    Scenario("clean_three_storeys", "passed", "三层住宅，恰为本地层数上限，符合全部规则。", stated=_THREE, draft=Draft("refused", ("HB-008b",), zone="restricted")),
    Scenario("clean_rebuild", "passed", "原址翻建，本户宗地内，符合全部规则。", stated=_REBUILD, intents=(SUBURB, RETAIN, CENTRE), ground="0702"),
    Scenario("clean_extend", "passed", "本户宗地内改扩建，符合全部规则。", stated={"build_kind": "extend"}, ground="0702"),
    Scenario("clean_joint", "passed", "联村新型农村社区低层住宅，符合导则。", stated={"scheme": "joint_community"}),
    Scenario("clean_unused_land", "passed", "占用未利用地，面积不超过 200 ㎡。", ground="1206", draft=Draft("refused", ("HB-007a",), planned="1401")),
    Scenario("clean_at_limit", "passed", "使用存量建设用地 200.00 ㎡，恰为标准上限。", size=(20.0, 10.0)),
    Scenario("farmland_12", "refused", "占用永久基本农田 12.00 ㎡（8.57%），不得建住宅。", ("HB-001a", "HB-004", "HB-011a"), part="0101", farmland=True, overlap_m=1.2),
    Scenario("farmland_edge", "needs_approval", "与永久基本农田重叠 0.40 ㎡，属边线误差；占用耕地须农用地转用。", ("HB-001b", "HB-004", "HB-011a"), part="0101", farmland=True, overlap_m=0.04),
    Scenario("red_line_new", "refused", "生态保护红线内异址新建。", ("HB-003b",), layer="ecological_redline", attributes={"zone": "other"}, overlap_m=3.0),
    Scenario("red_line_rebuild", "needs_approval", "生态保护红线内原址翻建，须附县级意见。", ("HB-003a",), stated=_REBUILD, ground="0702", layer="ecological_redline", attributes={"zone": "other"}, overlap_m=3.0),
    Scenario("core_zone", "refused", "自然保护地核心保护区内。", ("HB-002",), layer="ecological_redline", attributes={"zone": "core"}, overlap_m=2.0),
    Scenario("cultivated_60", "needs_approval", "占用耕地 60.00 ㎡，须农用地转用；面积 140 ㎡ 不超标准；村内还有空闲地。", ("HB-004", "HB-011a"), part="0101", overlap_m=6.0),
    Scenario("cultivated_145", "refused", "占用耕地，标准为 140 ㎡，申请 145 ㎡ 超出 5.00 ㎡。", ("HB-004", "HB-011a", "HB-030"), size=(14.5, 10.0), part="0103", overlap_m=6.0),
    Scenario("orchard", "needs_approval", "占用园地，须农用地转用；村内还有空闲地，应优先利用。", ("HB-005", "HB-011a"), part="0201", overlap_m=5.0),
    Scenario("forest", "needs_approval", "占用林地，须农用地转用和林业审核。", ("HB-005", "HB-011a", "HB-072a"), part="0301", overlap_m=5.0),
    Scenario("outside_boundary", "refused", "在批准的村庄建设边界以外。", ("HB-006a",), bounded=False),
    Scenario("no_plan", "needs_approval", "该村没有批准的规划，在村庄建设边界以外。", ("HB-006b",), stated=_REBUILD, intents=(RETAIN,), approved=False, ground="0702", bounded=False),
    Scenario("planned_park", "refused", "规划用途为公园绿地，不是农村宅基地。", ("HB-007a",), planned="1401", draft=Draft("passed", planned="070301")),
    Scenario("planned_blank", "needs_review", "规划用途为留白用地，须县级确定。", ("HB-007b",), planned="16", draft=Draft("passed", planned="070301")),
    Scenario("restricted_new", "refused", "限制建设区内异址新建。", ("HB-008b",), zone="restricted", draft=Draft("passed", zone="concentrated")),
    Scenario("restricted_rebuild", "passed", "限制建设区内原址翻建，允许。", stated=_REBUILD, ground="0702", zone="restricted", draft=Draft("refused", ("HB-008c",), zone="prohibited")),
    Scenario("prohibited", "refused", "禁止建设区内翻建。", ("HB-008c",), stated=_REBUILD, ground="0702", zone="prohibited", draft=Draft("passed", zone="restricted")),
    Scenario("relocation_new", "refused", "搬迁撤并类村新建住宅；该村无批准规划。", ("HB-006b", "HB-010a", "HB-010c"), intents=(MOVE,), approved=False, bounded=False),
    Scenario("relocation_rebuild", "needs_approval", "搬迁撤并类村 C 级危房原址修缮，走应急程序，须复核；该村无批准规划。", ("HB-006b", "HB-010d", "HB-010f"), stated=_REBUILD, intents=(MOVE,), approved=False, bounded=False, ground="0702"),
    Scenario("retain_new", "needs_review", "保留改善类村异址新建，须复核。", ("HB-010d",), intents=(RETAIN,)),
    Scenario("listed_two_storeys", "needs_correction", "特色保护类村以平房为主，二层不符合导则。", ("HB-010c",), intents=(LISTED,)),
    Scenario("listed_one_storey", "needs_review", "特色保护类村异址新建平房，须复核。", ("HB-010d",), stated=_ONE, intents=(LISTED,)),
    Scenario("unclear_new", "incomplete", "该村缺少人口、空置等指标，不能排除搬迁撤并，分类未定，须补充核查。", intents=(UNCLEAR,)),
    Scenario("suburban_new", "needs_review", "城郊融合类村小区以外异址新建，须复核。", ("HB-010d",), intents=(SUBURB,)),
    Scenario("other_plot_kept", "refused", "另有宅基地且不退回，违反一户一宅。", ("HB-020a",), stated={"other_plots": 1, "returns_old_plot": False}),
    Scenario("other_plot_returned", "needs_correction", "另有宅基地，承诺退回，须附协议。", ("HB-020b",), stated={"other_plots": 1, "returns_old_plot": True}),
    Scenario("non_member", "refused", "申请人不是本集体经济组织成员。", ("HB-021",), stated={"is_member": False}),
    Scenario("over_limit_205", "refused", "存量建设用地标准 200 ㎡，申请 205 ㎡ 超出 5.00 ㎡。", ("HB-030",), size=(20.5, 10.0)),
    Scenario("stated_off_3", "needs_review", "申报面积与图形相差约 3%。", ("HB-033a",), size=(8.0, 8.0), stated={"plot_area_m2": 62.2}),
    Scenario("stated_off_10", "needs_correction", "申报面积与图形相差约 10%。", ("HB-033b",), stated={"plot_area_m2": 127.3}),
    Scenario("four_storeys", "refused", "四层超过本地上限三层，也不符合导则。", ("HB-010b", "HB-010c", "HB-034a"), stated={"storeys": 4, "height_m": 12.0, "eaves_height_m": 9.9}),
    Scenario("four_storeys_suburb", "refused", "四层超过本地上限三层。", ("HB-034a",), stated=_REBUILD | {"storeys": 4, "height_m": 12.0, "eaves_height_m": 9.9}, intents=(SUBURB,), ground="0702"),
    Scenario("eaves", "needs_correction", "檐口高度 10.40 m 超过 10 m，层高也偏大。", ("HB-035a", "HB-035c"), stated={"storeys": 3, "height_m": 11.8, "eaves_height_m": 10.4}),
    Scenario("height", "needs_correction", "总高度 12.60 m 超过 12 m，层高也偏大。", ("HB-035b", "HB-035c"), stated={"storeys": 3, "height_m": 12.6, "eaves_height_m": 9.8}),
    Scenario("storey_height", "needs_review", "平均层高 3.70 m 超过 3.3 m。", ("HB-035c",), stated={"storeys": 2, "height_m": 7.4, "eaves_height_m": 6.6}),
    Scenario("county_road_near", "refused", "距县道用地外缘 9.99 m，少于 10 m。", ("HB-040",), road="county", distance_m=9.99),
    Scenario("county_road_far", "passed", "距县道用地外缘 10.00 m，不少于 10 m。", road="county", distance_m=10.0),
    Scenario("township_road_near", "refused", "距乡道用地外缘 4.99 m，少于 5 m。", ("HB-040",), road="township", distance_m=4.99),
    Scenario("township_road_far", "passed", "距乡道用地外缘 5.00 m，不少于 5 m。", road="township", distance_m=5.0),
    Scenario("provincial_road", "refused", "距省道用地外缘 14.90 m，少于 15 m。", ("HB-040",), road="provincial", distance_m=14.9),
    Scenario("national_road", "refused", "距国道用地外缘 19.90 m，少于 20 m。", ("HB-040",), road="national", distance_m=19.9),
    Scenario("expressway", "refused", "距高速公路用地外缘 29.90 m，少于 30 m。", ("HB-040",), road="expressway", distance_m=29.9),
    Scenario("line_10kv_near", "refused", "距 10 千伏线路 4.00 m，少于 5 m。", ("HB-043a",), layer="power_line", attributes={"kv": 10.0}, distance_m=4.0),
    Scenario("line_10kv_far", "passed", "距 10 千伏线路 5.00 m，不少于 5 m。", layer="power_line", attributes={"kv": 10.0}, distance_m=5.0),
    Scenario("line_110kv", "refused", "距 110 千伏线路 9.00 m，少于 10 m。", ("HB-043a",), layer="power_line", attributes={"kv": 110.0}, distance_m=9.0),
    Scenario("line_500kv", "refused", "距 500 千伏线路 19.00 m，少于 20 m。", ("HB-043a",), layer="power_line", attributes={"kv": 500.0}, distance_m=19.0),
    Scenario("river", "refused", "占用河道管理范围。", ("HB-045a",), layer="river", attributes={"kind": "river", "name": "示例支河"}, overlap_m=2.0),
    Scenario("water_primary", "refused", "占用饮用水水源一级保护区。", ("HB-048a",), layer="water_source", attributes={"zone": "primary", "name": "示例水井"}, overlap_m=2.0),
    Scenario("water_secondary", "needs_approval", "占用饮用水水源二级保护区。", ("HB-048b",), layer="water_source", attributes={"zone": "secondary", "name": "示例水井"}, overlap_m=4.0),
    Scenario("water_quasi", "needs_review", "占用饮用水水源准保护区。", ("HB-048c",), layer="water_source", attributes={"zone": "quasi", "name": "示例水井"}, overlap_m=4.0),
    Scenario("heritage_local", "refused", "占用省级文物保护单位保护范围。", ("HB-050a",), layer="heritage", attributes=_LOCAL, overlap_m=1.5),
    Scenario("heritage_national", "refused", "占用全国重点文物保护单位保护范围。", ("HB-050b",), layer="heritage", attributes=_LOCAL | {"level": "national"}, overlap_m=1.5),
    Scenario("heritage_belt", "needs_approval", "占用文物建设控制地带。", ("HB-051",), layer="heritage", attributes=_LOCAL | {"zone": "belt"}, overlap_m=4.0),
    Scenario("danger", "refused", "占用地质灾害危险区。", ("HB-060",), layer="hazard", attributes={"zone": "danger", "kind": "滑坡"}, overlap_m=3.0),
    Scenario("neighbour_04", "passed", "与邻宗地重叠 0.40 ㎡，在误差以内。", layer="parcel", overlap_m=0.04, draft=Draft("needs_review", ("HB-007b",), planned="16")),
    Scenario("neighbour_06", "needs_correction", "与邻宗地重叠 0.60 ㎡，超过 0.5 ㎡。", ("HB-080a",), layer="parcel", overlap_m=0.06),
    Scenario("neighbour_rebuild", "needs_correction", "原址翻建越出本户宗地，与邻宗地重叠 10.00 ㎡。", ("HB-080b",), stated=_REBUILD, ground="0702", layer="parcel", overlap_m=1.0),
    Scenario("preplan_house", "refused", "规划前已建、不符合规划用途的房屋不得重建。", ("HB-007a", "HB-090"), stated=_REBUILD, ground="0702", planned="1401", draft=Draft("passed", planned="070301")),
    Scenario("missing_membership", "incomplete", "未填是否本集体经济组织成员。", stated={"is_member": None}),
    Scenario("missing_storeys", "incomplete", "未填层数。", stated={"storeys": None}),
    Scenario("missing_plot_area", "incomplete", "未填申请宅基地面积。", stated={"plot_area_m2": None}),
)  # fmt: skip
