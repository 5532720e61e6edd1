"""A published layer of many houses in the small county, some of them on its field of basic farmland, and the running of commands on it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import geopandas as gpd
import numpy as np
import psycopg
from frames import EPSG, meta, published, square

ON_FARMLAND = 12
PACE_M = 20.0


def houses(count: int) -> gpd.GeoDataFrame:
    """Houses of 10 x 10 m: the first twelve on the farmland in the middle, the others in rows beside it."""
    column, row = np.arange(count) % 100, np.arange(count) // 100
    places = [(8 * place, 40) if place < ON_FARMLAND else (200 + PACE_M * east, 200 + PACE_M * north)
              for place, (east, north) in enumerate(zip(column, row, strict=True))]  # fmt: skip
    shapes = [square(east, north, side=10 if place >= ON_FARMLAND else 6) for place, (east, north) in enumerate(places)]
    return gpd.GeoDataFrame({"ZRZH": [f"F{place:05d}" for place in range(count)], "ZCS": [2] * count}, geometry=shapes, crs=EPSG)


def publish_houses(conn: psycopg.Connection[Any], count: int) -> int:
    """Publish so many houses; return the version's id."""
    version = published(conn, houses(count), meta("building"))
    conn.commit()
    return version


def cuntu(url: str, *words: str, **more: Any) -> subprocess.Popen[str]:
    """Start a command in a process of its own on the database at `url`."""
    environment = {**os.environ, "CUNTU_DATABASE_URL": url, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-m", "api.cli", *words]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)
