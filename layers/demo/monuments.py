"""Old villages and old trees: historic and traditional villages' protection areas, old and famous trees."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from layers.demo.blobs import blobs
from layers.demo.clearing import CLEAR_M, cleared, far_from_blocks
from layers.demo.frames import frame, numbered
from layers.demo.ground import Ground
from layers.demo.sites import RURAL

_SPECIES = ("香樟", "银杏", "枫香", "桂花", "苦槠", "红豆杉", "朴树", "柏木")


def village_frames(ground: Ground, listed: np.ndarray, rng: np.random.Generator) -> dict[str, gpd.GeoDataFrame]:
    """Return the protection areas of one 历史文化名村 and several 传统村落 in the villages numbered `listed`."""
    sites = ground.sites
    here = np.flatnonzero(np.isin(sites.village, listed) & (sites.kind == RURAL))
    radius = ground.shapes.radius[here]
    here = here[far_from_blocks(ground, sites.xy[here], radius + 60)]
    _, first = np.unique(sites.village[here], return_index=True)
    here = here[first] if len(here) else np.flatnonzero(sites.kind == RURAL)[:3]
    centre, radius = sites.xy[here], ground.shapes.radius[here]
    core = cleared(ground, blobs(centre[:1], radius[:1] * 0.7, rng))
    belt = cleared(ground, np.asarray(shapely.difference(shapely.buffer(core, 70, quad_segs=4), core)))
    historic = {"village_no": ["MC001-1", "MC001-2"], "name": ["示例历史文化名村"] * 2, "zone": ["core", "belt"]}
    around = cleared(ground, blobs(centre[1:8], radius[1:8] + 45, rng))
    names = [f"示例传统村落{number}" for number in range(1, len(around) + 1)]
    traditional = {"village_no": numbered("CL", len(around), width=3), "name": names}
    return {"historic_village": frame(np.r_[core, belt], historic), "traditional_village": frame(around, traditional)}


def old_tree_frame(ground: Ground, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return 古树名木 at the edges of settlements: some as crowns, most as trunks only."""
    sites = ground.sites
    every = np.flatnonzero(sites.kind == RURAL)[::8]
    turn = rng.uniform(0, 2 * np.pi, len(every))
    spot = sites.xy[every] + np.column_stack([np.cos(turn), np.sin(turn)]) * (ground.shapes.radius[every] * 1.05 + 12)[:, None]
    good = far_from_blocks(ground, spot, -CLEAR_M + 60) & shapely.contains_xy(ground.outline.buffer(-50), spot)
    spot = np.round(spot[good], 2)
    shapes = np.asarray(shapely.points(spot))
    shapes[::3] = shapely.buffer(shapes[::3], np.round(rng.uniform(4, 11, len(shapes[::3])), 1), quad_segs=4)
    columns = {
        "tree_no": numbered("GS", len(spot), width=4),
        "name": [_SPECIES[int(kind)] for kind in rng.integers(0, len(_SPECIES), len(spot))],
        "grade": rng.choice(["1", "2", "3", "famous"], len(spot), p=[0.1, 0.25, 0.6, 0.05]).astype(object),
    }
    return frame(shapes, columns)
