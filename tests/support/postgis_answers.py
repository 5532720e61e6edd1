"""What PostGIS itself says about sites and the stored, undivided features of a version."""

from __future__ import annotations

from typing import Any

import numpy as np
import psycopg
import shapely
from numpy.typing import NDArray

from spatial.pieces import Geometries

RESOLUTION = 1e-4
"""1 cm² and 0.1 mm: measures and PostGIS may differ by so much."""

_OVERLAP = """
    SELECT coalesce(ST_Area(ST_Intersection(site.geom, covered.geom)), 0)
    FROM site
    CROSS JOIN LATERAL (
        SELECT ST_Union(feature.geom) AS geom FROM feature
        WHERE version_id = %(version)s AND ST_Intersects(feature.geom, site.geom)
    ) AS covered
    ORDER BY site.id
"""

_DISTANCE = """
    SELECT coalesce(min(ST_Distance(site.geom, feature.geom)), 'infinity')
    FROM site
    LEFT JOIN feature ON version_id = %(version)s AND ST_DWithin(feature.geom, site.geom, %(radius)s)
    GROUP BY site.id
    ORDER BY site.id
"""


def store_sites(conn: psycopg.Connection[Any], sites: Geometries, *, epsg: int) -> None:
    """Put the sites into a table of this connection, in order, with an index."""
    conn.execute("DROP TABLE IF EXISTS site")
    conn.execute("CREATE TEMP TABLE site (id int PRIMARY KEY, geom geometry NOT NULL)")
    with conn.cursor() as cursor, cursor.copy("COPY site FROM STDIN") as copy:
        for row, wkb in enumerate(shapely.to_wkb(shapely.set_srid(sites, epsg), include_srid=True)):
            copy.write_row((row, wkb.hex()))
    conn.execute("CREATE INDEX ON site USING gist (geom)")
    conn.execute("ANALYZE site")


def overlap(conn: psycopg.Connection[Any], version: int) -> NDArray[np.float64]:
    """Return the m² of each stored site within the union of a version's features."""
    return _column(conn, _OVERLAP, {"version": version})


def distance(conn: psycopg.Connection[Any], version: int, *, radius_m: float) -> NDArray[np.float64]:
    """Return the metres from each stored site to the nearest feature of a version; infinite where none is within the radius."""
    return _column(conn, _DISTANCE, {"version": version, "radius": radius_m})


def _column(conn: psycopg.Connection[Any], statement: str, values: dict[str, Any]) -> NDArray[np.float64]:
    return np.array([row[0] for row in conn.execute(statement, values).fetchall()], dtype=float)


def largest_difference(mine: NDArray[np.float64], theirs: NDArray[np.float64]) -> float:
    """Return the largest absolute difference; infinite where one side has a number and the other none."""
    if (np.isinf(mine) != np.isinf(theirs)).any():
        return float("inf")
    finite = np.isfinite(mine)
    return float(np.abs(mine[finite] - theirs[finite]).max(initial=0.0))
