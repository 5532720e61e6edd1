"""The audit over HTTP and as a page: searched by whoever may, verified, taken away; reading it is itself an entry."""

from __future__ import annotations

import csv
import io
import json

import openpyxl
import people
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from layers import acting, audit, database
from layers.acting import Acting
from layers.audit import search as audit_search

AUDITOR = "cuntu_" + "auditor-".ljust(43, "0")
ADMINISTRATOR = "cuntu_" + "administrator-".ljust(43, "0")
WANG = Acting(channel="http", account_id=77, person_id=3, person="王小明", seat_id=5, seat="规划股", unit="县局", address="10.0.0.7")
LI = Acting(channel="http", account_id=78, person_id=4, person="李小红", seat_id=6, seat="发布岗", unit="县局", address="10.0.0.8")
FORMULA = '=HYPERLINK("http://x","y")'


def headers(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def audited(db_url, settings):
    """An auditor in front of a service with seven entries of two people."""
    with database.connect(db_url, autocommit=True) as conn:
        people.person_with(conn, "审计甲", ["auditor"], token=AUDITOR)
        people.person_with(conn, "管理甲", ["administrator"], token=ADMINISTRATOR)
        with acting.on_behalf(WANG):
            for number in range(5):
                audit.note(conn, "layers.publish", f"version/{number}", details={"reason": f"第 {number} 次"})
        with acting.on_behalf(LI):
            audit.note(conn, "checks.override", "check/12", result="done", details={"reason": FORMULA})
            audit.note(conn, "checks.override", "check/1", details={"100%": "a_b"})
    with TestClient(create_app(settings, database_url=db_url), headers=headers(AUDITOR)) as client:
        yield client


def ids(client, **asked):
    answer = client.get("/api/v1/audit", params=asked)
    assert answer.status_code == 200, answer.text
    return [entry["id"] for entry in answer.json()["entries"]]


def test_entries_come_the_newest_first_with_text_and_hash(audited):
    told = audited.get("/api/v1/audit", params={"until": "2100-01-01T00:00:00Z"}).json()
    assert [entry["id"] for entry in told["entries"]] == [7, 6, 5, 4, 3, 2, 1]
    first = told["entries"][-1]
    assert (first["person"], first["seat"], first["address"]) == ("王小明", "规划股", "10.0.0.7")
    assert (first["action_title"], first["object"], first["details"]) == ("发布图层版本", "version/0", {"reason": "第 0 次"})
    assert json.loads(first["payload"])["object"] == "version/0" and first["previous"] == "00" * 32
    assert told["entries"][-2]["previous"] == first["hash"]
    assert told["head"] == {"id": 7, "hash": told["entries"][0]["hash"]}


def test_reading_is_itself_an_entry(audited):
    ids(audited, person="王小明", limit=2)
    assert ids(audited, action="audit.read") == [8]
    (entry,) = audited.get("/api/v1/audit", params={"action": "audit.read", "before_id": 9}).json()["entries"]
    assert (entry["person"], entry["details"]) == ("审计甲", {"person": "王小明", "entries": 2})


def test_entries_are_found_by_person_seat_action_object_text_and_time(audited):
    assert ids(audited, person="李小红") == [7, 6]
    assert ids(audited, seat_id=5) == [5, 4, 3, 2, 1]
    assert ids(audited, action="checks.override", object="check/12") == [6]
    assert ids(audited, object="check/1") == [7, 6]
    assert ids(audited, text="第 3 次", action="layers.publish") == [4]
    assert ids(audited, text='"y"', action="checks.override") == [6]
    assert ids(audited, text="100%", action="checks.override") == [7]
    assert ids(audited, text="a%b", action="checks.override") == []
    assert ids(audited, text="aXb", action="checks.override") == []
    assert ids(audited, since="2100-01-01T00:00:00Z") == []
    assert ids(audited, person="王小明", until="2000-01-01T00:00:00+08:00") == []


def test_pages_go_on_from_the_last_number(audited):
    first = audited.get("/api/v1/audit", params={"action": "layers.publish", "limit": 2}).json()
    assert ([entry["id"] for entry in first["entries"]], first["next"]) == ([5, 4], 4)
    second = audited.get("/api/v1/audit", params={"action": "layers.publish", "limit": 3, "before_id": first["next"]}).json()
    assert ([entry["id"] for entry in second["entries"]], second["next"]) == ([3, 2, 1], 1)
    assert ids(audited, action="layers.publish", before_id=1) == []


def test_a_moment_without_a_time_zone_is_refused(audited):
    answer = audited.get("/api/v1/audit", params={"since": "2026-01-01T00:00:00"})
    assert answer.status_code == 400 and "时区" in answer.text


def test_a_sound_chain_is_verified(audited):
    told = audited.get("/api/v1/audit/verification").json()
    assert (told["sound"], told["entries"], told["faults"]) == (True, 7, [])
    assert audited.get("/api/v1/audit/verification", params={"first": 2, "last": 4}).json()["entries"] == 3
    assert ids(audited, action="audit.verify") == [9, 8]


def test_a_changed_entry_is_named(audited, db_url):
    with database.connect(db_url) as conn:
        conn.execute("ALTER TABLE audit.entry DISABLE TRIGGER ALL")
        conn.execute("UPDATE audit.entry SET payload = replace(payload, '王小明', '李小红'), person = '李小红' WHERE id = 3")
    told = audited.get("/api/v1/audit/verification").json()
    assert not told["sound"] and [(fault["id"], fault["kind"]) for fault in told["faults"]] == [(3, "changed")]


def test_too_many_are_not_verified_at_once(audited):
    answer = audited.get("/api/v1/audit/verification", params={"first": 1, "last": 10**9})
    assert answer.status_code == 400 and "cuntu audit verify" in answer.text


def test_csv_keeps_formulas_texts(audited):
    answer = audited.get("/api/v1/audit/export", params={"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == ["7", "6", "5", "4", "3", "2", "1"]
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_a_person_whose_name_is_a_formula_stays_text_in_every_file(audited, db_url):
    with database.connect(db_url, autocommit=True) as conn, acting.on_behalf(Acting(channel="command", person=FORMULA, seat="@SUM(1)", unit="+1")):
        audit.note(conn, "layers.export", "=1+1")
    rows = list(csv.reader(io.StringIO(audited.get("/api/v1/audit/export", params={"format": "csv"}).content.decode("utf-8-sig"))))
    assert (rows[1][3], rows[1][4], rows[1][5], rows[1][9]) == (f"'{FORMULA}", "'@SUM(1)", "'+1", "'=1+1")
    sheet = openpyxl.load_workbook(io.BytesIO(audited.get("/api/v1/audit/export", params={"format": "xlsx"}).content)).active
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert FORMULA in [cell.value for cell in cells] and {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    shown = audited.get("/admin/audit").text
    assert "=HYPERLINK(&#34;http://x&#34;" in shown


def test_json_lines_carry_what_was_hashed(audited):
    lines = [json.loads(line) for line in audited.get("/api/v1/audit/export", params={"format": "jsonl"}).content.splitlines()]
    row = audit_search.Kept(lines[0]["id"], lines[0]["payload"], bytes.fromhex(lines[0]["previous"]), bytes.fromhex(lines[0]["hash"]))
    assert [line["id"] for line in lines] == [7, 6, 5, 4, 3, 2, 1] and row.told["object"] == "check/1"
    (entry,) = audited.get("/api/v1/audit", params={"action": "audit.export"}).json()["entries"]
    assert entry["details"] == {"format": "jsonl"}


def test_the_page_shows_entries_filters_and_the_head(audited):
    answer = audited.get("/admin/audit", params={"since": "2020-01-01", "until": "", "person": "王小明", "seat_id": "", "action": "", "object": "", "text": ""})
    assert answer.status_code == 200 and "发布图层版本" in answer.text and "version/4" in answer.text
    assert "check/12" not in answer.text and 'value="王小明"' in answer.text
    assert audited.get("/api/v1/audit", params={"limit": 1, "before_id": 8}).json()["entries"][0]["hash"] in answer.text
    assert "没有符合条件的记录" in audited.get("/admin/audit", params={"person": "没有这个人"}).text


@pytest.mark.parametrize("path", ["/api/v1/audit", "/api/v1/audit/verification", "/api/v1/audit/export?format=csv", "/admin/audit"])
def test_only_an_auditor_may(audited, path):
    assert audited.get(path, headers=headers(ADMINISTRATOR)).status_code == 403
    assert audited.get(path, headers=headers(people.TOKEN)).status_code == 403
    assert audited.get(path, headers={"Authorization": ""}).status_code == 401
    assert audited.get(path).status_code == 200


def test_refusals_are_one_entry_a_minute_for_each_kind(db_url, settings):
    with database.connect(db_url, autocommit=True) as conn:
        people.person_with(conn, "审计甲", ["auditor"], token=AUDITOR)
    app = create_app(settings, database_url=db_url)
    with TestClient(app) as client:
        for _ in range(20):
            assert client.get("/api/v1/admin/seats", headers=headers(AUDITOR)).status_code == 403
        for _ in range(3):
            assert client.get("/api/v1/audit", headers=headers("cuntu_" + "x" * 43)).status_code == 401
        assert client.get("/healthz").status_code == 200
        app.state.refusals.write()
        app.state.refusals.write()
        with database.connect(db_url) as conn, acting.as_service():
            found = [kept.told for kept in audit_search.find(conn, audit_search.Asked(action="access.refused"), limit=9)]
    told = {(entry["person"], entry["object"], entry["details"]["status"]): entry["details"]["requests"] for entry in found}
    assert told == {("审计甲", "GET /api/v1/admin/seats", 403): 20, ("", "GET /api/v1/audit", 401): 3}
    assert {entry["result"] for entry in found} == {"refused"} and all(entry["address"] for entry in found)


def test_what_pages_of_other_sites_send_is_written_down_as_refused(db_url, settings):
    app = create_app(settings, database_url=db_url)
    with TestClient(app) as client:
        assert client.post("/api/v1/checks", headers={"origin": "https://evil.example"}).status_code == 403
        app.state.refusals.write()
        with database.connect(db_url) as conn, acting.as_service():
            [found] = audit_search.find(conn, audit_search.Asked(action="access.refused"), limit=9)
    assert (found.told["object"], found.told["details"]["status"]) == ("POST /api/v1/checks", 403)
