"""GDAL's ogr2ogr beside our imports and exports, where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from spatial.errors import CuntuError

TABLE = "bench_dltb"


class OgrError(CuntuError):
    """ogr2ogr 运行失败。"""


def is_there() -> bool:
    """Whether ogr2ogr is installed."""
    return shutil.which("ogr2ogr") is not None


def import_seconds(url: str, packed: Path, *, encoding: str) -> float:
    """Import a zipped shapefile into a table with a spatial index, by COPY; return seconds."""
    options = [
        "-overwrite",
        "-nln",
        TABLE,
        "-nlt",
        "PROMOTE_TO_MULTI",
        "-lco",
        "GEOMETRY_NAME=geom",
        "-lco",
        "SPATIAL_INDEX=GIST",
    ]
    return _run(
        ["-f", "PostgreSQL", _source(url), f"/vsizip/{packed}", *options], PG_USE_COPY="YES", SHAPE_ENCODING=encoding
    )


def export_seconds(url: str, place: Path) -> float:
    """Write that table to a GeoPackage; return seconds."""
    place.unlink(missing_ok=True)
    return _run(["-f", "GPKG", str(place), _source(url), TABLE])


def _source(url: str) -> str:
    given = conninfo_to_dict(url)
    return "PG:" + " ".join(
        f"{name}='{given[name]}'" for name in ("dbname", "host", "port", "user", "password") if given.get(name)
    )


def _run(arguments: list[str], **configuration: str) -> float:
    began = time.perf_counter()
    done = subprocess.run(
        ["ogr2ogr", *arguments], env=os.environ | configuration, capture_output=True, text=True, check=False
    )
    taken = time.perf_counter() - began
    if done.returncode:
        raise OgrError(problems=done.stderr.splitlines()[-3:])
    return taken
