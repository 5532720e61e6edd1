"""Builders of small layers and their metadata, with overrides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import psycopg
import shapely

from layers import versions
from layers.versions import NewVersion

EPSG = 4547
EAST, NORTH = 520_000.0, 3_270_000.0
COUNTY = shapely.box(EAST - 10_000, NORTH - 10_000, EAST + 30_000, NORTH + 30_000)


def moment(text: str) -> datetime:
    """An instant in UTC from `2024-05-01` or `2024-05-01T12:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def square(east: float = 0.0, north: float = 0.0, side: float = 100.0) -> Any:
    """A square with its south-west corner so many metres from the test county's origin."""
    return shapely.box(EAST + east, NORTH + north, EAST + east + side, NORTH + north + side)


def rough_ring(vertices: int = 2_000, *, radius: float = 3_000.0, seed: int = 7) -> Any:
    """A star-shaped polygon with many vertices, as a delivered red line has."""
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = radius * (1 + 0.15 * np.random.default_rng(seed).random(vertices))
    middle = np.array([EAST + 5_000, NORTH + 5_000])
    return shapely.Polygon(middle + np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None])


def red_lines(geometries: Sequence[Any] | None = None, **columns: Any) -> gpd.GeoDataFrame:
    """An ecological red line layer."""
    shapes = [square()] if geometries is None else list(geometries)
    count = len(shapes)
    base = {"BSM": [f"H{row:04d}" for row in range(count)], "MC": ["幕阜山水源涵养"] * count, "zone": ["other"] * count}
    return gpd.GeoDataFrame({**base, **columns}, geometry=shapes, crs=EPSG)


def buildings(geometries: Sequence[Any] | None = None, **columns: Any) -> gpd.GeoDataFrame:
    """A building layer with a value of every type."""
    shapes = [square(side=10)] if geometries is None else list(geometries)
    count = len(shapes)
    base = {
        "ZRZH": [f"421223001001JC00001F{row:06d}" for row in range(count)],
        "ZCS": [2] * count,
        "ZZDMJ": [100.5] * count,
        "JGRQ": [date(2015, 6, 1)] * count,
        "vacant": [False] * count,
    }
    return gpd.GeoDataFrame({**base, **columns}, geometry=shapes, crs=EPSG)


def meta(layer: str = "ecological_redline", **changes: Any) -> NewVersion:
    """What is written down about a test dataset."""
    base: dict[str, Any] = {
        "title": "测试数据",
        "authority": "崇阳县自然资源和规划局",
        "valid_from": date(2020, 1, 1),
        "source_name": "test.gpkg",
        "source_sha256": "0" * 64,
        "coverage": COUNTY,
        "synthetic": True,
    }
    return NewVersion(layer=layer, **base | changes)


def published(conn: psycopg.Connection[Any], frame: gpd.GeoDataFrame, new: NewVersion, *, at: datetime | None = None) -> int:
    """Stage and publish a frame; return the version's id."""
    version = versions.stage(conn, frame, new, epsg=EPSG)
    versions.publish(conn, version, at=at)
    return version


def frame_of_parcels(codes: Sequence[str]) -> gpd.GeoDataFrame:
    """Plots of 12 x 12 m in a row, by their codes (宗地代码)."""
    shapes = [square(400 + 30 * place, 100, side=12) for place in range(len(codes))]
    return gpd.GeoDataFrame({"ZDDM": list(codes)}, geometry=shapes, crs=EPSG)
