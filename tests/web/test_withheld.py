"""A verdict rests on all data whoever asks; what is told of data above somebody's level is the outcome, and no more."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from io import BytesIO

import addresses
import openpyxl
import people
import pytest
from applications import IN_ZONE, application, ring
from fastapi.testclient import TestClient
from frames import EPSG, meta, red_lines, square
from packages import shapefile_zip
from service_jobs import finished
from tiles_at import tile_of

from api.app import create_app
from layers import database, versions

TITLE, OFFICE, FEATURE = "密档红线", "密档单位", "密档要素"
SECRETS = (TITLE, OFFICE, FEATURE)
ON_IT = application(coordinates=[ring(1_020, 20)], case_no="R-1")
HOUSE = {"width_m": 10, "depth_m": 14}


@pytest.fixture
def secret_line(county_url) -> int:
    """The red line in force is a secret one."""
    told = meta("ecological_redline", secrecy="secret", title=TITLE, authority=OFFICE, source_name=TITLE, valid_from=date(2020, 1, 1))
    with database.connect(county_url) as conn:
        number = versions.stage(conn, red_lines([square(1_000, 0, 100)], BSM=[FEATURE], zone=["core"]), told, epsg=EPSG, max_secrecy="secret")
        versions.publish(conn, number, max_secrecy="secret")
        conn.commit()
    return number


@pytest.fixture
def levels(county_url) -> dict[str, dict[str, str]]:
    return {level: people.somebody(county_url, level, people.WORKERS, secrecy=level) for level in ("secret", "internal")}


@contextmanager
def serving(url, settings, **changes):
    with TestClient(create_app(settings.model_copy(update={"max_secrecy": "secret", **changes}), database_url=url)) as service:
        yield service


def told(answer) -> str:
    assert answer.status_code in (200, 201, 403), answer.text[:300]
    return answer.text


def red(report):
    return next(item for item in report["findings"] if (item["dataset"] or {}).get("layer") == "ecological_redline" and item["outcome"] == "fail")


def test_the_outcome_is_the_same_and_its_ground_is_told_to_who_may_see_it(county_url, settings, secret_line, levels):
    with serving(county_url, settings) as service:
        for path, moment in (("/api/v1/checks", {}), ("/api/v1/checks/preview", {}), ("/api/v1/checks/preview", {"valid_on": "2026-01-02"})):
            full, part = (
                service.post(path, params=IN_ZONE | moment, json=ON_IT, headers=levels[level]).json() for level in ("secret", "internal")
            )
            hit = red(full)
            assert hit["geometry"] and hit["dataset"]["title"] == TITLE
            [same] = [item for item in part["findings"] if (item["rule_id"], item["branch"]) == (hit["rule_id"], hit["branch"])]
            assert (same["outcome"], same["severity"], part["verdict"]) == (hit["outcome"], hit["severity"], full["verdict"])
            assert [same[name] for name in ("measured", "geometry", "dataset", "margin")] == [None] * 4
            [state] = [item for item in part["datasets"] if item["layer"] == "ecological_redline"]
            assert state["state"] == "withheld" and "version" not in state


def test_no_way_to_a_stored_check_tells_what_is_hidden(county_url, settings, secret_line, levels):
    with serving(county_url, settings) as service:
        check = service.post("/api/v1/checks", params=IN_ZONE, json=ON_IT, headers=levels["secret"]).json()
        hit, number = red(check), check["id"]
        key = hit["rule_id"] + (hit["branch"] or "")
        mark = {"rule": key, "feature_id": FEATURE, "reason": "误", "evidence": "图"}
        assert service.post(f"/api/v1/checks/{number}/overrides", json=mark, headers=levels["secret"]).status_code == 201
        asked = [f"/api/v1/checks/{number}", f"/api/v1/checks/{number}/overrides", f"/maps/checks/{number}"]
        for path in asked:
            assert any(secret in told(service.get(path, headers=levels["secret"])) for secret in SECRETS), path
            assert not [secret for secret in SECRETS if secret in told(service.get(path, headers=levels["internal"]))], path
        sheets = openpyxl.load_workbook(BytesIO(service.get(f"/api/v1/checks/{number}.xlsx", headers=levels["internal"]).content))
        cells = {str(cell) for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row}
        assert not [cell for cell in cells if any(secret in cell for secret in SECRETS)]
        mine = {"headers": levels["internal"]}
        refused = [
            service.get(f"/api/v1/checks/{number}.pdf", **mine),
            service.get(f"/api/v1/checks/{number}/proposals", **mine),
            service.post(f"/api/v1/checks/{number}/overrides", json={**mark, "feature_id": "x"}, **mine),
            service.post("/api/v1/proposals", params=IN_ZONE, json=ON_IT, **mine),
            service.post("/api/v1/sites", json={"village": "421223100201", "house": HOUSE}, **mine),
        ]
        assert [answer.status_code for answer in refused] == [403] * len(refused)
        assert not [secret for secret in SECRETS if any(secret in answer.text for answer in refused)]
        changed = application(coordinates=[ring(1_040, 20)], case_no="R-1")
        again = service.post(f"/api/v1/checks/{number}/recheck", params=IN_ZONE, json=changed, **mine)
        assert again.status_code == 200 and again.json()["changed"]
        assert not [secret for secret in SECRETS if secret in again.text]
        assert service.get(f"/api/v1/checks/{number}.pdf", headers=levels["secret"]).status_code == 200


def test_who_publishes_past_it_learns_that_something_is_in_force_and_not_what(county_url, settings, secret_line, levels):
    with database.connect(county_url) as conn:
        draft = versions.stage(conn, red_lines([square(2_000, 0, 50)], BSM=["H9"], zone=["core"]), meta("ecological_redline"), epsg=EPSG)
        conn.commit()
    asked = {"expected_in_force": None, "reason": "发布"}
    with serving(county_url, settings) as service:
        for level, said in (("secret", True), ("internal", False)):
            stale = service.post(f"/api/v1/layers/ecological_redline/versions/{draft}/publish", json=asked, headers=levels[level])
            assert stale.status_code == 409, stale.text
            assert (TITLE in stale.text, f"版本 {secret_line}（" in stale.json()["detail"]) == (said, said), stale.text


def test_the_results_of_a_run_cannot_be_told_in_part(county_url, settings, secret_line, levels):
    batch = {"type": "FeatureCollection", "features": [ON_IT]}
    with serving(county_url, settings) as service:
        begun = service.post("/api/v1/runs/file", params=IN_ZONE, json=batch, headers=levels["secret"])
        assert begun.status_code == 202, begun.text
        service.headers.update(levels["secret"])
        assert finished(service, begun.headers["location"])["state"] == "done"
        run = begun.json()["run_id"]
        for path in (f"/api/v1/runs/{run}/results", f"/api/v1/runs/{run}.xlsx", f"/maps/runs/{run}"):
            assert [service.get(path, headers=levels[level]).status_code for level in ("secret", "internal")] == [200, 403], path
        assert service.get(f"/api/v1/runs/{run}", headers=levels["internal"]).json()["summary"]["verdicts"]


def test_the_types_of_villages_are_published_and_their_hidden_grounds_are_not(county_url, settings, secret_line, levels):
    lists = ["/api/v1/villages", "/api/v1/villages/421223100201", "/api/v1/classifications"]
    with serving(county_url, settings, max_secrecy="internal", anonymous=True) as service:
        before = service.get("/api/v1/villages")
        assert {item["state"] for item in before.json()["datasets"]} <= {"withheld", "not_loaded"}
        made = service.post("/api/v1/classifications", json={}, headers=levels["internal"])
        assert made.status_code == 201, made.text
        assert TITLE not in made.text
        for path in [*lists, made.headers["location"]]:
            answer = service.get(path)
            assert answer.status_code == 200, path
            assert "崇阳县自然资源和规划局" not in answer.text and "测试数据" not in answer.text, path
            assert TITLE not in told(service.get(path, headers=levels["internal"])), path
        village, whole = (service.get(lists[1], headers=headers).json()["properties"] for headers in ({}, levels["internal"]))
        assert village["village_type"] == whole["village_type"]
        assert (village["footprint_m2"], whole["footprint_m2"]) == (None, whole["footprint_m2"])
        parts = [part for item in village["evidence"] for part in item["conditions"]]
        assert parts and all(part["dataset"] is None for part in parts)


def texts_of(answer) -> str:
    """What an answer says beside the address asked for; of a workbook its cells."""
    if "spreadsheet" not in answer.headers.get("content-type", ""):
        return answer.text.replace(answer.url.path, "")
    sheets = openpyxl.load_workbook(BytesIO(answer.content))
    return " ".join(str(cell) for sheet in sheets for row in sheet.iter_rows(values_only=True) for cell in row)


def test_no_address_that_is_read_tells_of_it(county_url, settings, secret_line, levels, tmp_path):
    """Everything is made by who sees it; then every address is asked by who does not, and by nobody in particular."""
    with serving(county_url, settings) as service:
        top = levels["secret"]
        service.headers.update(top)
        check = service.post("/api/v1/checks", params=IN_ZONE, json=ON_IT).json()
        key = red(check)["rule_id"] + (red(check)["branch"] or "")
        mark = {"rule": key, "feature_id": FEATURE, "reason": "误", "evidence": "图"}
        assert service.post(f"/api/v1/checks/{check['id']}/overrides", json=mark).status_code == 201
        run = service.post("/api/v1/runs/houses").json()
        assert finished(service, run["location"])["state"] == "done"
        typed = service.post("/api/v1/classifications", json={}).json()["id"]
        with shapefile_zip(tmp_path, "STBHHX", red_lines([square(6_000, 6_000)], BSM=[FEATURE])).open("rb") as file:
            brought = service.post("/api/v1/deliveries", files={"file": ("STBHHX.zip", file)}).json()
        assert finished(service, brought["location"])["state"] == "done"
        delivery = brought["delivery_location"]
        described = service.patch(f"{delivery}/answers", json={"description": {"title": TITLE, "authority": OFFICE, "secrecy": "secret"}})
        assert described.status_code == 200, described.text
        values = {"layer_id": "ecological_redline", "layer": "ecological_redline", "collectionId": "ecological_redline", "featureId": FEATURE,
                  "version": str(secret_line), "before": str(secret_line), "after": str(secret_line), "check_id": check["id"],
                  "delivery_id": delivery.rpartition("/")[2], "code": "421223100201", "case_no": "R-1"}  # fmt: skip
        read = [row.path for row in addresses.ROWS if row.method == "GET"]
        asked = [addresses.address(path, **values, run_id=typed if "classifications" in path else run["run_id"]) for path in read]
        asked += [f"/tiles/ecological_redline/{z}/{x}/{y}.mvt" for z, x, y in [tile_of(EPSG, zoom=14)]]
        told_to_top = [path for path in asked if any(secret in texts_of(service.get(path)) for secret in SECRETS)]
        assert len(told_to_top) > 20, told_to_top
    with serving(county_url, settings, max_secrecy="internal", anonymous=True) as service:
        for headers in (levels["internal"], {"accept": "text/html"} | levels["internal"], {}):
            told = [path for path in asked if any(secret in texts_of(service.get(path, headers=headers)) for secret in SECRETS)]
            assert told == []
