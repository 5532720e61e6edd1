"""What PostGIS itself says about sites and the stored, undivided features of a version."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray
from psycopg import sql

from spatial.pieces import Geometries

RESOLUTION = 1e-4
"""1 cm² and 0.1 mm: measures and PostGIS may differ by so much."""

_OVERLAP = sql.SQL("""
    SELECT coalesce(ST_Area(ST_Intersection(site.geom, covered.geom)), 0)
    FROM {table} AS site
    CROSS JOIN LATERAL (
        SELECT ST_Union(feature.geom) AS geom FROM feature
        WHERE version_id = %(version)s AND ST_Intersects(feature.geom, site.geom) AND {where}
    ) AS covered
    ORDER BY site.id
""")

_LENGTH = sql.SQL("""
    SELECT coalesce(sum(ST_Length(ST_Intersection(site.geom, feature.geom))), 0)
    FROM {table} AS site
    LEFT JOIN feature ON version_id = %(version)s AND ST_Intersects(feature.geom, site.geom) AND ST_Dimension(feature.geom) = 1
    GROUP BY site.id
    ORDER BY site.id
""")

_DISTANCE = sql.SQL("""
    SELECT coalesce(min(ST_Distance(site.geom, feature.geom)), 'infinity')
    FROM {table} AS site
    LEFT JOIN feature ON version_id = %(version)s AND ST_DWithin(feature.geom, site.geom, %(radius)s) AND {where}
    GROUP BY site.id
    ORDER BY site.id
""")


def store_sites(conn: psycopg.Connection[Any], sites: Geometries, *, epsg: int, table: str = "site") -> None:
    """Put the sites into a table of this connection, in order, with an index."""
    name = sql.Identifier(table)
    conn.execute(sql.SQL("CREATE TEMP TABLE {} (id int PRIMARY KEY, geom geometry NOT NULL)").format(name))
    with conn.cursor() as cursor, cursor.copy(sql.SQL("COPY {} FROM STDIN").format(name)) as copy:
        for row, wkb in enumerate(shapely.to_wkb(shapely.set_srid(sites, epsg), include_srid=True)):
            copy.write_row((row, wkb.hex()))
    conn.execute(sql.SQL("CREATE INDEX ON {} USING gist (geom)").format(name))
    conn.execute(sql.SQL("ANALYZE {}").format(name))


EVERY: sql.Composable = sql.SQL("true")
"""Every feature of a version."""


def overlap(conn: psycopg.Connection[Any], version: int, *, table: str = "site", where: sql.Composable = EVERY) -> NDArray[np.float64]:
    """Return the m² of each stored site within the union of a version's features (those `where`)."""
    return _column(conn, _OVERLAP.format(table=sql.Identifier(table), where=where), {"version": version})


def distance(
    conn: psycopg.Connection[Any], version: int, *, radius_m: float, table: str = "site", where: sql.Composable = EVERY
) -> NDArray[np.float64]:
    """Return the metres from each stored site to the nearest feature of a version (of those `where`); infinite where none is within the radius."""
    return _column(conn, _DISTANCE.format(table=sql.Identifier(table), where=where), {"version": version, "radius": radius_m})


def length(conn: psycopg.Connection[Any], version: int, *, table: str = "site") -> NDArray[np.float64]:
    """Return the metres of a version's lines inside each stored site."""
    return _column(conn, _LENGTH.format(table=sql.Identifier(table)), {"version": version})


def _column(conn: psycopg.Connection[Any], statement: sql.Composed, values: dict[str, Any]) -> NDArray[np.float64]:
    return np.array([row[0] for row in conn.execute(statement, values).fetchall()], dtype=float)


def largest_difference(mine: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Return the largest absolute difference; infinite where one side has a number and the other none."""
    if (np.isinf(mine) != np.isinf(theirs)).any():
        return float("inf")
    finite = np.isfinite(mine)
    return float(np.abs(mine[finite] - theirs[finite]).max(initial=0.0))
