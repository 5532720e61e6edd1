"""New-village areas of the plans and enforcement patches."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from layers.demo.clearing import far_from_blocks
from layers.demo.facts import COUNTY_CODE
from layers.demo.frames import frame, numbered
from layers.demo.grid import Floats
from layers.demo.ground import Ground
from layers.demo.houses import rectangles
from layers.demo.sites import RURAL


def new_village_frame(ground: Ground, wanted: np.ndarray, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return 新村规划区 beside some settlements of the villages numbered `wanted`."""
    sites = ground.sites
    here = np.flatnonzero(np.isin(sites.village, wanted) & (sites.kind == RURAL))
    spot = _beside(ground, here, 95.0, rng)
    good = far_from_blocks(ground, spot, 80.0) & shapely.contains_xy(ground.outline.buffer(-150), spot)
    spot, turn = spot[good][::9][:12], ground.shapes.angles[here[good]][::9][:12]
    shapes = rectangles(np.round(spot, 2), np.tile([130.0, 90.0], (len(spot), 1)), turn)
    names = [f"示例新村{number}" for number in range(1, len(shapes) + 1)]
    return frame(shapes, {"area_no": numbered("XC", len(shapes), width=3), "name": names})


def enforcement_frame(ground: Ground, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return 违法图斑 at the edges of settlements, four fifths of them settled."""
    here = np.flatnonzero(ground.sites.kind == RURAL)[::24]
    spot = _beside(ground, here, 25.0, rng)
    good = far_from_blocks(ground, spot, 20.0) & shapely.contains_xy(ground.outline.buffer(-60), spot)
    spot, here = np.round(spot[good], 2), here[good]
    shapes = rectangles(spot, rng.uniform(9, 22, (len(spot), 2)), ground.shapes.angles[here])
    columns = {
        "patch_no": numbered(f"{COUNTY_CODE}WF", len(shapes), width=5),
        "year": rng.integers(2021, 2027, len(shapes)),
        "state": np.where(rng.uniform(0, 1, len(shapes)) < 0.2, "open", "closed").astype(object),
    }
    return frame(shapes, columns)


def _beside(ground: Ground, here: np.ndarray, gap_m: float, rng: np.random.Generator) -> Floats:
    """Return a point outside each settlement, `gap_m` metres from its edge."""
    turn = rng.uniform(0, 2 * np.pi, len(here))
    reach = ground.shapes.radius[here] * np.sqrt(ground.shapes.long[here]) * 1.25 + gap_m
    return np.asarray(ground.sites.xy[here] + np.column_stack([np.cos(turn), np.sin(turn)]) * reach[:, None])
