from __future__ import annotations

import math

import geopandas as gpd
import pyogrio
import pyproj
import pytest
import shapely
from frames import EPSG, buildings, meta, published, red_lines, rough_ring, square
from psycopg import sql

from layers import catalog, tiles, versions
from layers.errors import SecrecyError, TileAddressError, UnknownVersionError
from spatial.errors import UnknownLayerError


def address(z, geometry=None):
    """The tile that holds the middle of a geometry in the county's CRS."""
    middle = (geometry or square()).centroid
    lon, lat = pyproj.Transformer.from_crs(EPSG, 4326, always_xy=True).transform(middle.x, middle.y)
    x = (lon + 180) / 360 * 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**z
    return z, int(x), int(y)


@pytest.fixture
def read_tile(tmp_path, db):
    """Make a tile and read it with GDAL, in the county's CRS."""

    def read(version, layer, z, x, y):
        path = tmp_path / str(z) / str(x) / f"{y}.mvt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tiles.tile(db, version, layer, z, x, y))
        assert [name for name, _ in pyogrio.list_layers(path)] == [layer]
        return pyogrio.read_dataframe(path, Z=z, X=x, Y=y).set_crs(3857, allow_override=True).to_crs(EPSG)

    return read


@pytest.fixture
def houses(db):
    """A house with values in all fields, and a tiny shed."""
    codes = {"ZDDM": ["421223001001JC00001"] * 2, "ZLDWDM": ["421223001001"] * 2}
    return published(db, buildings([square(side=12), square(40, side=2)], GHYT=["住宅", None], **codes), meta("building"))


def test_a_tile_shows_a_feature_where_it_is_with_its_values(read_tile, houses):
    frame = read_tile(houses, "building", *address(17))
    house = frame.loc[frame["ZRZH"].str.endswith("000000")].iloc[0]
    assert (house["ZCS"], house["ZZDMJ"], house["GHYT"], house["JGRQ"]) == (2, 100.5, "住宅", "2015-06-01")
    assert not house["vacant"]
    assert shapely.hausdorff_distance(house.geometry, square(side=12)) < 0.2


def test_codes_of_other_things_and_unknown_fields_are_not_in_a_tile(db, houses):
    content = tiles.tile(db, houses, "building", *address(17))
    assert b"421223001001JC00001F000000" in content
    assert b"ZDDM" not in content
    assert b"ZLDWDM" not in content
    assert catalog.layer("building").display_fields == ("ZRZH", "ZZDMJ", "ZCS", "JGRQ", "GHYT", "vacant")


def test_what_is_smaller_than_a_pixel_is_left_out(read_tile, houses):
    assert len(read_tile(houses, "building", *address(18))) == 2
    assert len(read_tile(houses, "building", *address(15))) == 1


def test_lines_are_never_thinned_out(db, read_tile):
    line = shapely.LineString([(520_000, 3_270_000), (520_002, 3_270_001)])
    frame = gpd.GeoDataFrame({"line_no": ["1"], "kv": [110.0]}, geometry=[line], crs=EPSG)
    version = published(db, frame, meta("power_line"))
    assert len(read_tile(version, "power_line", *address(18))) == 1


def test_a_large_shape_is_cut_to_the_tile(db, read_tile):
    ring = rough_ring()
    version = published(db, red_lines([ring]), meta())
    z, x, y = address(14, ring)
    piece = read_tile(version, "ecological_redline", z, x, y).geometry.iloc[0]
    whole = ring.intersection(piece)
    assert whole.area == pytest.approx(piece.area, rel=0.01)
    assert piece.area < 0.5 * ring.area


@pytest.mark.parametrize("z", [0, 12])
def test_below_the_lowest_zoom_a_tile_is_empty(db, houses, z):
    assert tiles.tile(db, houses, "building", *address(z)) == b""


def test_a_tile_without_features_is_empty(db, houses):
    assert tiles.tile(db, houses, "building", *address(17, square(20_000))) == b""


@pytest.mark.parametrize(("z", "x", "y"), [(-1, 0, 0), (23, 0, 0), (3, 8, 0), (3, 0, 8), (3, -1, 0), (3, 0, -1)])
def test_addresses_outside_the_grid_are_refused(db, houses, z, x, y):
    with pytest.raises(TileAddressError):
        tiles.tile(db, houses, "building", z, x, y)


def test_versions_that_are_not_this_layers_or_not_published_are_unknown(db, houses):
    with pytest.raises(UnknownVersionError):
        tiles.tile(db, houses, "road", *address(17))
    with pytest.raises(UnknownVersionError):
        tiles.tile(db, 4711, "building", *address(17))
    with pytest.raises(UnknownLayerError):
        tiles.tile(db, houses, "atlantis", *address(17))
    staged = versions.stage(db, buildings(), meta("building"), epsg=EPSG)
    with pytest.raises(UnknownVersionError):
        tiles.tile(db, staged, "building", *address(17))


def test_a_layer_above_the_readers_level_is_not_shown(db, houses):
    with pytest.raises(SecrecyError):
        tiles.tile(db, houses, "building", *address(17), max_secrecy="public")


def test_a_tile_does_not_change_the_connections_setting_for_later(db, houses):
    db.commit()
    before = db.execute("SHOW max_parallel_workers_per_gather").fetchone()
    db.commit()
    tiles.tile(db, houses, "building", *address(17))
    db.commit()
    assert db.execute("SHOW max_parallel_workers_per_gather").fetchone() == before


def test_what_is_thinner_than_a_tiles_grid_leaves_neither_shape_nor_values(db):
    sliver = shapely.box(520_000, 3_270_000, 522_000, 3_270_000.1)
    version = published(db, red_lines([sliver]), meta())
    z, x, y = address(14, sliver)
    assert tiles.tile(db, version, "ecological_redline", z, x, y) == b""
    assert b"zone" in tiles.tile(db, version, "ecological_redline", *address(20, sliver))


@pytest.mark.parametrize("zoom", [10, 14])
def test_the_shape_of_a_feature_is_worked_out_once(db, zoom):
    version = published(db, red_lines([square(side=5_000)]), meta())
    asked = []

    class Asking:
        def execute(self, statement, values):
            asked.append((statement, values))
            return db.execute(statement, values)

    assert tiles.tile(Asking(), version, "ecological_redline", *address(zoom, square(side=5_000)))
    statement, values = asked[-1]
    plan = db.execute(sql.SQL("EXPLAIN (VERBOSE, COSTS OFF) ") + statement, values).fetchall()
    text = "\n".join(line for (line,) in plan)
    # A plan may hand on what it has worked out by naming it again as a whole; a condition on it would work it out a second time.
    assert "st_asmvtgeom" in text.lower()
    assert not [line for line in text.splitlines() if line.strip().startswith("Filter:") and "st_asmvtgeom" in line.lower()]
