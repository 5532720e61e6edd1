"""Features of a collection: pages, boxes, attributes, single features."""

from __future__ import annotations

from urllib.parse import quote

import pyproj
import pytest
import shapely
from frames import EAST, EPSG, NORTH, meta, published
from hypothesis import given, settings
from hypothesis import strategies as st
from ogc import (
    CGCS2000,
    COUNTY_CRS,
    HOSTILE,
    HOUSES,
    PREFIXED,
    county_with,
    houses,
    ids,
    items,
    many,
    pages,
    serving,
    stored,
)

from layers import database

DEGREES = pyproj.Transformer.from_crs(EPSG, "OGC:CRS84", always_xy=True)


@pytest.fixture(scope="module")
def url(server_url, county_template):
    with county_with(server_url, county_template, many) as made:
        yield made


@pytest.fixture(scope="module")
def client(url):
    with serving(url) as made:
        yield made


@pytest.fixture(scope="module")
def shapes(url):
    """The houses in CRS84 as pyproj moves them."""
    with database.connect(url) as conn:
        return stored(conn, "building", 4326)


def box84(west: float, south: float, east: float, north: float) -> tuple[float, ...]:
    """Metres from the origin to a box in degrees."""
    return DEGREES.transform_bounds(EAST + west, NORTH + south, EAST + east, NORTH + north)


def text(box) -> str:
    return ",".join(map(str, box))


def test_every_feature_has_its_chinese_properties_and_names_its_version(client):
    page = items(client, limit=1000)
    assert ids(page) == [HOSTILE if row == 7 else f"F{row:03d}" for row in range(HOUSES)]
    first = page["features"][6]["properties"]
    version = page["datasets"][0]["version"]
    assert first == {
        "自然幢号": "F006",
        "宗地代码": None,
        "幢占地面积": first["幢占地面积"],
        "总层数": 3,
        "竣工日期": "1996-06-01",
        "规划用途": "畜禽舍",
        "空置": True,
        "坐落单位代码": None,
        "数据版本": version,
    }
    assert first["幢占地面积"] == pytest.approx(houses().geometry[6].area, abs=0.005)
    assert {tuple(feature["properties"]) for feature in page["features"]} == {tuple(first)}


@settings(max_examples=25)
@given(limit=st.integers(1, 70), offset=st.integers(0, 70), vacant=st.sampled_from([None, "true", "false"]))
def test_pages_put_together_are_the_whole(client, limit, offset, vacant):
    chosen = {} if vacant is None else {"空置": vacant}
    whole = ids(items(client, limit=1000, **chosen))
    parts = list(pages(client, items(client, limit=limit, offset=offset, **chosen)))
    assert [name for part in parts for name in ids(part)] == whole[offset:]
    assert {part["numberMatched"] for part in parts} == {len(whole)}
    back = [link for link in parts[-1]["links"] if link["rel"] == "prev"]
    assert bool(back) == (offset > 0 or len(parts) > 1)


def test_pages_are_of_one_version_while_another_is_published(client, url):
    """Also where it got its time before the first page was read, and was committed after."""
    with database.connect(url) as conn:
        published(conn, houses(5), meta("building", title="新一版"))
        first = items(client, limit=20)
    client.app.state.snapshots.published()
    try:
        found = [name for part in pages(client, first) for name in ids(part)]
        assert len(found) == len(set(found)) == HOUSES
        assert items(client)["numberMatched"] == 5
    finally:
        with database.connect(url) as conn:
            published(conn, houses(), meta("building"))
        client.app.state.snapshots.published()


SPANS = st.tuples(st.floats(-300, 2_300), st.floats(-300, 1_500), st.floats(0, 1_200), st.floats(0, 1_200))


@settings(max_examples=40)
@given(span=SPANS)
def test_a_box_finds_what_meets_it_and_nothing_else(client, shapes, span):
    """Against shapely on the shapes as pyproj moves them; what is met within a tenth of a millimetre may count or not."""
    west, south, width, height = span
    box = box84(west, south, west + width, south + height)
    found = set(ids(items(client, limit=1000, bbox=text(box))))
    area = shapely.box(*box)
    sure = {name for name, shape in shapes.items() if shapely.intersects(shape, shapely.buffer(area, -1e-9))}
    possible = {name for name, shape in shapes.items() if shapely.dwithin(shape, area, 1e-9)}
    assert sure <= found <= possible


def test_a_box_may_be_a_line_or_a_place(client):
    west, south, east, north = box84(2, 2, 450, 8)
    middle = (south + north) / 2
    assert ids(items(client, bbox=text((west, middle, east, middle)))) == ["F000", "F001", "F002"]
    assert ids(items(client, bbox=text(box84(2, 2, 2, 2)))) == ["F000"]


def test_a_box_is_met_by_the_shape_not_by_its_own_box(client):
    corner = text(box84(960, 60, 979, 79))
    assert "F004" not in ids(items(client, bbox=corner))
    assert "F004" in ids(items(client, bbox=text(box84(902, 2, 903, 3))))


@pytest.mark.parametrize(
    ("crs", "box"),
    [
        (COUNTY_CRS, (NORTH + 100, EAST + 100, NORTH + 450, EAST + 1_005)),
        (PREFIXED, (NORTH + 100, EAST + 38_000_100, NORTH + 450, EAST + 38_001_005)),
    ],
    ids=["without zone", "with zone"],
)
def test_a_box_in_the_county_system_is_north_then_east(client, crs, box):
    found = ids(items(client, bbox=text(box), bbox_crs=crs, limit=100))
    area = shapely.box(EAST + 100, NORTH + 100, EAST + 1_005, NORTH + 450)
    frame = houses()
    assert found == list(frame["ZRZH"][frame.intersects(area)])
    assert 0 < len(found) < HOUSES
    swapped = (box[1], box[0], box[3], box[2])
    assert items(client, bbox=text(swapped), bbox_crs=crs)["numberMatched"] == 0


def test_a_box_in_degrees_of_the_county_datum_is_latitude_first(client):
    west, south, east, north = box84(100, 100, 1_000, 450)
    assert ids(items(client, bbox=text((south, west, north, east)), bbox_crs=CGCS2000)) == ids(items(client, bbox=text((west, south, east, north))))


def test_a_box_across_the_antimeridian_goes_the_other_way_round(client):
    _, south, east, north = box84(-300, -300, 2_300, 1_500)
    west = box84(500, 0, 501, 1)[0]
    eastern = set(ids(items(client, bbox=text((west, south, -170.0, north)), limit=100)))
    assert eastern == set(ids(items(client, bbox=text((west, south, east, north)), limit=100)))
    assert 0 < len(eastern) < HOUSES
    assert items(client, bbox=text((170.0, south, -170.0, north)))["numberMatched"] == 0
    assert items(client, bbox=text((170.0, south, west, north)), limit=100)["numberMatched"] == HOUSES - len(eastern) + shared(client, west, south, north)


def shared(client, west, south, north):
    """Houses on the meridian itself belong to both sides."""
    return items(client, bbox=text((west, south, west, north)))["numberMatched"]


@pytest.mark.parametrize(
    "box",
    ["-180,-90,180,90", "-1e308,-1e308,1e308,1e308", "-180,-90,-1e3,180,90,1e3", "-400,-91,400,91"],
    ids=["the world", "as large as numbers go", "with heights", "beyond the world"],
)
def test_a_large_box_holds_everything(client, box):
    assert items(client, bbox=box)["numberMatched"] == HOUSES


@pytest.mark.parametrize("box", ["0,0,1,1", "114.2,-90,114.3,-89", "5,48,20,70"], ids=["elsewhere", "the pole", "another county"])
def test_a_box_elsewhere_holds_nothing(client, box):
    page = items(client, bbox=box)
    assert (page["numberMatched"], page["features"]) == (0, [])


@pytest.mark.parametrize(
    ("name", "value", "row"),
    [
        ("自然幢号", "F012", lambda frame: frame["ZRZH"] == "F012"),
        ("规划用途", "住宅", lambda frame: frame["GHYT"] == "住宅"),
        ("总层数", "3", lambda frame: frame["ZCS"] == 3),
        ("空置", "true", lambda frame: frame["vacant"]),
        ("竣工日期", "1995-06-01", lambda frame: frame["JGRQ"].map(str) == "1995-06-01"),
        ("幢占地面积", str(houses()["ZZDMJ"][9]), lambda frame: frame["ZZDMJ"] == frame["ZZDMJ"][9]),
        ("规划用途", "' OR 1=1 --", lambda frame: frame["ZRZH"] == ""),
    ],
    ids=["identifier", "text", "integer", "boolean", "date", "number", "hostile text"],
)
def test_features_are_chosen_by_their_properties(client, name, value, row):
    frame = houses()
    assert ids(items(client, limit=100, **{name: value})) == list(frame["ZRZH"][row(frame).astype(bool)])


def test_properties_boxes_and_pages_go_together(client):
    frame = houses()
    wanted = list(frame["ZRZH"][frame["vacant"] & (frame["GHYT"] == "住宅") & frame.intersects(shapely.box(EAST, NORTH, EAST + 900, NORTH + 900))])
    first = items(client, limit=2, bbox=text(box84(0, 0, 900, 900)), 空置="true", 规划用途="住宅")
    assert [name for part in pages(client, first) for name in ids(part)] == wanted
    assert len(wanted) > 2


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("colour=red", ["?colour"]),
        ("limit=0", ["?limit"]),
        ("limit=-1&offset=-1", ["?limit", "?offset"]),
        ("limit=1.5", ["?limit"]),
        ("limit=١٠", ["?limit"]),
        ("offset=99999999999999999999", ["?offset"]),
        ("limit=1&limit=2", ["?limit"]),
        ("bbox=1,2,3", ["?bbox"]),
        ("bbox=1,2,3,4,5", ["?bbox"]),
        ("bbox=nan,2,3,4", ["?bbox"]),
        ("bbox=1,2,inf,4", ["?bbox"]),
        ("bbox=1,2,1e999,4", ["?bbox"]),
        ("bbox=114,30,115,29", ["?bbox"]),
        ("bbox=1,2,9,3,4,8", ["?bbox"]),
        ("bbox=;DROP TABLE feature,2,3,4", ["?bbox"]),
        (f"bbox=3270000,520000,3269000,530000&bbox-crs={COUNTY_CRS}", ["?bbox"]),
        ("crs=EPSG:4547&bbox-crs=http://www.opengis.net/def/crs/EPSG/0/3857", ["?crs", "?bbox-crs"]),
        ("总层数=很多&空置=maybe&竣工日期=1995-13-01&幢占地面积=nan", ["?幢占地面积", "?总层数", "?竣工日期", "?空置"]),
        ("规划用途=%00", ["?规划用途"]),
        ("datetime=20260101", ["?datetime"]),
        ("datetime=2026-01-01T00:00:00", ["?datetime"]),
        ("datetime=2026-01-02/2026-01-01", ["?datetime"]),
        ("datetime=2026-01-01/2026-02-01/2026-03-01", ["?datetime"]),
        ("datetime=0000-01-01T00:00:00Z", ["?datetime"]),
        ("known_at=2026-01-01T00:00:00", ["?known_at"]),
        ("known_at=9999-12-31T23:59:59-14:00", ["?known_at"]),
        ("f=gml", ["?f"]),
    ],
)
def test_what_cannot_be_meant_is_refused_with_each_place(client, query, places):
    answer = client.get(f"/ogc/collections/building/items?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert sorted(item["place"] for item in answer.json()["errors"]) == sorted(places)


def test_more_than_the_most_is_answered_with_the_most(client):
    page = items(client, limit=10**18)
    assert page["numberReturned"] == HOUSES


@pytest.mark.parametrize("name", ["F012", HOSTILE], ids=["plain", "hostile"])
def test_a_single_feature_is_found_by_its_identifier(client, name):
    answer = client.get(f"/ogc/collections/building/items/{quote(name, safe='')}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/geo+json")
    found = answer.json()
    [same] = items(client, 自然幢号=name)["features"]
    assert {key: found[key] for key in same} == same
    links = {link["rel"]: link for link in found["links"]}
    assert client.get(links["self"]["href"]).json()["id"] == name
    assert client.get(links["collection"]["href"]).json()["id"] == "building"
    page = client.get(links["alternate"]["href"])
    assert page.headers["content-type"].startswith("text/html")
    assert "<script>alert" not in page.text


@pytest.mark.parametrize("name", ["F999", "..%2F..%2Fetc", "", "'"], ids=["unknown", "path", "empty", "quote"])
def test_a_feature_that_is_not_there_is_404(client, name):
    answer = client.get(f"/ogc/collections/building/items/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("path", ["building/items/%00", "%00/items", "%00?datetime=../.."])
def test_a_zero_byte_in_an_address_is_refused(client, path):
    answer = client.get(f"/ogc/collections/{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_lines_and_points_are_handed_out_too(client):
    assert [feature["geometry"]["type"] for feature in items(client, "road")["features"]] == ["LineString", "LineString"]
    [tree] = items(client, "old_tree")["features"]
    east, north = DEGREES.transform(EAST + 5, NORTH - 20)
    assert tree["geometry"] == {"type": "Point", "coordinates": [pytest.approx(east, abs=1e-9), pytest.approx(north, abs=1e-9)]}
    assert ids(items(client, "road", bbox=text(box84(1_000, -60, 1_100, -40)))) == ["G106"]
