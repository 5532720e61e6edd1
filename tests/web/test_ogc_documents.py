"""The documents of `/ogc`: links, forms, definition, caching."""

from __future__ import annotations

import re
import warnings

import jsonschema
import pytest
from frames import meta, published
from ogc import county_with, houses, items, many, serving

from layers import catalog, database

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
PATHS = {
    "/ogc": "application/json",
    "/ogc/conformance": "application/json",
    "/ogc/api": "application/vnd.oai.openapi+json;version=3.0",
    "/ogc/collections": "application/json",
    "/ogc/collections/building": "application/json",
    "/ogc/collections/building/schema": "application/schema+json",
    "/ogc/collections/building/queryables": "application/schema+json",
    "/ogc/collections/building/items": "application/geo+json",
    "/ogc/collections/building/items/F001": "application/geo+json",
}


@pytest.fixture(scope="module")
def url(server_url, county_template):
    with county_with(server_url, county_template, many) as made:
        yield made


@pytest.fixture(scope="module")
def client(url):
    with serving(url) as made:
        yield made


@pytest.mark.parametrize("path", PATHS)
def test_each_document_comes_in_the_form_that_is_asked_for(client, path):
    kind = PATHS[path]
    for accept, expected in (("*/*", kind), (kind, kind), ("application/json", "application/json"), (BROWSER, "text/html"), ("image/png, text/*;q=0.1", "text/html")):
        answer = client.get(path, headers={"Accept": accept})
        assert answer.status_code == 200, accept
        assert answer.headers["content-type"].startswith(expected), accept
    assert client.get(path, params={"f": "json"}, headers={"Accept": BROWSER}).headers["content-type"].startswith(kind)
    assert client.get(path, params={"f": "html"}).headers["content-type"].startswith("text/html")
    refused = client.get(path, headers={"Accept": "image/png, application/json;q=0, application/*;q=0"})
    assert (refused.status_code, refused.headers["content-type"]) == (406, "application/problem+json")


def documents(client):
    """Every document that can be reached from the landing page by links, by address."""
    seen, todo = {}, ["http://testserver/ogc"]
    while todo:
        href = todo.pop()
        if href in seen:
            continue
        answer = client.get(href)
        assert answer.status_code == 200, href
        seen[href] = answer
        if "json" not in answer.headers["content-type"] or "links" not in answer.json():
            continue
        document = answer.json()
        todo += [link["href"] for link in document["links"]]
        todo += [link["href"] for entry in document.get("collections", []) for link in entry["links"]]
    return seen


def test_every_link_leads_to_a_document_of_the_type_it_names(client):
    found = documents(client)
    assert len(found) > 60
    for href, answer in found.items():
        if "json" not in answer.headers["content-type"]:
            continue
        document = answer.json()
        for link in [*document.get("links", []), *(one for entry in document.get("collections", []) for one in entry["links"])]:
            assert {"href", "rel", "type", "title"} <= set(link), href
            assert found[link["href"]].headers["content-type"].startswith(link["type"].replace("; ", ";")), link
    rels = {link["rel"] for link in found["http://testserver/ogc"].json()["links"]}
    assert rels >= {"self", "alternate", "service-desc", "service-doc", "conformance", "data"}


def test_the_root_is_the_same_with_a_slash(client):
    with_slash, without = client.get("/ogc/", follow_redirects=False), client.get("/ogc")
    assert with_slash.status_code == 200
    assert with_slash.json() == without.json()


def test_pages_are_in_chinese_and_run_nothing_of_the_data(client):
    for path in PATHS:
        page = client.get(path, params={"f": "html"})
        assert re.search(r"[一-鿿]{4}", page.text)
        assert "{{" not in page.text.replace("{{ 7*7 }}", "")
        assert "<script>alert" not in page.text
        assert not re.search(r"(?:src|href)=[\"']?https?://(?!testserver/)", page.text), path
    listed = client.get("/ogc/collections/building/items", params={"f": "html", "limit": 20}).text
    assert "{{ 7*7 }}" in listed and "&lt;script&gt;" in listed
    assert "共 57 个" in listed and "下一页" in listed
    assert "国道（national）" in client.get("/ogc/collections/road/items", params={"f": "html"}).text


def test_a_page_of_features_leads_on_in_the_same_form(client):
    page = client.get("/ogc/collections/building/items", params={"f": "html", "limit": 50}).text
    following = re.search(r'href="([^"]+)">下一页', page)[1].replace("&amp;", "&")
    answer = client.get(following)
    assert answer.headers["content-type"].startswith("text/html")
    assert "第 51–57 个" in answer.text


def test_features_and_collections_have_the_shape_that_the_definition_promises(client):
    definition = client.get("/ogc/api").json()
    shapes = definition["components"]["schemas"]
    wanted = {"/ogc": "landing", "/ogc/conformance": "conformance", "/ogc/collections": "collections", "/ogc/collections/building": "collection"}
    wanted |= {"/ogc/collections/building/items": "items", "/ogc/collections/building/items/F001": "feature", "/ogc/collections/building/schema": "schema"}
    for path, shape in wanted.items():
        jsonschema.validate(client.get(path).json(), shapes[shape])


def test_the_definition_is_openapi_3_0_and_names_each_layer_and_property(client):
    definition = client.get("/ogc/api").json()
    assert definition["openapi"].startswith("3.0")
    schema = schemathesis.openapi.from_dict(definition)
    schema.validate()
    assert sum(1 for _ in schema.get_all_operations()) == len(definition["paths"])
    assert definition["servers"] == [{"url": "http://testserver/ogc"}]
    for name in ("building", "road", "village"):
        offered = {item["name"]: item for item in definition["paths"][f"/collections/{name}/items"]["get"]["parameters"]}
        titles = {item.title for item in catalog.layer(name).fields.values()}
        assert set(offered) == {"f", "datetime", "known_at", "limit", "offset", "bbox", "bbox-crs", "crs", *titles}
        assert (offered["limit"]["schema"]["maximum"], offered["bbox"]["schema"]["maxItems"]) == (10_000, 6)
    assert "/collections/parcel/items" not in definition["paths"]
    names = [operation["get"]["operationId"] for operation in definition["paths"].values()]
    assert len(names) == len(set(names))


def test_the_schema_names_codes_units_and_the_standard_field_names(client):
    described = client.get("/ogc/collections/road/schema").json()
    jsonschema.Draft202012Validator.check_schema(described)
    assert described["properties"]["公路等级"]["oneOf"][1] == {"const": "national", "title": "国道"}
    assert described["properties"]["路线编号"]["x-ogc-role"] == "id"
    assert described["properties"]["路线编号"]["description"] == "字段代码 road_no"
    assert client.get("/ogc/collections/building/schema").json()["properties"]["幢占地面积"]["x-ogc-unit"] == "m2"
    for name in ("building", "road", "village"):
        properties = client.get(f"/ogc/collections/{name}/schema").json()["properties"]
        assert set(items(client, name)["features"][0]["properties"]) == set(properties) - {"geometry"}


def test_what_has_not_changed_is_not_sent_again(client, url):
    path = "/ogc/collections/building/items"
    tag = client.get(path).headers["etag"]
    again = client.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(path, params={"limit": 5}, headers={"If-None-Match": tag}).status_code == 200
    assert client.get(path, headers={"If-None-Match": tag, "Accept": "text/html"}).status_code == 200
    with database.connect(url) as conn:
        published(conn, houses(), meta("building"))
    client.app.state.snapshots.published()
    changed = client.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.headers["cache-control"]) == (200, "private, no-cache")


@pytest.mark.parametrize("host", ['evil"><script>', "[", "a b", "evil.example"])
def test_a_host_header_is_never_more_than_text(client, host):
    answer = client.get("/ogc", params={"f": "html"}, headers={"Host": host})
    assert answer.status_code in (200, 400)
    assert "<script>" not in answer.text.replace('<script src="/static', "")


def test_links_lead_to_where_the_service_is_said_to_be_reached(url):
    with serving(url, address="https://maps.example.cn") as client:
        for path in ("/ogc", "/ogc/collections", "/ogc/collections/building/items?limit=1"):
            assert {link["href"].partition("/ogc")[0] for link in client.get(path).json()["links"]} == {"https://maps.example.cn"}
        assert 'data-url="/ogc/api?f=json"' in client.get("/ogc/api?f=html").text


def test_other_sites_may_not_read_the_answers_through_a_browser(client):
    answer = client.get("/ogc/collections", headers={"Origin": "https://elsewhere.example"})
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("path", ["/ogc/collections/atlantis", "/ogc/collections/parcel", "/ogc/collections/parcel/items", "/ogc/nowhere"])
def test_what_is_not_there_is_404(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_unknown_parameters_are_refused_everywhere(client):
    for path in PATHS:
        answer = client.get(path, params={"ooga": "booga"})
        assert (answer.status_code, answer.json()["errors"][0]["place"]) == (400, "?ooga")


def test_an_empty_store_has_no_collections(empty_client):
    assert empty_client.get("/ogc/collections").json()["collections"] == []
    assert empty_client.get("/ogc/collections", params={"f": "html"}).status_code == 200
    assert empty_client.get("/ogc/api").json()["paths"].keys() == {"/", "/conformance", "/api", "/collections"}
