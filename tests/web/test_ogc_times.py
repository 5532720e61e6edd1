"""`datetime` and `known_at`: which version answers."""

from __future__ import annotations

from datetime import date, timedelta

import people
import pytest
from frames import meta, moment, published, red_lines, square
from ogc import county_with, ids, items, pages, serving

from layers import county_time, versions

LAYER = "ecological_redline"
VALID_THEN, VALID_NOW = "2021-06-01", "2025-06-01"
KNOWN_THEN, KNOWN_NOW = "2022-01-01T00:00:00Z", "2026-01-01T00:00:00Z"


def history(conn):
    """A line of 2020 and the one of 2024 that took its place; in 2025 both were corrected."""
    withdrawn = conn.execute("SELECT id FROM dataset_version WHERE layer_id = %s", (LAYER,)).fetchall()
    for [version] in withdrawn:
        versions.withdraw(conn, version)

    def line(name, valid_from, valid_to, known):
        new = meta(valid_from=date.fromisoformat(valid_from), valid_to=date.fromisoformat(valid_to) if valid_to else None, title=name)
        return versions.stage(conn, red_lines([square(0, 0, 50)], BSM=[name]), new, epsg=4547), known

    for name, valid_from, valid_to, known in (
        ("old as known then", "2020-01-01", "2024-01-01", "2021-01-01"),
        ("new as expected then", "2024-01-01", None, "2021-06-01"),
        ("old as corrected", "2020-01-01", "2024-01-01", "2025-01-01"),
        ("new as corrected", "2024-01-01", None, "2025-02-01"),
    ):
        version, at = line(name, valid_from, valid_to, known)
        conn.execute("UPDATE dataset_version SET status = 'published', known_from = %s WHERE id = %s", (moment(at), version))
        conn.execute(
            "UPDATE dataset_version SET known_to = %s WHERE layer_id = %s AND status = 'published' AND id <> %s AND valid_from = %s AND known_to IS NULL",
            (moment(at), LAYER, version, date.fromisoformat(valid_from)),
        )


@pytest.fixture(scope="module")
def client(server_url, county_template):
    with county_with(server_url, county_template, history) as url, serving(url) as made:
        yield made


@pytest.mark.parametrize(
    ("day", "known", "expected"),
    [
        (VALID_THEN, KNOWN_THEN, "old as known then"),
        (VALID_THEN, KNOWN_NOW, "old as corrected"),
        (VALID_NOW, KNOWN_THEN, "new as expected then"),
        (VALID_NOW, KNOWN_NOW, "new as corrected"),
    ],
)
def test_the_version_of_each_time_as_known_at_each_time(client, day, known, expected):
    page = items(client, LAYER, datetime=day, known_at=known)
    assert ids(page) == [expected]
    assert page["datasets"][0]["title"] == expected
    one = client.get(f"/ogc/collections/{LAYER}/items/{expected}", params={"datetime": day, "known_at": known})
    assert one.json()["properties"]["数据版本"] == page["datasets"][0]["version"]
    described = client.get(f"/ogc/collections/{LAYER}", params={"datetime": day, "known_at": known}).json()
    assert expected in described["description"]
    listed = client.get("/ogc/collections", params={"datetime": day, "known_at": known}).json()["collections"]
    assert [entry["description"] for entry in listed if entry["id"] == LAYER] == [described["description"]]


def test_without_times_it_is_today_as_known_now(client):
    assert ids(items(client, LAYER)) == ["new as corrected"]
    assert ids(items(client, LAYER, datetime=VALID_THEN)) == ["old as corrected"]
    assert ids(items(client, LAYER, known_at=KNOWN_THEN)) == ["new as expected then"]


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ("2021-01-01/2022-01-01", ["old as corrected"]),
        ("2021-01-01/2023-12-31", ["old as corrected"]),
        ("2021-01-01/2024-01-01", ["old as corrected", "new as corrected"]),
        ("2024-01-01/2024-01-01", ["new as corrected"]),
        ("2024-01-01/2030-01-01", ["new as corrected"]),
        ("../2021-01-01", ["old as corrected"]),
        ("/2021-01-01", ["old as corrected"]),
        ("2023-12-31/..", ["old as corrected", "new as corrected"]),
        ("2024-01-01/", ["new as corrected"]),
        ("../..", ["old as corrected", "new as corrected"]),
        ("../2019-12-31", []),
        ("2023-12-31T15:59:59Z/2023-12-31T15:59:59Z", ["old as corrected"]),
        ("2023-12-31T15:59:59Z/2023-12-31T16:00:00Z", ["old as corrected", "new as corrected"]),
    ],
)
def test_an_interval_is_answered_by_every_version_in_force_on_any_of_its_days(client, interval, expected):
    page = items(client, LAYER, datetime=interval)
    assert ids(page) == expected
    assert page["numberMatched"] == len(expected)
    assert [dataset["title"] for dataset in page["datasets"]] == expected


def test_an_interval_is_answered_as_it_was_known(client):
    assert ids(items(client, LAYER, datetime="../..", known_at=KNOWN_THEN)) == ["old as known then", "new as expected then"]


def test_pages_of_an_interval_go_from_version_to_version(client):
    parts = list(pages(client, items(client, LAYER, datetime="../..", limit=1)))
    assert [ids(part) for part in parts] == [["old as corrected"], ["new as corrected"]]
    assert {part["numberMatched"] for part in parts} == {2}


def test_a_moment_is_of_the_day_in_the_county(client):
    assert ids(items(client, LAYER, datetime="2023-12-31T15:59:59Z")) == ["old as corrected"]
    assert ids(items(client, LAYER, datetime="2023-12-31T16:00:00Z")) == ["new as corrected"]
    assert ids(items(client, LAYER, datetime="2024-01-01T00:00:00+08:00")) == ["new as corrected"]


def test_a_day_without_a_version_has_no_features_and_says_that_no_version_was_read(client):
    page = items(client, LAYER, datetime="2019-12-31")
    assert (page["features"], page["numberMatched"], page["datasets"]) == ([], 0, [])
    assert client.get(f"/ogc/collections/{LAYER}", params={"datetime": "2019-12-31"}).status_code == 404


def test_before_anything_was_known_there_is_no_collection(client):
    early = {"known_at": "2020-06-01T00:00:00Z"}
    assert client.get(f"/ogc/collections/{LAYER}/items", params=early).status_code == 404
    assert client.get("/ogc/collections", params=early).json()["collections"] == []


def test_the_extent_in_time_is_that_of_all_that_can_be_asked_for(client):
    [interval] = client.get(f"/ogc/collections/{LAYER}").json()["extent"]["temporal"]["interval"]
    assert interval == ["2020-01-01T00:00:00+08:00", None]


def test_a_plan_that_becomes_law_later_is_in_force_from_that_day(server_url, county_template):
    def drafted(conn):
        published(conn, red_lines([square(0, 0, 50)], BSM=["draft"]), meta(law_status="draft"))

    with county_with(server_url, county_template, drafted) as url, serving(url) as client:
        assert ids(items(client, LAYER)) == ["H1"]
        version = client.get(f"/api/v1/layers/{LAYER}/versions").json()["versions"][0]["version"]
        day = county_time.today() + timedelta(days=30)
        said = {"law_status": "in_force", "effective_from": day.isoformat(), "officer": people.NAME, "unit": people.UNIT, "reason": "批复"}
        assert client.post(f"/api/v1/layers/{LAYER}/versions/{version}/law-status", json=said).status_code == 200
        assert ids(items(client, LAYER)) == ["H1"]
        assert ids(items(client, LAYER, datetime=day.isoformat())) == ["draft"]
        assert ids(items(client, LAYER, datetime=f"../{day.isoformat()}")) == ["H1", "draft"]
        assert [ids(part) for part in pages(client, items(client, LAYER, datetime=day.isoformat(), limit=1))] == [["draft"]]
