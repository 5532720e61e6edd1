"""A synthetic demo county (示例数据) built from real codes, names, town seats and land totals; see data/SOURCES.md."""

from layers.demo.county import DemoCounty, build

__all__ = ["DemoCounty", "build"]
