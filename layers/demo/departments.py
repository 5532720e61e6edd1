"""The layers that come from other departments, drawn when all blocks have their place."""

from __future__ import annotations

import geopandas as gpd
import numpy as np

from layers.demo import flood, lifelines, monuments, nature, oversight, relief
from layers.demo.clearing import Ways
from layers.demo.ground import Ground


def department_frames(
    ground: Ground, restrictions: dict[str, gpd.GeoDataFrame], intent: np.ndarray, approved: np.ndarray, rng: np.random.Generator
) -> dict[str, gpd.GeoDataFrame]:
    """Return railways, cables, pipelines, flood protection, old villages and trees, slopes, risks, nature and supervision.

    `restrictions` are the layers drawn before, `intent` and `approved` the class a village is drawn for and whether it has a plan.
    """
    rivers = restrictions["river"]
    lakes = rivers.geometry.to_numpy()[(rivers["kind"] == "reservoir").to_numpy()]
    ways = Ways(ground, rng)
    frames = {
        "new_village_area": oversight.new_village_frame(ground, np.flatnonzero((intent == "centre") & approved), rng),
        "railway": lifelines.railway_frame(ground, ways),
        "cable": lifelines.cable_frame(ground, rng),
        "pipeline": lifelines.pipeline_frame(ground, ways),
        "dyke": flood.dyke_frame(ground),
        "flood_storage": flood.flood_storage_frame(ground, rng),
        "flood_risk": flood.flood_risk_frame(ground),
        "reservoir": flood.reservoir_frame(ground, rivers),
        **monuments.village_frames(ground, np.flatnonzero(intent == "characteristic"), rng),
        "old_tree": monuments.old_tree_frame(ground, rng),
        "slope": relief.slope_frame(ground),
        "geological_risk": relief.risk_frame(ground, ways, rng),
        "nature_reserve": nature.reserve_frame(ground, restrictions["ecological_redline"]),
        "scenic_area": nature.scenic_frame(ground, lakes, rng),
        "wetland": nature.wetland_frame(ground, lakes),
        "forest": nature.forest_frame(ground),
        "enforcement": oversight.enforcement_frame(ground, rng),
    }
    return {name: frame[~frame.geometry.is_empty].reset_index(drop=True) for name, frame in frames.items()}
