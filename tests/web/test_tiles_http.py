from __future__ import annotations

import asyncio
import gzip

import geopandas as gpd
import people
import pytest
import shapely
from fastapi.testclient import TestClient
from frames import EAST, EPSG, NORTH, buildings, meta, published, red_lines, square
from tiles_at import tile_of

from api.app import create_app
from api.tile_answers import HeldTiles
from api.tile_cache import Tile, TileCache
from layers import catalog, database, tiles
from layers.maps.overlays import Overlay

FOR_EVER = "private, max-age=31536000, immutable"


def address(layer, zoom=13):
    z, x, y = tile_of(EPSG, zoom=zoom)
    return f"/tiles/{layer}/{z}/{x}/{y}.mvt"


@pytest.fixture
def houses(county_url):
    """The version of a layer of 200 houses: enough for a tile that is worth packing."""
    with database.connect(county_url) as conn:
        squares = [square(30 * (place % 20), 30 * (place // 20), 12) for place in range(200)]
        codes = {"ZDDM": ["421223001001JC00001"] * 200, "ZLDWDM": ["421223001001"] * 200}
        return published(conn, buildings(squares, **codes), meta("building"))


def raw(client, url, **headers):
    """Ask with exactly these headers, and read the body as it was sent."""
    with client.stream("GET", url, headers={"accept-encoding": "identity", **headers}) as answer:
        return answer, b"".join(answer.iter_raw())


def test_a_tile_of_a_named_version_is_kept_for_ever_and_another_is_asked_for_anew(client, houses):
    named, unnamed = raw(client, f"{address('building')}?v={houses}")[0], raw(client, address("building"))[0]
    assert named.headers["cache-control"] == FOR_EVER
    assert unnamed.headers["cache-control"] == "private, no-cache"
    assert named.headers["etag"] == unnamed.headers["etag"]
    assert {named.headers["content-type"], unnamed.headers["content-type"]} == {"application/vnd.mapbox-vector-tile"}


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "*", "GZIP"])
def test_whoever_takes_gzip_gets_a_packed_tile_and_the_same_content(client, houses, accepted):
    url = f"{address('building')}?v={houses}"
    for _ in range(2):  # The first is cut, the second comes out of memory.
        plain, content = raw(client, url)
        packed, sent = raw(client, url, **{"accept-encoding": accepted})
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding, Authorization, Cookie"
        assert gzip.decompress(sent) == content
        assert len(sent) < 0.7 * len(content)
        assert int(packed.headers["content-length"]) == len(sent)
        assert "content-security-policy" in packed.headers


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "gzip;q=0, *", "gzip;q=x"])
def test_whoever_does_not_take_gzip_gets_the_tile_itself(client, houses, accepted):
    url = f"{address('building')}?v={houses}"
    for _ in range(2):
        answer, content = raw(client, url, **{"accept-encoding": accepted})
        assert "content-encoding" not in answer.headers
        assert b"building" in content


def test_a_tile_that_is_known_is_not_sent_again(client, houses):
    url = f"{address('building')}?v={houses}"
    etag = raw(client, url)[0].headers["etag"]
    for known in (etag, f'"other", {etag}', etag.removeprefix("W/"), "*"):
        answer, content = raw(client, url, **{"if-none-match": known})
        assert (answer.status_code, content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert answer.headers["cache-control"] == FOR_EVER
    for other in ('"other"', etag[:-2] + '"'):
        assert raw(client, url, **{"if-none-match": other})[0].status_code == 200


def test_small_tiles_are_not_packed(client):
    answer, content = raw(client, address("ecological_redline", 11), **{"accept-encoding": "gzip"})
    assert "content-encoding" not in answer.headers
    assert b"ecological_redline" in content


def test_codes_that_lead_to_persons_are_in_no_tile(client, houses):
    content = raw(client, f"{address('building', 17)}?v={houses}")[1]
    assert b"421223001001JC00001" not in content.replace(b"421223001001JC00001F", b"")
    assert set(catalog.layer("building").display_fields).isdisjoint({"ZDDM", "ZLDWDM"})


def test_a_layer_above_what_may_be_shown_is_in_no_tile(county_url, settings, houses):
    with database.connect(county_url) as conn:
        road = gpd.GeoDataFrame(
            {"road_no": ["G1"]}, geometry=[shapely.LineString([(EAST, NORTH), (EAST + 500, NORTH)])], crs=EPSG
        )
        published(conn, road, meta("road", secrecy="public"))
    public = people.somebody(county_url, "viewer", ["viewer"], secrecy="public")
    with TestClient(create_app(settings, database_url=county_url), headers=public) as client:
        held = client.get(f"{address('building')}?v={houses}", headers=people.HEADERS)
        assert (held.status_code, held.headers["cache-control"]) == (200, "private, max-age=31536000, immutable")
        for url in (address("building"), f"{address('building')}?v={houses}") * 2:
            answer = client.get(url)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"
        assert b"road" in client.get(address("road", 13)).content


def test_a_tile_is_that_of_the_time_asked_for(client, county_url):
    before = client.get(address("ecological_redline", 11)).content
    moment = client.get("/api/v1/layers/ecological_redline/versions").json()["versions"][0]["known_from"]
    with database.connect(county_url) as conn:
        number = published(conn, red_lines([square(900, -200, 700)], zone=["core"]), meta())
    client.app.state.snapshots.published()
    now = client.get(address("ecological_redline", 11)).content
    assert now != before
    assert now == client.get(f"{address('ecological_redline', 11)}?v={number}").content
    assert client.get(address("ecological_redline", 11), params={"known_at": moment}).content == before


@pytest.mark.parametrize("query", ["v=0", "v=x", "v=1&v=2", "v=2147483648", "w=1", "v="])
def test_an_address_that_means_nothing_is_refused_even_where_tiles_are_held(client, houses, query):
    assert client.get(f"{address('building')}?v={houses}").status_code == 200
    assert client.get(f"{address('building')}?{query}").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "building/13/1/1.pbf",
        "building/-1/0/0.mvt",
        "building/13/99999999/0.mvt",
        "building/x/0/0.mvt",
        "../building/1/0/0.mvt",
    ],
)
def test_an_address_that_is_no_tile_is_refused(client, houses, path):
    assert client.get(f"/tiles/{path}?v={houses}").status_code in (400, 404)


def test_what_is_held_is_answered_without_the_database(client, houses, monkeypatch):
    url = f"{address('building')}?v={houses}"
    first = raw(client, url)[1]
    monkeypatch.setattr(tiles, "tile", None)
    assert raw(client, url)[1] == raw(client, address("building"))[1] == first


def test_maps_ask_for_tiles_by_version():
    layer = catalog.layer("building")
    assert Overlay(layer=layer, version_id=7).specification()["url"].endswith(".mvt?v=7")


def test_a_cache_holds_no_more_than_it_may():
    cache = TileCache(1_000)
    for place in range(10):
        cache.put((1, "road", 10, place, 0), Tile(bytes(300), False, "", "public"))
    assert [place for place in range(10) if cache.get((1, "road", 10, place, 0))] == [7, 8, 9]
    cache.put((1, "road", 10, 9, 0), Tile(bytes(1_001), False, "", "public"))
    assert cache.get((1, "road", 10, 9, 0)) is None


def test_held_tiles_let_everything_else_pass():
    passed = []

    async def app(scope, receive, send):
        passed.append(scope["type"])

    held = HeldTiles(app, cache=TileCache(1))
    for scope in (
        {"type": "lifespan"},
        {"type": "http", "method": "POST", "path": "/tiles/road/1/0/0.mvt", "query_string": b"v=1", "headers": []},
    ):
        asyncio.run(held(scope, None, None))
    assert passed == ["lifespan", "http"]
