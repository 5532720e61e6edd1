"""Where a version is complete, as it is shown; `descriptions.py` reads what an importer states about it."""

from __future__ import annotations

from typing import Any

import psycopg

from layers.errors import UnknownVersionError
from layers.sql import queries

SQL = queries("coverage")


def outline(conn: psycopg.Connection[Any], version_id: int) -> dict[str, Any]:
    """Return the coverage of a version as GeoJSON in CRS84, simplified to 5 m for showing; raises UnknownVersionError."""
    row = conn.execute(SQL["outline"], {"id": version_id}).fetchone()
    if row is None:
        raise UnknownVersionError(f"没有数据版本 {version_id}。")
    shape: dict[str, Any] = row[0]
    return shape
