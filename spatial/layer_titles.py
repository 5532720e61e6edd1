"""The Chinese names of layers that rules read, for where a layer is not loaded and cannot say its own."""

from __future__ import annotations

from collections.abc import Mapping


def layer_title(layer: str | None) -> str:
    """The Chinese name of a catalogue layer that is not loaded (the names of DESIGN's first layers)."""
    return LAYER_TITLES.get(layer or "", layer or "")


LAYER_TITLES: Mapping[str, str] = {
    "county": "县级行政区", "town": "乡镇级行政区", "village": "村级调查区", "settlement": "城镇村等用地",
    "land_use": "地类图斑", "basic_farmland": "永久基本农田", "ecological_redline": "生态保护红线",
    "urban_boundary": "城镇开发边界", "village_boundary": "村庄建设边界", "planned_use": "规划地类图斑",
    "control_zone": "管控分区", "parcel": "宗地", "building": "自然幢", "road": "公路", "river": "河道管理范围",
    "power_line": "架空电力线路", "hazard": "地质灾害分区", "heritage": "历史文化保护线", "water_source": "饮用水水源保护区",
    "new_village_area": "新村规划区", "railway": "铁路", "cable": "地下电缆", "pipeline": "油气管道", "dyke": "堤防",
    "flood_storage": "蓄滞洪区", "flood_risk": "洪涝风险控制线", "reservoir": "水库管理范围", "historic_village": "历史文化名村保护范围",
    "traditional_village": "传统村落保护范围", "old_tree": "古树名木", "slope": "坡度图", "geological_risk": "采空区、活动断层、尾矿库下游",
    "nature_reserve": "自然保护地", "scenic_area": "风景名胜区", "wetland": "湿地", "forest": "林地（林业部门）", "enforcement": "违法图斑",
}  # fmt: skip
