"""The colours of the maps: one restrained palette, told apart in grey print and by colour-blind readers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

VILLAGE_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "cluster_upgrade": "#dba865",
        "suburban_integration": "#9186b3",
        "characteristic_protection": "#5b9a8b",
        "relocation_merger": "#b0564a",
        "retain_improve": "#efe6c6",
    }
)
"""Fill by village type, in legend order; `undetermined` is hatched, not coloured."""

RATES = ("#edf3ef", "#c6ded6", "#93c0b5", "#569a90", "#1f6a66")
"""Five steps of a rate, from low to high."""

LAND_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "00": "#9fc6bd",
        "01": "#f3e7a9",
        "02": "#dfe3a0",
        "03": "#a9cba0",
        "04": "#cfe0b2",
        "05": "#e5a9a0",
        "06": "#cfa9a0",
        "07": "#eec7ae",
        "08": "#e3b5c3",
        "09": "#d6b8c9",
        "10": "#d9d6d0",
        "11": "#a9cfe4",
        "12": "#e3ddcf",
    }
)
"""First-level classes of the land survey (DLBM), in the customary hues but paler."""

PLAN_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "01": "#f3e7a9",
        "02": "#dfe3a0",
        "03": "#a9cba0",
        "04": "#cfe0b2",
        "05": "#9fc6bd",
        "06": "#d8d8bd",
        "07": "#f2b8a0",
        "08": "#e3b5c3",
        "09": "#e29a94",
        "10": "#cfa9a0",
        "11": "#c9b5d6",
        "12": "#d9d6d0",
        "13": "#bcc7d6",
        "14": "#b9dbb1",
        "15": "#d6b8c9",
        "16": "#f7f4ea",
        "17": "#a9cfe4",
    }
)
"""First-level classes of the 2023 plan system (GHDLBM)."""

LAND_NAMES = ["湿地", "耕地", "种植园用地", "林地", "草地", "商业服务业用地", "工矿用地", "住宅用地", "公共管理与公共服务用地", "特殊用地", "交通运输用地", "水域及水利设施用地", "其他土地"]
"""Names of LAND_CLASSES, in order (三调工作分类 first level)."""

PLAN_NAMES = ["耕地", "园地", "林地", "草地", "湿地", "农业设施建设用地", "居住用地", "公共管理与公共服务用地", "商业服务业用地", "工矿用地", "仓储用地", "交通运输用地", "公用设施用地", "绿地与开敞空间用地", "特殊用地", "留白用地", "陆地水域"]
"""Names of PLAN_CLASSES, in order (国土空间调查、规划、用途管制用地用海分类 2023, first level)."""

ZONES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "control_zone": {"concentrated": "#9cc2a5", "restricted": "#ecd9a0", "prohibited": "#d9a19a"},
        "hazard": {"danger": "#c8553d", "high": "#e59a6f", "medium": "#f0c9a0", "low": "#f6e6cf"},
        "ecological_redline": {"core": "#c9675a", "other": "#e6b0aa"},
        "heritage": {"protection": "#c88b5a", "belt": "#ecd0b3"},
        "water_source": {"primary": "#5fae9c", "secondary": "#a2d9ce", "quasi": "#d3ece6"},
        "historic_village": {"core": "#b98a62", "belt": "#e8d3bb"},
        "nature_reserve": {"core": "#6fbf8f", "general": "#c3e6cf"},
        "scenic_area": {"core": "#93c9a0", "other": "#d8eedc"},
    }
)
"""Fill by the value of a layer's `zone`."""

SLOPES: Mapping[str, str] = MappingProxyType({"1": "#f7f3ea", "2": "#ece0c8", "3": "#dcc49b", "4": "#c49a6c", "5": "#9c6b45"})
"""Fill by slope class (PDJB), from flat to over 25°."""
