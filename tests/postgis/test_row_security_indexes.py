"""Row-level security hides an index behind every condition that could betray hidden rows; the questions asked all day must still use theirs."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import psycopg
import pytest
import shapely
from frames import EPSG, meta, published, red_lines, square
from psycopg import sql
from tiles_at import tile_of

from layers import applications, comparison, database, identify, ogc_features, snapshot, tiles, versions
from layers.acting import Acting, as_service, on_behalf
from layers.applications import Application
from layers.databases import create_database, drop_database
from layers.ogc_crs import offered
from layers.ogc_features import Selection
from layers.roles import APP, TILES
from spatial.crs import CRS84, reproject

COUNT = 4_000
VIEWER = Acting(channel="http", secrecy="internal", places=None, permissions=frozenset({"maps.view", "layers.inspect"}))


class Explaining(psycopg.Cursor):
    """Has each question explained before it is asked; plans are gathered on the connection."""

    def execute(self, query, params=None, **more):
        if isinstance(query, sql.Composable) and query.as_string().lstrip().startswith(("SELECT", "WITH")):
            with psycopg.Cursor(self.connection) as cursor:
                rows = cursor.execute(sql.SQL("EXPLAIN ") + query, params).fetchall()
            self.connection.plans.append("\n".join(row[0] for row in rows))
        return super().execute(query, params, **more)


def houses(shift=0.0):
    column, row = np.arange(COUNT) % 80, np.arange(COUNT) // 80
    shapes = [square(30 * east + shift, 30 * north, side=12) for east, north in zip(column, row, strict=True)]
    return gpd.GeoDataFrame({"ZRZH": [f"F{shift:.0f}-{number:05d}" for number in range(COUNT)]}, geometry=shapes, crs=EPSG)


def scattered():
    """Squares that are seen from afar, over an area of many tiles."""
    column, row = np.arange(COUNT) % 80, np.arange(COUNT) // 80
    shapes = [square(1_500 * east, 1_500 * north, side=400) for east, north in zip(column, row, strict=True)]
    return red_lines(shapes)


@pytest.fixture(scope="module")
def loaded(server_url, template_database):
    url = create_database(server_url, "cuntu_test_indexes", template=template_database)
    with database.connect(url) as conn:
        numbers = [published(conn, houses(shift), meta("building")) for shift in (0.0, 7.0)]
        published(conn, scattered(), meta())
    yield url, numbers
    drop_database(server_url, "cuntu_test_indexes")


@pytest.fixture
def explained(loaded):
    """Ask as a role on behalf of a viewer; returns the plans in which a version's tables stand."""
    url, _ = loaded

    def ask(role, question):
        with on_behalf(VIEWER), database.connect(url, role=role) as conn:
            conn.plans = []
            conn.execute("SET plan_cache_mode = force_custom_plan")
            conn.cursor_factory = Explaining
            question(conn)
        return [plan for plan in conn.plans if "geom" in plan or "feature_" in plan or "piece_" in plan]

    return ask


def in_force(conn):
    return versions.get(conn, versions.history(conn, "building")[0].dataset.version).dataset


def lonlat(east, north):
    return shapely.get_coordinates(reproject(np.array([shapely.centroid(square(east, north, side=12))]), source=EPSG, target=CRS84))[0]


def uses(plan, index):
    """Whether a plan looks rows up in an index of a version's own tables, and reads none of these from end to end."""
    return re.search(rf"Index Scan (using|on) \w+_\d+_{index}", plan) is not None and not re.search(r"Seq Scan on (feature|piece|overview)_", plan)


def test_near_tiles_are_cut_from_the_spatial_index(explained, loaded):
    def question(conn):
        z, x, y = tile_of(EPSG, zoom=17)
        assert tiles.tile(conn, in_force(conn).version, "building", z, x, y)

    assert [uses(plan, "geom_idx") for plan in explained(TILES, question)] == [True]


def test_tiles_from_afar_are_cut_from_the_spatial_index(explained):
    def question(conn):
        version = versions.history(conn, "ecological_redline")[0].dataset.version
        assert tiles.tile(conn, version, "ecological_redline", *tile_of(EPSG, zoom=11))

    assert [uses(plan, "geom_idx") for plan in explained(TILES, question) if "overview_" in plan] == [True]


def test_what_is_near_a_site_is_found_by_the_spatial_index(explained):
    def question(conn):
        dataset = in_force(conn)
        found = snapshot.pruned(conn, {"building": dataset}, np.array([square(300, 300, side=20)]), radius_m={"building": 20.0}, epsg=EPSG)
        assert 0 < len(found["building"].features) < 20

    assert [uses(plan, "geom_idx") for plan in explained(APP, question) if "unnest" in plan] == [True]


def test_what_was_clicked_at_is_found_by_the_spatial_index(explained):
    lon, lat = lonlat(300, 300)

    def question(conn):
        assert len(identify.near(conn, in_force(conn), lon=lon, lat=lat, radius_m=1.0, epsg=EPSG)) == 1

    assert [uses(plan, "geom_idx") for plan in explained(APP, question) if "Sort" in plan] == [True]


def test_a_box_of_ogc_features_is_found_by_the_spatial_index(explained):
    crs = next(iter(offered(EPSG).values()))

    def question(conn):
        dataset, meant = in_force(conn), Selection(square(300, 300, side=100), {})
        counts = ogc_features.count(conn, [dataset], meant, epsg=EPSG)
        page = ogc_features.page(conn, [dataset], counts, meant, offset=0, limit=1_000, crs=crs, epsg=EPSG)
        assert 0 < len(page) == counts[0] < 50

    plans = explained(APP, question)
    assert [uses(plan, "geom_idx") for plan in plans if "st_intersects" in plan.lower()] == [True, True]


def test_a_feature_is_found_by_its_identifier(explained):
    def question(conn):
        assert ogc_features.one(conn, in_force(conn), "F7-00017", crs=next(iter(offered(EPSG).values())))

    assert [uses(plan, "version_id_identifier_idx") for plan in explained(APP, question) if "F7-00017" in plan] == [True]


def test_when_the_register_last_changed_is_read_from_indexes(loaded):
    """The service asks so several times a second: not by going through all applications on file to see which of them it may see."""
    url, _ = loaded
    with database.connect(url) as conn:
        names = [f"A-{number}" for number in range(300)]
        site = {"properties": {"household_id": "H"}, "geometry": square(0, 0, side=12), "epsg": EPSG}
        applications.save(conn, [Application(case_no=name, **site) for name in names])
        applications.settle(conn, names[:200])
    with database.connect(url) as owner:
        owner.autocommit = True
        owner.execute("ANALYZE application, application_record")
    with as_service(), database.connect(url, role=APP) as conn:
        moment = conn.execute("SELECT clock_timestamp()").fetchone()[0]
        plan = [row[0] for row in conn.execute(sql.SQL("EXPLAIN (ANALYZE, TIMING OFF) ") + applications.SQL["last_record_change"], {"known_at": moment}).fetchall()]
        changed = applications.last_change(conn, known_at=moment)
        assert changed == conn.execute("SELECT greatest(max(known_from), max(known_to)) FROM application_record").fetchone()[0]
    read = [line.strip() for line in plan if "Scan" in line and "never executed" not in line]
    assert len(read) == 2 and all(re.search(r"Index (Only )?Scan Backward using application_record_\w+ .*rows=1 loops=1", line) for line in read), plan


def test_what_stands_in_the_same_place_is_found_by_the_spatial_index(explained):
    def question(conn):
        after, before = versions.history(conn, "building")
        assert len(comparison.compare(conn, before, after).changes) == 2 * COUNT

    [plan] = [plan for plan in explained(APP, question) if "b.around" in plan]
    assert re.search(r"Index Cond: .*geom && b.around", plan)


def test_without_the_promise_of_the_operator_the_index_is_not_used(loaded, explained):
    """What these tests would show if PostGIS were updated and nobody had said again that comparing boxes betrays nothing."""
    url, _ = loaded
    with database.connect(url) as owner:
        owner.execute("ALTER FUNCTION geometry_overlaps(geometry, geometry) NOT LEAKPROOF")
    try:
        [plan] = explained(TILES, lambda conn: tiles.tile(conn, in_force(conn).version, "building", *tile_of(EPSG, zoom=17)))
        assert not uses(plan, "geom_idx")
    finally:
        database.upgrade(url)
    [plan] = explained(TILES, lambda conn: tiles.tile(conn, in_force(conn).version, "building", *tile_of(EPSG, zoom=17)))
    assert uses(plan, "geom_idx")
