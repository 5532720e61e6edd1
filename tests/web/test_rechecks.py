from __future__ import annotations

import threading

import geopandas as gpd
import orjson
import pytest
from applications import IN_ZONE, application, ring
from frames import EPSG, meta, published, square

from api.checks.judging import Judging
from api.checks.rechecking import recheck
from api.checks.reproducing import rerun
from api.moment import Moment
from api.snapshots import Snapshots
from layers import applications, checks, database, rechecks
from layers import check_runs as store
from layers.acting import as_service
from layers.applications import Application
from spatial.report_difference import answer


def made(client, **stated):
    return client.post("/api/v1/checks", params=IN_ZONE, json=application(coordinates=[ring(95, 20)], **stated)).json()


def again(client, check_id, **more):
    reply = client.post(f"/api/v1/checks/{check_id}/recheck", **more)
    assert reply.status_code == 200, reply.text
    return reply.json()


def publish_field(client, url, shape):
    with database.connect(url) as conn:
        published(conn, gpd.GeoDataFrame({"BSM": ["J9"]}, geometry=[shape], crs=EPSG), meta("basic_farmland"))
    client.app.state.snapshots.published()


def test_where_nothing_changed_the_old_result_stands(client):
    check = made(client)
    told = again(client, check["id"])
    assert (told["changed"], told["check_id"], told["previous_id"], told["grounds"]) == (False, check["id"], None, [])
    assert "没有变化" in told["message"]
    assert told["report"] == check
    assert client.get("/api/v1/checks").json()["total"] == 1


def test_a_new_version_of_a_layer_is_a_ground_and_both_results_stay(client, county_url):
    check = made(client)
    before = client.get(f"/api/v1/checks/{check['id']}").content
    publish_field(client, county_url, square(5_000, 5_000, 50))
    told = again(client, check["id"])
    assert (told["changed"], told["previous_id"]) == (True, check["id"])
    assert [ground["kind"] for ground in told["grounds"]] == ["data"]
    assert "永久基本农田" in told["grounds"][0]["text"]
    changed = {item["rule"]: (item["before"]["outcome"], item["after"]["outcome"]) for item in told["differences"]}
    assert changed["HB-001a"] == ("fail", "pass")
    assert client.get(f"/api/v1/checks/{check['id']}").content == before
    assert client.get(f"/api/v1/checks/{told['check_id']}").json() == told["report"]
    line = client.get(f"/api/v1/checks/{check['id']}/line").json()
    assert (line["latest_id"], line["links"][0]["previous_id"]) == (told["check_id"], check["id"])
    assert told["check_id"] in client.get(f"/maps/checks/{check['id']}").text


def test_from_any_check_of_a_line_the_newest_is_checked_again(client, county_url):
    first = made(client)["id"]
    publish_field(client, county_url, square(5_000, 5_000, 50))
    second = again(client, first)["check_id"]
    assert again(client, first)["check_id"] == second
    publish_field(client, county_url, square(6_000, 5_000, 50))
    third = again(client, first)
    assert third["previous_id"] == second
    links = client.get(f"/api/v1/checks/{second}/line").json()["links"]
    assert [link["check_id"] for link in links] == [second, third["check_id"]]


def test_a_new_typing_of_the_villages_is_a_ground(client):
    check = made(client)
    assert client.post("/api/v1/classifications", json={}).status_code == 201
    assert [ground["kind"] for ground in again(client, check["id"])["grounds"]] == ["village_types"]


def test_a_changed_site_or_form_is_a_ground_and_the_same_one_is_none(client):
    check = made(client)
    same = {"params": IN_ZONE, "json": application(coordinates=[ring(95, 20)])}
    assert again(client, check["id"], **same)["changed"] is False
    moved = again(client, check["id"], params=IN_ZONE, json=application(coordinates=[ring(300, 300)]))
    assert [ground["kind"] for ground in moved["grounds"]] == ["site"]
    taller = again(client, check["id"], params=IN_ZONE, json=application(coordinates=[ring(300, 300)], storeys=3))
    assert [ground["kind"] for ground in taller["grounds"]] == ["form"]


def test_the_register_says_what_the_application_is_now(client, county_url):
    check = made(client, case_no="R-1")
    stated = application(case_no="R-1", storeys=3)["properties"]
    with database.connect(county_url) as conn:
        applications.save(conn, [Application(case_no="R-1", properties=stated, geometry=square(95, 20, 11), epsg=EPSG)])
    kinds = [ground["kind"] for ground in again(client, check["id"])["grounds"]]
    assert kinds == ["site", "form"]


def test_a_law_that_came_into_force_between_the_two_days_is_a_ground(client):
    known = {"known_at": "2099-01-01T00:00:00Z"}
    times = {**IN_ZONE, "valid_on": "2011-06-29", **known}
    check = client.post("/api/v1/checks", params=times, json=application(coordinates=[ring(95, 20)])).json()
    assert again(client, check["id"], params={"valid_on": "2011-06-30", **known})["changed"] is False
    told = again(client, check["id"], params={"valid_on": "2011-07-01", **known})
    assert [ground["kind"] for ground in told["grounds"]] == ["law"]
    assert "公路建筑控制区宽度" in told["grounds"][0]["text"]


def test_of_two_rechecks_at_once_one_makes_the_new_check(client, county_url, settings):
    check = made(client)
    publish_field(client, county_url, square(5_000, 5_000, 50))
    start, told = threading.Barrier(2), []

    def clerk():
        with database.pool(county_url, max_size=3) as pool:
            judging = Judging(pool, Snapshots(pool, epsg=EPSG), settings)
            start.wait()
            with as_service():
                told.append(recheck(judging, check["id"], moment=Moment.now()))

    threads = [threading.Thread(target=clerk) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    assert sorted(done.changed for done in told) == [False, True]
    assert len({done.check.id for done in told}) == 1
    with database.connect(county_url) as conn:
        assert len(rechecks.chain(conn, check["id"])) == 1


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"type":"Feature"}'])
def test_a_body_that_is_no_application_is_refused(client, body):
    check = made(client)
    reply = client.post(f"/api/v1/checks/{check['id']}/recheck", content=body, headers={"content-type": "application/json"})
    assert reply.status_code == 400
    assert client.get("/api/v1/checks").json()["total"] == 1


def test_a_check_that_is_not_there_is_404(client):
    assert client.post("/api/v1/checks/00000000-0000-0000-0000-000000000000/recheck").status_code == 404


def stored_again(url, settings):
    """Every stored check of a database run again."""
    with database.pool(url, max_size=3) as pool:
        judging = Judging(pool, Snapshots(pool, epsg=EPSG), settings)
        with pool.connection() as conn:
            found = [checks.get(conn, check_id) for check_id in store.check_ids(conn, pack_id="house-building")]
        return rerun(judging, found)


def test_a_stored_check_run_again_has_the_same_bytes_whatever_was_published_since(client, county_url, settings):
    for row in range(4):
        made(client, case_no=f"S-{row}")
    client.post("/api/v1/classifications", json={})
    made(client, case_no="S-5")
    publish_field(client, county_url, square(90, 0, 40))
    made(client, case_no="S-6", storeys=None)
    proofs = stored_again(county_url, settings)
    assert [proof.same for proof in proofs] == [True] * 6
    assert len({answer(proof.report) for proof in proofs}) == 6


def test_every_check_of_the_demo_county_run_again_has_the_same_bytes(demo_url, settings):
    proofs = stored_again(demo_url, settings)
    assert len(proofs) > 100
    assert [proof.check.case_no for proof in proofs if not proof.same] == []


def test_under_another_known_at_a_report_differs_only_where_the_data_differ(client, county_url):
    def at(moment):
        times = {**IN_ZONE, "valid_on": "2026-05-01", "known_at": moment}
        return client.post("/api/v1/checks", params=times, json=application(coordinates=[ring(95, 20)])).json()

    now = Moment.now().known_at.isoformat()
    before = at(now)
    publish_field(client, county_url, square(5_000, 5_000, 50))
    later, old_again = at("2099-01-01T00:00:00Z"), at(now)
    assert orjson.loads(answer(old_again)) == orjson.loads(answer(before))
    differing = {name for name in before if before[name] != later[name]} - {"id", "checked_at", "known_at"}
    resting = [item for item, other in zip(before["findings"], later["findings"], strict=True) if item != other]
    assert {(item["dataset"] or {}).get("layer") for item in resting} == {"basic_farmland"}
    assert [item["layer"] for item, other in zip(before["datasets"], later["datasets"], strict=True) if item != other] == ["basic_farmland"]
    assert {"findings", "datasets"} <= differing
    assert not differing & {"subject", "pack", "case_no", "not_checked"}
