"""Where only public layers may be seen, the others are as if they were not there; fields about persons are nowhere."""

from __future__ import annotations

import dataclasses
from datetime import date
from types import MappingProxyType

import people
import pytest
from frames import meta, published, red_lines, square
from ogc import county_with, houses, lines_and_trees, serving

from layers import catalog as catalogue

PLACE = {"lon": "114.20616", "lat": "29.54765", "radius_m": "200"}


def mixed(conn):
    """Public roads; houses, trees and the county of the other tests are internal, and so is the newer of two red lines."""
    published(conn, houses(), meta("building"))
    lines_and_trees(conn, roads_secrecy="public")
    published(conn, red_lines([square(0, 0, 50)], BSM=["outside"]), meta(secrecy="public", valid_to=date(2024, 1, 1)))
    published(conn, red_lines([square(0, 0, 50)], BSM=["inside"]), meta(secrecy="internal", valid_from=date(2023, 1, 1)))


@pytest.fixture(scope="module")
def url(server_url, county_template):
    with county_with(server_url, county_template, mixed) as made:
        yield made


@pytest.fixture(scope="module")
def open_client(url):
    with serving(url, people.somebody(url, "viewer", ["viewer"], secrecy="public")) as made:
        yield made


@pytest.fixture(scope="module")
def inner_client(url):
    with serving(url) as made:
        yield made


def collections(client):
    return {entry["id"] for entry in client.get("/ogc/collections").json()["collections"]}


def test_the_list_has_what_is_open(open_client, inner_client):
    assert collections(open_client) == {"road"}
    assert collections(inner_client) == {"county", "town", "village", "basic_farmland", "ecological_redline", "building", "road", "old_tree"}


@pytest.mark.parametrize("path", ["", "/items", "/items/F001", "/schema", "/queryables", "/items?datetime=../..", "/items?f=html"])
def test_a_layer_above_answers_like_one_that_is_not_there(open_client, inner_client, path):
    hidden, absent = (open_client.get(f"/ogc/collections/{name}{path}") for name in ("building", "parcel"))
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json()["detail"].replace("building", "parcel") == absent.json()["detail"]
    assert inner_client.get(f"/ogc/collections/building{path}").status_code == 200


def test_the_definition_does_not_name_it(open_client, inner_client):
    assert "building" not in open_client.get("/ogc/api").text
    assert "/collections/building/items" in inner_client.get("/ogc/api").json()["paths"]


def test_no_other_route_shows_it_either(open_client, inner_client):
    listed = {layer["id"] for layer in open_client.get("/api/v1/layers").json()["layers"]}
    assert "road" in listed and not listed & {"building", "old_tree", "parcel"}
    assert open_client.get("/api/v1/layers/building/versions").json()["versions"] == []
    [version] = inner_client.get("/api/v1/layers/building/versions").json()["versions"]
    for path in (
        f"/api/v1/layers/building/versions/{version['version']}",
        f"/api/v1/layers/building/at?lon={PLACE['lon']}&lat={PLACE['lat']}&radius_m=200",
    ):
        assert inner_client.get(path).status_code == 200, path
        assert open_client.get(path).status_code == 404, path
    assert open_client.get("/api/v1/layers/building/acts").json()["acts"] == []
    assert "自然幢" not in open_client.get("/").text
    assert "公路" in open_client.get("/").text
    assert "自然幢" in inner_client.get("/").text


def test_tiles_and_exports_of_it_are_refused(open_client, inner_client):
    [version] = inner_client.get("/api/v1/layers/building/versions").json()["versions"]
    tile = f"/tiles/building/14/13390/6796.mvt?v={version['version']}"
    export = f"/api/v1/layers/building/versions/{version['version']}/export?format=geojson"
    for path in (tile, tile.partition("?")[0], export):
        refused = open_client.get(path)
        assert 400 <= refused.status_code < 500, (path, refused.status_code)
        assert inner_client.get(path).status_code == 200, path


def test_of_a_layer_whose_version_in_force_is_above_no_earlier_one_stands_in(open_client, inner_client):
    def asked(client, day):
        return client.get("/ogc/collections/ecological_redline/items", params={"datetime": day})

    for day in ("2023-06-01", "2025-01-01"):
        assert asked(inner_client, day).json()["features"][0]["id"] == "inside"
        assert asked(open_client, day).status_code == 404
    assert asked(open_client, "2022-06-01").json()["features"][0]["id"] == "outside"
    assert [item["id"] for item in asked(inner_client, "../..").json()["features"]] == ["outside", "inside"]
    assert [item["id"] for item in asked(open_client, "../..").json()["features"]] == ["outside"]


def test_what_tells_of_a_person_is_never_handed_out(inner_client, monkeypatch):
    building = catalogue.catalog()["building"]
    fields = {**building.fields, "GHYT": dataclasses.replace(building.fields["GHYT"], personal=True)}
    changed = {**catalogue.catalog(), "building": dataclasses.replace(building, fields=MappingProxyType(fields))}
    assert "住宅" in inner_client.get("/ogc/collections/building/items").text
    monkeypatch.setattr(catalogue, "catalog", lambda: changed)
    monkeypatch.setattr("api.ogc.collections.catalog", lambda: changed)
    assert "住宅" not in inner_client.get("/ogc/collections/building/items?limit=9").text
    assert "规划用途" not in inner_client.get("/ogc/collections/building/items/F001").text
    assert "规划用途" not in inner_client.get("/ogc/collections/building/schema").text
    assert inner_client.get("/ogc/collections/building/items", params={"规划用途": "住宅"}).status_code == 400
    at = inner_client.get("/api/v1/layers/building/at", params=PLACE)
    assert at.status_code == 200 and at.json()["features"] and "住宅" not in at.text
