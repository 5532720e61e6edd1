"""Which dataset versions whoever acts may see: the policies of the database decide."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import psycopg

from layers.sql import queries

SQL = queries("visibility")


def unseen(conn: psycopg.Connection[Any], versions: Collection[int]) -> frozenset[int]:
    """Return those of some versions that there are and that whoever acts may not see; what was discarded is not hidden."""
    rows = conn.execute(SQL["unseen"], {"versions": list(versions)}).fetchall() if versions else []
    return frozenset(row[0] for row in rows)
