"""Tiles read back by GDAL, beside the same shapes projected by PROJ and PostGIS: what is there, where it is, what is left out."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import psycopg
import pyogrio
import pyproj
import pytest
import shapely
import sqlalchemy
from alembic import command
from alembic.config import Config
from frames import EPSG, meta, published

from api.bench.patches import survey
from layers import database, tiles
from layers.databases import create_database, drop_database
from layers.generalising import GROUND, WORLD_M, pixel_m

MADE = survey(2_000, seed=3)
TO_WEB = pyproj.Transformer.from_crs(EPSG, 3857, always_xy=True)
WEB = shapely.transform(MADE.shapes, lambda points: np.column_stack(TO_WEB.transform(*points.T)))
NUMBERS = np.array([f"421223{row:012d}" for row in range(len(WEB))])


@pytest.fixture
def patches(db):
    frame = MADE.patches[["BSM", "DLBM", "DLMC", "TBMJ", "geometry"]]
    return published(db, frame, meta("land_use"))


@pytest.fixture
def zones(db):
    frame = gpd.GeoDataFrame({"BSM": NUMBERS, "zone": "other"}, geometry=MADE.shapes, crs=EPSG)
    return published(db, frame, meta("ecological_redline"))


def middle_tile(z, east=0.5, north=0.5):
    west, south, right, top = shapely.total_bounds(WEB)
    side = WORLD_M / 2**z
    return (
        z,
        int((west + east * (right - west) + WORLD_M / 2) / side),
        int((WORLD_M / 2 - south - north * (top - south)) / side),
    )


def box_of(z, x, y, margin=0.0):
    side = WORLD_M / 2**z
    west, north = -WORLD_M / 2 + x * side, WORLD_M / 2 - y * side
    return shapely.box(west, north - side, west + side, north).buffer(margin, join_style="mitre")


def read(folder, content, z, x, y):
    path = folder / str(z) / str(x) / f"{y}.mvt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return pyogrio.read_dataframe(path, Z=z, X=x, Y=y)


@pytest.mark.parametrize("z", [13, 14, 16, 18])
@pytest.mark.parametrize("place", [(0.5, 0.5), (0.12, 0.83)])
def test_near_every_feature_is_there_and_lies_where_proj_puts_it(db, tmp_path, patches, z, place):
    z, x, y = middle_tile(z, *place)
    unit, box = pixel_m(z) / 16, box_of(z, x, y)
    found = read(tmp_path, tiles.tile(db, patches, "land_use", z, x, y), z, x, y).set_index("BSM").geometry
    inside = shapely.area(shapely.intersection(WEB, box)) > 4 * pixel_m(z) ** 2
    assert set(NUMBERS[inside]) <= set(found.index) <= set(NUMBERS[shapely.intersects(WEB, box_of(z, x, y, 70 * unit))])
    # A quarter of a pixel by simplifying; a step and a half by rounding and by the affine way.
    reach = pixel_m(z) / 4 + 1.5 * unit
    for number, shape in found.items():
        exact = shapely.intersection(WEB[number == NUMBERS][0], box)
        seen = shapely.intersection(shapely.make_valid(shape), box)
        assert seen.difference(exact.buffer(reach)).is_empty
        assert exact.buffer(-reach).difference(seen.buffer(reach)).is_empty


@pytest.mark.parametrize("z", [13, 16])
def test_near_a_tile_is_that_of_the_plain_statement_but_for_a_quarter_of_a_pixel(db, tmp_path, patches, z):
    z, x, y = middle_tile(z)
    plain = """SELECT ST_AsMVT(s, 'plain', 4096, 'geom') FROM (
        SELECT identifier, ST_AsMVTGeom(ST_Transform(geom, 3857), ST_TileEnvelope(%s, %s, %s)) AS geom FROM feature WHERE version_id = %s) AS s
        WHERE geom IS NOT NULL"""
    row = db.execute(plain, [z, x, y, patches]).fetchone()
    theirs = read(tmp_path / "plain", bytes(row[0]), z, x, y).set_index("identifier").geometry
    ours = read(tmp_path / "ours", tiles.tile(db, patches, "land_use", z, x, y), z, x, y).set_index("BSM").geometry
    both = theirs.index.intersection(ours.index)
    slivers = theirs.index.symmetric_difference(ours.index)
    assert len(both) > 8
    assert all(
        shapely.area(shapely.intersection(WEB[number == NUMBERS][0], box_of(z, x, y))) < pixel_m(z) ** 2
        for number in slivers
    )
    apart = shapely.hausdorff_distance(ours[both].to_numpy(), theirs[both].to_numpy())
    assert apart.max() < pixel_m(z) / 4 + 2 * pixel_m(z) / 16


@pytest.mark.parametrize("z", [8, 9, 10, 11])
def test_from_afar_nothing_lies_beyond_the_tolerance_and_what_is_seen_is_there(db, tmp_path, zones, z):
    z, x, y = middle_tile(z)
    pixel, box = pixel_m(z), box_of(z, x, y)
    content = tiles.tile(db, zones, "ecological_redline", z, x, y)
    frame = read(tmp_path, content, z, x, y) if content else gpd.GeoDataFrame({"mvt_id": []}, geometry=[])
    seen = dict(zip(frame["mvt_id"].astype(int), frame.geometry, strict=True))
    area = shapely.area(WEB)
    assert all(area[row] > 0.9 * pixel**2 for row in seen)
    wanted = np.flatnonzero((area > 1.3 * pixel**2) & shapely.covers(box, WEB))
    assert set(wanted.tolist()) <= set(seen)
    reach = pixel / 2 + 2 * pixel / 16
    for row, shape in seen.items():
        assert shapely.intersection(shape, box).difference(WEB[row].buffer(reach)).is_empty


def test_from_afar_a_tile_carries_the_class_and_nothing_else(db, tmp_path, zones, patches):
    z, x, y = middle_tile(11)
    content = tiles.tile(db, zones, "ecological_redline", z, x, y)
    assert set(read(tmp_path / "zones", content, z, x, y).columns) - {"mvt_id", "geometry"} == {"zone"}
    z, x, y = middle_tile(12)
    content = tiles.tile(db, patches, "land_use", z, x, y)
    assert set(read(tmp_path / "patches", content, z, x, y).columns) - {"mvt_id", "geometry"} <= {
        "DLBM",
        "QSXZ",
        "CZCSXM",
    }
    assert b"DLBM" in content


def test_overviews_keep_no_more_than_is_seen_and_never_change(db, zones, patches):
    db.commit()
    count, points = db.execute(
        "SELECT count(*), sum(ST_NPoints(geom)) FROM overview WHERE version_id = %s", [zones]
    ).fetchone()
    seen = shapely.area(MADE.shapes) >= (pixel_m(11) * GROUND) ** 2
    assert 0 < count == seen.sum()
    assert points < 0.5 * shapely.get_num_coordinates(MADE.shapes[seen]).sum()
    assert db.execute("SELECT count(*) FROM overview WHERE version_id = %s", [patches]).fetchone() == (0,)
    for change in (
        "UPDATE overview SET fid = -fid",
        "DELETE FROM overview",
        "TRUNCATE overview",
        f"TRUNCATE overview_{zones}",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            db.execute(change)
        db.rollback()


def test_versions_stored_before_there_were_overviews_get_theirs(server_url):
    url = create_database(server_url, "cuntu_test_earlier")
    try:
        _as_it_was(url)
        database.upgrade(url)
        with database.connect(url) as conn:
            rows = conn.execute(
                "SELECT fid, attributes ->> 'zone', ST_AsBinary(geom), ST_SRID(geom) FROM overview ORDER BY fid"
            ).fetchall()
            assert [(row[0], row[1], row[3]) for row in rows] == [(0, "other", 3857)]
            assert shapely.hausdorff_distance(shapely.from_wkb(rows[0][2]), _web(LARGE)) < 1e-6
            middle, side = shapely.centroid(_web(LARGE)), WORLD_M / 2**11
            x, y = int((middle.x + WORLD_M / 2) / side), int((WORLD_M / 2 - middle.y) / side)
            assert b"other" in tiles.tile(conn, 7, "ecological_redline", 11, x, y)
            with pytest.raises(psycopg.errors.RestrictViolation):
                conn.execute("DELETE FROM overview")
    finally:
        drop_database(server_url, "cuntu_test_earlier")


LARGE, SMALL = shapely.box(520_000, 3_270_000, 520_300, 3_270_300), shapely.box(521_000, 3_270_000, 521_010, 3_270_010)


def _web(shape):
    return shapely.transform(shape, lambda points: np.column_stack(TO_WEB.transform(*points.T)))


def _as_it_was(url):
    """A store before the migration, with one published version of two features."""
    config = Config()
    config.set_main_option("script_location", "layers:migrations")
    config.set_main_option("path_separator", "os")
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0010")
    with database.connect(url) as conn:
        conn.execute(
            "INSERT INTO dataset_version (id, layer_id, status, law_status, title, authority, valid_from, known_from, source_name, source_sha256,"
            " secrecy, synthetic, epsg, coverage, feature_count, checksum, disjoint, qa) OVERRIDING SYSTEM VALUE VALUES (7, 'ecological_redline',"
            " 'published', 'in_force', 'x', 'x', '2020-01-01', now(), 'x', 'x', 'internal', true, 4547, ST_GeomFromWKB(%s, 4547), 2, 'x', true, '{}')",
            [LARGE.wkb],
        )
        conn.execute("CREATE TABLE feature_7 (LIKE feature)")
        for fid, shape in enumerate((LARGE, SMALL)):
            conn.execute(
                "INSERT INTO feature_7 SELECT 7, %s, %s, %s, g, ST_Transform(g, 3857), ST_Area(g) FROM (SELECT ST_GeomFromWKB(%s, 4547) AS g) AS s",
                [fid, str(fid), '{"zone": "other"}', shape.wkb],
            )
        conn.execute("ALTER TABLE feature ATTACH PARTITION feature_7 FOR VALUES IN (7)")
