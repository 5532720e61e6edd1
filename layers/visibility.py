"""Which dataset versions whoever acts may see: the policies of the database decide."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import psycopg

from layers.sql import queries

SQL = queries("visibility")


def unseen(conn: psycopg.Connection[Any], versions: Collection[int]) -> frozenset[int]:
    """Return those of some versions that whoever acts may not see, or that are no more."""
    seen = conn.execute(SQL["visible"], {"versions": list(versions)}).fetchall() if versions else []
    return frozenset(versions).difference(row[0] for row in seen)
