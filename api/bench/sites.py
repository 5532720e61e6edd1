"""Sites to measure: plots of a house near the county's houses, the same ones in every run."""

from __future__ import annotations

import numpy as np
import psycopg
import shapely

from layers import snapshot
from spatial.layer import DatasetVersion
from spatial.pieces import Geometries

SEED = 20260101
LAYERS = (
    "land_use",
    "basic_farmland",
    "ecological_redline",
    "urban_boundary",
    "village_boundary",
    "planned_use",
    "control_zone",
    "hazard",
    "water_source",
)
"""The nine polygon layers every application is laid over."""


def sites(conn: psycopg.Connection[tuple[object, ...]], building: DatasetVersion, *, count: int, epsg: int) -> Geometries:
    """Return `count` plots of 9-16 m by 9-16 m, turned, within some 150 m of buildings taken at random."""
    layer = snapshot.load(conn, {"building": building}, epsg=epsg)["building"]
    rng = np.random.default_rng(SEED)
    plots = near(layer.features, rng, count + count // 20)
    inside = plots[layer.extent.uncovered(plots) == 0]
    return np.array(inside[:count], dtype=object)


def near(houses: Geometries, rng: np.random.Generator, count: int) -> Geometries:
    """Return so many plots near houses taken at random."""
    middle = shapely.get_coordinates(shapely.centroid(houses[rng.integers(len(houses), size=count)]))
    middle = middle + rng.normal(scale=75.0, size=(count, 2))
    half = rng.uniform(4.5, 8.0, size=(count, 2))
    angle = rng.uniform(0, np.pi, size=count)
    along = np.column_stack([np.cos(angle), np.sin(angle)]) * half[:, :1]
    across = np.column_stack([-np.sin(angle), np.cos(angle)]) * half[:, 1:]
    corners = np.stack([middle - along - across, middle + along - across, middle + along + across, middle - along + across], axis=1)
    polygons: Geometries = np.asarray(shapely.polygons(corners), dtype=object)
    return polygons
