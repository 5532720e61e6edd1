"""Files as they are delivered, and the way of one through the service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import people
import shapely
from frames import EAST, NORTH, red_lines, square
from packages import shapefile_zip
from service_jobs import finished

BY = {"officer": people.NAME, "unit": people.UNIT}
CROSSING = [(0, 0), (100, 0), (100, 100), (0, 100), (0, 50), (0.2, 49.9), (0.2, 50), (0, 49.9), (0, 0)]
"""Metres: a square whose western side crosses itself in a loop of a few square decimetres."""


def faulty_red_lines() -> gpd.GeoDataFrame:
    """Three red lines, one of which crosses itself."""
    crossing = shapely.Polygon([(EAST + 5_000 + x, NORTH + 5_000 + y) for x, y in CROSSING])
    return red_lines([crossing, square(6000, 6000), square(7000, 7000)], MC=["幕阜山水源涵养", "大湖山", "金沙"])


def faulty_file(folder: Path, name: str = "STBHHX", **options: Any) -> Path:
    """The same as a zipped shapefile in GBK without a .cpg."""
    return shapefile_zip(folder, name, faulty_red_lines(), **options)


def delivered(client: Any, path: Path, *, name: str | None = None) -> tuple[dict[str, Any], str]:
    """Send a file in; return the job once it has ended, and the address of the delivery."""
    with path.open("rb") as stream:
        answer = client.post("/api/v1/deliveries", files={"file": (name or path.name, stream)}, data=BY)
    assert answer.status_code == 202, answer.text
    return finished(client, answer.json()["location"]), answer.json()["delivery_location"]


def done(client: Any, answer: Any) -> dict[str, Any]:
    """The job an answer points to, once it has ended."""
    assert answer.status_code == 202, answer.text
    return finished(client, answer.json()["location"])
