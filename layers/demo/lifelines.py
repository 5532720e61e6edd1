"""Railways, underground cables and oil and gas pipelines."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from layers.demo.clearing import Ways, cleared
from layers.demo.frames import frame, numbered
from layers.demo.ground import Ground

_RAILWAYS = (("high_speed", "示例高速铁路", 2.9, -0.35), ("other", "示例铁路", 1.9, -1.2))
_PIPELINES = (("gas", "示例天然气管道", -2.6, 0.7), ("oil", "示例成品油管道", 2.3, -0.9))
_BANK_M = 11.0
"""Half width of a high-speed line between the toes of its bank, metres."""


def railway_frame(ground: Ground, ways: Ways) -> gpd.GeoDataFrame:
    """Return 铁路 across the county: the high-speed line as its land between the toes of the bank, the other as a centre line only."""
    shapes, kinds, names = [], [], []
    for kind, name, start, end in _RAILWAYS:
        line = ways.across(start, end, bends=8)
        whole = shapely.buffer(line, _BANK_M, cap_style="flat") if kind == "high_speed" else line
        parts = shapely.get_parts(cleared(ground, np.array([whole], dtype=object)))
        shapes += list(parts)
        kinds += [kind] * len(parts)
        names += [name] * len(parts)
    return frame(np.array(shapes, dtype=object), {"rail_no": numbered("TL", len(shapes), width=3), "name": names, "class": kinds})


def pipeline_frame(ground: Ground, ways: Ways) -> gpd.GeoDataFrame:
    """Return 油气管道 as centre lines across the county."""
    lines = [ways.across(start, end, bends=2) for _, _, start, end in _PIPELINES]
    parts, index = shapely.get_parts(cleared(ground, shapely.simplify(np.array(lines, dtype=object), 8)), return_index=True)
    columns = {
        "pipe_no": numbered("GD", len(parts), width=3),
        "name": [_PIPELINES[row][1] for row in index],
        "medium": [_PIPELINES[row][0] for row in index],
    }
    return frame(parts, columns)


def cable_frame(ground: Ground, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return 地下电缆 under the streets of the town seats, as lines of marker posts."""
    lines, kv = [], []
    for seat in ground.towns[["x", "y"]].to_numpy(dtype=float):
        for turn in rng.uniform(0, 2 * np.pi, 3):
            bends = turn + np.array([0.0, 0.3, 0.1, 0.4])
            steps = rng.uniform(60, 140, 4)[:, None] * np.column_stack([np.cos(bends), np.sin(bends)])
            lines.append(shapely.LineString(np.round(seat + np.vstack([[0, 0], np.cumsum(steps, axis=0)]), 2)))
            kv.append(float(rng.choice([10.0, 35.0])))
    parts, index = shapely.get_parts(cleared(ground, np.array(lines, dtype=object)), return_index=True)
    return frame(parts, {"cable_no": numbered("DL", len(parts), width=3), "kv": np.array(kv)[index]})
