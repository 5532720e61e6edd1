"""A small village layer: two towns, five villages, one of them removed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import geopandas as gpd
import psycopg
from frames import EPSG, meta, published, square

VILLAGES = {
    "421223100201": ("甲村", "421223100", "天城镇"),
    "421223100202": ("乙村", "421223100", "天城镇"),
    "421223101201": ("丙村", "421223101", "沙坪镇"),
    "421223101202": ("丁村", "421223101", "沙坪镇"),
    "421223101299": ("已撤村", "421223101", "沙坪镇"),
}
KNOWN = datetime(2026, 1, 1, tzinfo=UTC)
COUNTY = ("421223", "崇阳县")


def village_frame(names: dict[str, str] | None = None) -> gpd.GeoDataFrame:
    """The villages as a layer; `names` renames some by code."""
    changed = names or {}
    rows = [
        {
            "ZLDWDM": code,
            "ZLDWMC": changed.get(code, name),
            "XZQDM": town_code,
            "XZQMC": town,
            "status": "removed" if code.endswith("299") else "normal",
        }
        for code, (name, town_code, town) in VILLAGES.items()
    ]
    return gpd.GeoDataFrame(rows, geometry=[square(east=200 * row) for row in range(len(rows))], crs=EPSG)


def publish_villages(conn: psycopg.Connection[Any], names: dict[str, str] | None = None) -> int:
    """Publish the villages as known since the beginning of 2026."""
    return published(conn, village_frame(names), meta("village", valid_from=date(2020, 1, 1)), at=KNOWN)
