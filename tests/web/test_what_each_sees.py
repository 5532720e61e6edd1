"""Two towns, three levels: what belongs to another town or lies above one's level is as if it were not there."""

from __future__ import annotations

from contextlib import contextmanager

import geopandas as gpd
import numpy as np
import people
import pytest
import shapely
from applications import IN_ZONE, application, ring
from fastapi.testclient import TestClient
from frames import EAST, EPSG, NORTH, buildings, meta, published
from tiles_at import tile_of

from api.access.permissions import roles
from api.app import create_app
from layers import database, versions
from spatial.crs import CRS84, reproject

WEST_VILLAGE, EAST_VILLAGE, NO_TOWN = "421223100201", "421223100202", "421223101"
IN_THE_EAST = application(coordinates=[ring(15_000, 20)], case_no="E-1")
IN_THE_WEST = application(coordinates=[ring(95, 20)], case_no="W-1")


@pytest.fixture
def as_person(client, county_url):
    """A function that gives the headers of a person of some roles."""

    def made(name, *roles, **more):
        return people.somebody(county_url, name, roles, **more)

    return made


def check(client, feature, **more):
    return client.post("/api/v1/checks", params=IN_ZONE, json=feature, **more)


def test_a_check_beyond_the_seat_is_refused_with_the_reason_and_not_stored(client, as_person):
    clerk = as_person("clerk", "town_clerk", place=WEST_VILLAGE)
    for _ in range(2):  # by the long way, then by the short one
        refused = check(client, IN_THE_EAST, headers=clerk)
        assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
        assert EAST_VILLAGE in refused.json()["detail"]
        assert WEST_VILLAGE in refused.json()["detail"]
        assert "没有存档" in refused.json()["detail"]
    assert client.get("/api/v1/checks").json()["total"] == 0
    assert check(client, IN_THE_WEST, headers=clerk).status_code == 201
    assert client.get("/api/v1/checks", headers=clerk).json()["total"] == 1


def test_the_short_way_answers_each_role_as_the_long_one(client, as_person, monkeypatch):
    everybody = {
        role: as_person(role, role, place=WEST_VILLAGE if told.of_town else None) for role, told in roles().items()
    }
    everybody |= {"nobody": {"Authorization": ""}, "forged": people.headers_of("cuntu_" + "9" * 43)}

    def told():
        return {
            (who, path): client.post(path, params=IN_ZONE, json=IN_THE_WEST, headers=headers).status_code
            for who, headers in everybody.items()
            for path in ("/api/v1/checks", "/api/v1/checks/preview")
        }

    with monkeypatch.context() as patched:
        patched.setattr(client.app.state.asked, "get", lambda query: None)
        long = told()
    assert told() == long
    assert {who for (who, _), status in long.items() if status in (200, 201)} == {"town_clerk", "planner", "reviewer"}
    assert {status for (who, _), status in long.items() if who in ("nobody", "forged")} == {401}


def test_a_town_reaches_all_its_villages_and_no_other_town(client, as_person):
    town, other = (
        as_person("town", "town_clerk", place=WEST_VILLAGE[:9]),
        as_person("other", "town_clerk", place=NO_TOWN),
    )
    assert [check(client, site, headers=town).status_code for site in (IN_THE_EAST, IN_THE_WEST)] == [201, 201]
    assert [check(client, site, headers=other).status_code for site in (IN_THE_EAST, IN_THE_WEST)] == [403, 403]


def test_checks_of_elsewhere_are_as_if_they_were_not_there(client, as_person):
    clerk = as_person("clerk", "town_clerk", place=WEST_VILLAGE)
    reviewer = as_person("reviewer", "reviewer", place=WEST_VILLAGE)
    there, here = (check(client, site).json()["id"] for site in (IN_THE_EAST, IN_THE_WEST))
    paper = client.get(f"/api/v1/checks/{there}.pdf")
    assert paper.status_code == 200
    paths = ["", ".pdf", ".xlsx", "/line", "/overrides", "/proposals"]
    absent = "00000000-0000-0000-0000-000000000000"
    for path in paths:
        hidden, nothing = (client.get(f"/api/v1/checks/{number}{path}", headers=clerk) for number in (there, absent))
        assert (hidden.status_code, nothing.status_code) == (404, 404), path
        assert hidden.json()["detail"].replace(there, absent) == nothing.json()["detail"]
        assert client.get(f"/api/v1/checks/{here}{path}", headers=clerk).status_code == 200, path
    assert client.get(f"/maps/checks/{there}", headers=clerk).status_code == 404
    assert client.get(f"/maps/checks/{here}", headers=clerk).status_code == 200
    mark = {"rule": "HB-001a", "reason": "误", "evidence": "图"}
    acts = [f"/api/v1/checks/{there}/overrides", f"/api/v1/checks/{there}/overrides/{absent}/withdrawal"]
    assert [
        client.post(path, json=mark if path.endswith("overrides") else {"reason": "误"}, headers=reviewer).status_code
        for path in acts
    ] == [404, 404]
    assert client.post(f"/api/v1/checks/{there}/recheck", headers=reviewer).status_code == 404


def test_lists_and_counts_have_only_what_lies_within_reach(client, as_person):
    clerk = as_person("clerk", "town_clerk", place=WEST_VILLAGE)
    there, here = (check(client, site).json()["id"] for site in (IN_THE_EAST, IN_THE_WEST))
    listed = client.get("/api/v1/checks", headers=clerk).json()
    assert (listed["total"], [line["id"] for line in listed["checks"]]) == (1, [here])
    assert client.get("/api/v1/checks", params={"case_no": "E-1"}, headers=clerk).json()["total"] == 0
    page = client.get("/checks", headers=clerk).text
    assert here in page
    assert there not in page
    assert client.get("/api/v1/checks").json()["total"] == 2


@pytest.mark.parametrize("path", ["/api/v1/checks/batch", "/api/v1/runs/open", "/api/v1/runs/houses"])
def test_what_is_done_to_the_whole_county_is_for_seats_of_the_county(client, as_person, path):
    planner = as_person("planner", "planner", place=WEST_VILLAGE)
    refused = client.post(path, headers=planner)
    assert (refused.status_code, "全县" in refused.json()["detail"]) == (403, True)


@pytest.fixture
def two_levels(county_url):
    """Buildings that are secret, and roads that are public, where all else is internal."""
    with database.connect(county_url) as conn:
        building = versions.stage(
            conn, buildings(), meta("building", secrecy="secret"), epsg=EPSG, max_secrecy="secret"
        )
        versions.publish(conn, building)
        numbers = {"building": building, "road": published(conn, frame_of_roads(), meta("road", secrecy="public"))}
        conn.commit()
    return numbers


def frame_of_roads():
    return gpd.GeoDataFrame(
        {"road_no": ["G1"]}, geometry=[shapely.LineString([(EAST, NORTH), (EAST + 500, NORTH)])], crs=EPSG
    )


@contextmanager
def serving(url, settings, **changes):
    with TestClient(create_app(settings.model_copy(update=changes), database_url=url)) as service:
        yield service


def tile(version, layer):
    z, x, y = tile_of(EPSG, zoom=14)
    return f"/tiles/{layer}/{z}/{x}/{y}.mvt?v={version}"


def test_a_held_tile_is_given_to_nobody_below_its_level(county_url, settings, two_levels):
    levels = {
        level: people.somebody(county_url, level, ["viewer"], secrecy=level)
        for level in ("public", "internal", "secret")
    }
    with serving(county_url, settings, max_secrecy="secret", anonymous=True) as service:
        addresses = {name: tile(number, name) for name, number in two_levels.items()}
        assert (
            service.get(addresses["building"], headers=levels["secret"]).headers["cache-control"].startswith("private")
        )
        assert service.get(addresses["road"]).headers["cache-control"].startswith("public")
        seen = {
            level: [service.get(address, headers=headers).status_code for address in addresses.values()]
            for level, headers in levels.items()
        }
        assert seen == {"public": [404, 200], "internal": [404, 200], "secret": [200, 200]}
        etag = service.get(addresses["building"], headers=levels["secret"]).headers["etag"]
        assert [
            service.get(address, headers={"If-None-Match": etag}).status_code for address in addresses.values()
        ] == [404, 200]


def test_where_nobody_may_look_even_a_public_tile_is_private(county_url, settings, two_levels):
    with serving(county_url, settings) as service:
        answers = [service.get(tile(two_levels["road"], "road"), headers=people.HEADERS) for _ in range(2)]
        assert [answer.headers["cache-control"].partition(",")[0] for answer in answers] == ["private", "private"]
        assert service.get(tile(two_levels["road"], "road")).status_code == 401


def test_what_is_held_for_one_level_is_not_shown_at_another(county_url, settings, two_levels):
    """In either order: lists, collections with their bounds, the map of village types and what lies at a place."""
    levels = {level: people.somebody(county_url, level, ["viewer"], secrecy=level) for level in ("secret", "public")}
    lon, lat = shapely.get_coordinates(
        reproject(np.array([shapely.Point(EAST + 5, NORTH + 5)]), source=EPSG, target=CRS84)
    )[0]
    with serving(county_url, settings, max_secrecy="secret") as service:
        for level in ("secret", "public", "secret"):
            ask = {"headers": levels[level]}
            listed = {layer["id"]: layer["state"] for layer in service.get("/api/v1/layers", **ask).json()["layers"]}
            collections = {item["id"] for item in service.get("/ogc/collections", **ask).json()["collections"]}
            at = service.get("/api/v1/layers/building/at", params={"lon": lon, "lat": lat, "radius_m": 200}, **ask)
            drawn = f"mvt?v={two_levels['building']}" in service.get("/maps/village-types", **ask).text
            shown = (listed.get("building") == "loaded", "building" in collections, at.status_code == 200, drawn)
            assert shown == ((level == "secret"),) * 4, level


def test_nobody_in_particular_sees_public_layers_and_no_acts(county_url, settings, two_levels):
    with serving(county_url, settings, anonymous=True) as service:
        assert {item["id"] for item in service.get("/ogc/collections").json()["collections"]} == {"road"}
        start = service.get("/")
        assert start.status_code == 200
        for link in (
            'href="/apply"',
            'href="/checks"',
            'href="/layers"',
            'href="/layers/import"',
            'href="/admin/accounts"',
        ):
            assert link not in start.text
        assert 'href="/maps/village-types"' in start.text
        hidden = service.get("/checks", headers={"Accept": "text/html"}, follow_redirects=False)
        assert (hidden.status_code, hidden.headers["location"]) == (303, "/sign-in?next=%2Fchecks")
    with serving(county_url, settings) as service:
        led = service.get("/", headers={"Accept": "text/html"}, follow_redirects=False)
        assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2F")
