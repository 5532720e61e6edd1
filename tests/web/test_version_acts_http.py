"""Publishing and withdrawing over HTTP: named persons, one winner, and everybody else told."""

from __future__ import annotations

import json
import threading

import people
import pytest
from frames import EPSG, meta, red_lines, square
from running_service import running, until

from layers import database, versions

LAYER = "/api/v1/layers/ecological_redline"
ZHANG = {"officer": people.NAME, "unit": people.UNIT, "reason": "年度更新"}
LI = {"officer": people.NAME, "unit": people.UNIT, "reason": "勘误"}


def staged(url, *places, **changes):
    with database.connect(url) as conn:
        return [versions.stage(conn, red_lines([square(place)], zone=["core"]), meta(**changes), epsg=EPSG) for place in places]


def in_force(client, **times):
    [entry] = [item for item in client.get("/api/v1/layers", params=times).json()["layers"] if item["id"] == "ecological_redline"]
    return entry["in_force"]["version"] if entry["in_force"] else None


def post(client, version, act, body):
    answer = client.post(f"{LAYER}/versions/{version}/{act}", json=body)
    return answer.status_code, answer.json()


def test_a_staged_version_is_published_by_a_named_person_and_counts_at_once(client, county_url):
    [version] = staged(county_url, 700)
    before = in_force(client)
    status, told = post(client, version, "publish", ZHANG | {"expected_in_force": before})
    assert (status, told["status"], told["version"]) == (200, "published", version)
    assert in_force(client) == version
    act = client.get(f"{LAYER}/acts").json()["acts"][0]
    assert (act["act"], act["version"], act["officer"], act["unit"], act["reason"], act["details"]) == (
        "publish", version, people.NAME, people.UNIT, "年度更新", {"closed": [before]},
    )  # fmt: skip
    detail = client.get(f"{LAYER}/versions/{version}").json()
    assert detail["acts"] == [act]
    west, south = detail["coverage"]["coordinates"][0][0]
    assert (113 < west < 116, 29 < south < 31) == (True, True)


@pytest.mark.parametrize("act", ["publish", "withdraw", "discard"])
def test_nobody_acts_without_a_reason_or_in_the_name_of_another(client, county_url, act):
    [version] = staged(county_url, 700)
    for body in ({name: text for name, text in ZHANG.items() if name != "reason"}, *(ZHANG | {name: " \n"} for name in ZHANG)):
        status, told = post(client, version, act, body)
        assert status == 400
        assert told["errors"][0]["place"] in {f"/{name}" for name in ZHANG}
    for name, own in (("officer", people.NAME), ("unit", people.UNIT)):
        status, told = post(client, version, act, ZHANG | {name: "别人"})
        assert (status, own in told["detail"], "别人" in told["detail"]) == (403, True, True)
    assert client.get(f"{LAYER}/versions/{version}").json()["status"] == "staged"


def test_who_rests_on_an_older_version_is_told_who_published_what_when(client, county_url):
    before = in_force(client)
    first, second = staged(county_url, 700, 800)
    assert post(client, first, "publish", ZHANG | {"expected_in_force": before})[0] == 200
    status, told = post(client, second, "publish", LI | {"expected_in_force": before})
    assert status == 409
    for word in ("生态保护红线", f"版本 {before}", f"版本 {first}", people.NAME, people.UNIT, "发布"):
        assert word in told["detail"]
    assert in_force(client) == first
    assert post(client, second, "publish", LI | {"expected_in_force": None})[0] == 409
    assert post(client, second, "publish", LI | {"expected_in_force": first})[0] == 200
    assert post(client, second, "publish", LI)[0] == 409


def test_a_version_of_another_layer_is_not_found(client, county_url):
    [version] = staged(county_url, 700)
    for act in ("publish", "withdraw", "discard"):
        assert client.post(f"/api/v1/layers/road/versions/{version}/{act}", json=ZHANG).status_code == 404
    assert client.get(f"/api/v1/layers/road/versions/{version}").status_code == 404
    assert post(client, 2**31 - 1, "publish", ZHANG)[0] == 404


def test_a_withdrawn_version_is_gone_from_now_on_and_its_predecessor_comes_back_only_if_asked_for(client, county_url):
    before = in_force(client)
    first, second = staged(county_url, 700, 800)
    post(client, first, "publish", ZHANG)
    status, told = post(client, first, "withdraw", LI)
    assert (status, told["version"]["status"], told["restored"], in_force(client)) == (200, "withdrawn", [], None)
    at = client.get(f"{LAYER}/acts").json()["acts"][1]["made_at"]
    assert in_force(client, known_at=at) == first
    post(client, second, "publish", ZHANG)
    assert post(client, second, "withdraw", LI | {"restore": True})[0] == 409
    versions_now = client.get(f"{LAYER}/versions").json()["versions"]
    assert {item["version"]: item["status"] for item in versions_now} == {before: "published", first: "withdrawn", second: "published"}


def test_withdrawn_with_restore_what_it_replaced_is_published_anew(client, county_url):
    before = in_force(client)
    [wrong] = staged(county_url, 700)
    post(client, wrong, "publish", ZHANG)
    status, told = post(client, wrong, "withdraw", LI | {"restore": True})
    [copy] = told["restored"]
    assert (status, in_force(client)) == (200, copy)
    checksums = {item["version"]: item["checksum"] for item in client.get(f"{LAYER}/versions").json()["versions"]}
    assert checksums[copy] == checksums[before] != checksums[wrong]


def test_a_draft_becomes_law_by_an_act_from_its_day_on(client, county_url):
    law = in_force(client)
    [draft] = staged(county_url, 700, law_status="draft")
    post(client, draft, "publish", ZHANG)
    assert in_force(client) == law
    status, _ = post(client, draft, "law-status", LI | {"law_status": "in_force", "effective_from": "2031-01-01"})
    assert (status, in_force(client), in_force(client, valid_on="2031-01-01")) == (200, law, draft)
    assert post(client, draft, "law-status", LI | {"law_status": "valid", "effective_from": "2031-01-01"})[0] == 400


def test_a_discarded_version_is_gone_and_its_name_stays_in_the_log(client, county_url):
    [version] = staged(county_url, 700, title="试交")
    assert post(client, version, "discard", ZHANG) == (200, {"layer": "ecological_redline", "version": version, "discarded": True})
    assert client.get(f"{LAYER}/versions/{version}").status_code == 404
    assert client.get(f"{LAYER}/acts").json()["acts"][0]["details"]["title"] == "试交"


def test_of_two_officers_publishing_at_the_same_time_one_wins_and_the_other_is_told(county_url):
    """Two workers, two connections, twelve rounds; both rest on the version that was in force before the round."""
    with running("--workers", "2", CUNTU_DATABASE_URL=county_url) as service:
        until(lambda: service.ready(snapshot="loaded") and len(service.children(jobs=False)) == 2)
        for turn in range(12):
            with database.connect(county_url) as conn:
                basis = next(item.dataset.version for item in versions.history(conn, "ecological_redline")
                             if item.status == "published" and item.dataset.known_to is None)  # fmt: skip
            pair = staged(county_url, 700 + turn, 800 + turn)
            answers: dict[int, tuple[int, bytes]] = {}
            gate = threading.Barrier(2)

            def press(version, who, expected, gate=gate, answers=answers):
                gate.wait()
                status, _, body = service.ask("POST", f"{LAYER}/versions/{version}/publish", who | {"expected_in_force": expected})
                answers[version] = (status, body)

            threads = [threading.Thread(target=press, args=(version, who, basis)) for version, who in zip(pair, (ZHANG, LI), strict=True)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert sorted(status for status, _ in answers.values()) == [200, 409], answers
            winner = next(version for version, (status, _) in answers.items() if status == 200)
            detail = next(json.loads(body)["detail"] for status, body in answers.values() if status == 409)
            assert "正在发布" in detail or f"版本 {winner}" in detail
            with database.connect(county_url) as conn:
                records = {item.dataset.version: item for item in versions.history(conn, "ecological_redline")}
            assert [number for number, item in records.items() if item.status == "published" and item.dataset.known_to is None] == [winner]
            assert {records[version].status for version in pair} == {"published", "staged"}
