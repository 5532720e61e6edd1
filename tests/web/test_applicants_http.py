from __future__ import annotations

import invented
import orjson
import people
import pytest
from fastapi.testclient import TestClient
from frames import EAST, NORTH, square

from api.app import create_app
from api.settings import Settings
from layers import applications, database
from layers.applications import Application

CASE = "/api/v1/applications/S1/applicant"
CLERK = {"Authorization": "Bearer " + "cuntu_" + "clerk-of-the-west".ljust(43, "0")}
OTHER = {"Authorization": "Bearer " + "cuntu_" + "clerk-of-elsewhere".ljust(43, "0")}
PLANNER = {"Authorization": "Bearer " + "cuntu_" + "planner-of-county".ljust(43, "0")}
REASON = {"reason": "电话通知补正材料"}


@pytest.fixture
def service(county_url, settings):
    with database.connect(county_url) as conn:
        site = square(500, 500, 12)
        applications.save(
            conn, [Application(case_no="S1", properties={}, geometry=site, epsg=4547, village_code="421223100201")]
        )
        people.person_with(conn, "甲", ["town_clerk"], token=CLERK["Authorization"][7:], place="421223100")
        people.person_with(conn, "乙", ["town_clerk"], token=OTHER["Authorization"][7:], place="421223101")
        people.person_with(conn, "丙", ["planner"], token=PLANNER["Authorization"][7:])
    with TestClient(create_app(settings, database_url=county_url), headers=CLERK) as client:
        yield client


@pytest.fixture
def recorded(service):
    assert service.put(CASE, json=invented.applicant()).status_code == 201
    return service


def audited(url, action):
    with database.connect(url) as conn:
        found = [orjson.loads(row[0]) for row in conn.execute("SELECT payload FROM audit.entry ORDER BY id")]
    return [entry for entry in found if entry["action"] == action]


def test_what_was_recorded_is_shown_masked_and_children_not_at_all(recorded):
    found = recorded.get(CASE)
    assert found.headers["cache-control"] == "no-store"
    shown = found.json()
    assert (shown["name"], shown["phone"], shown["masked"]) == ("欧阳***", "120****5432", True)
    assert shown["identity_number"] == "429999********" + invented.number("19800101", 11)[-4:]
    assert (shown["sex"], shown["birth"], shown["address"], shown["bounds"]) == (
        "男",
        "1980-**-**",
        "崇阳县天城镇东村***",
        "***",
    )
    wife, child = shown["members"]
    assert (wife["name"], wife["relation"], wife["under_14"]) == ("钱***", "配偶", False)
    assert child == dict.fromkeys(("name", "relation", "birth", "identity_number", "registered_address"), "***") | {
        "under_14": True
    }


def test_the_list_and_both_pages_are_masked(recorded):
    listed = recorded.get("/api/v1/applications")
    pages = [recorded.get("/applications"), recorded.get("/applications/S1")]
    assert listed.json()["applications"][0]["name"] == "欧阳***"
    for text in [listed.text, *(page.text for page in pages)]:
        assert [planted for planted in invented.PLANTED if planted in text] == []
    assert "电话通知" not in pages[1].text and "个人信息处理告知" in pages[1].text and 'id="reveal"' in pages[1].text
    assert "style=" not in pages[1].text and "<script>" not in pages[1].text


def test_a_look_in_full_needs_a_reason_and_is_kept_without_what_was_seen(recorded, county_url):
    told = invented.applicant()
    assert recorded.post(CASE + "/reveal", json={}).status_code == 400
    assert recorded.post(CASE + "/reveal", json={"reason": "    "}).status_code == 400
    assert audited(county_url, "applicants.reveal") == []
    full = recorded.post(CASE + "/reveal", json=REASON)
    assert (full.status_code, full.headers["cache-control"]) == (200, "no-store")
    assert {name: full.json()[name] for name in ("name", "phone", "identity_number", "address")} == {
        name: told[name] for name in ("name", "phone", "identity_number", "address")
    }
    assert [item["name"] for item in full.json()["members"]] == [item["name"] for item in told["members"]]
    (entry,) = audited(county_url, "applicants.reveal")
    assert (entry["object"], entry["person"], entry["details"]["reason"]) == ("application/S1", "甲", REASON["reason"])
    assert not any(planted in orjson.dumps(entry).decode() for planted in invented.PLANTED)


def test_only_what_was_asked_for_is_shown_and_every_look_is_kept(recorded, county_url):
    for _ in range(2):
        shown = recorded.post(CASE + "/reveal", json=REASON | {"fields": ["phone"]}).json()
        assert shown["phone"] == invented.applicant()["phone"]
        assert (shown["name"], shown["identity_number"], shown["members"]) == (None, None, None)
    assert [entry["details"]["fields"] for entry in audited(county_url, "applicants.reveal")] == [["phone"], ["phone"]]


def test_where_the_look_cannot_be_kept_nothing_is_shown(recorded, county_url):
    with database.connect(county_url) as conn:
        conn.execute("DROP SCHEMA audit CASCADE")
    quiet = TestClient(recorded.app, headers=CLERK, raise_server_exceptions=False)
    answer = quiet.post(CASE + "/reveal", json=REASON)
    assert answer.status_code == 500
    assert not any(planted in answer.text for planted in invented.PLANTED)


def test_a_clerk_of_another_town_is_told_that_there_is_no_such_case(recorded, county_url):
    absent = recorded.get("/api/v1/applications/S9/applicant", headers=OTHER)
    for answer in (
        recorded.get(CASE, headers=OTHER),
        recorded.put(CASE, json=invented.applicant(), headers=OTHER),
        recorded.post(CASE + "/reveal", json=REASON, headers=OTHER),
        recorded.post("/api/v1/applications/S1/closing", json={"outcome": "refused"}, headers=OTHER),
    ):
        assert answer.status_code == 404
        assert answer.json()["detail"] == absent.json()["detail"].replace("S9", "S1")
    assert recorded.get("/applications/S1", headers=OTHER).status_code == 404
    assert recorded.get("/api/v1/applications", headers=OTHER).json()["total"] == 0
    number = {"identity_number": invented.applicant()["identity_number"]}
    assert recorded.post("/api/v1/applications/search", json=number, headers=OTHER).json()["total"] == 0
    assert audited(county_url, "applicants.reveal") == []


def test_a_seat_without_the_permission_sees_no_more_than_the_mask(recorded):
    assert recorded.get(CASE, headers=PLANNER).status_code == 200
    assert recorded.post(CASE + "/reveal", json=REASON, headers=PLANNER).status_code == 403
    assert 'id="reveal"' not in recorded.get("/applications/S1", headers=PLANNER).text


def test_a_closed_case_is_shown_in_full_to_nobody(recorded, county_url):
    assert recorded.post("/api/v1/applications/S1/closing", json={"outcome": "approved"}).json()["state"] == "closed"
    assert recorded.post(CASE + "/reveal", json=REASON).status_code == 409
    assert recorded.put(CASE, json=invented.applicant()).status_code == 409
    assert recorded.get(CASE).status_code == 200
    assert [entry["details"] for entry in audited(county_url, "applications.close")] == [{"outcome": "approved"}]


def test_a_case_is_found_by_number_of_applicant_or_member_and_the_number_is_not_kept(recorded, county_url):
    told = invented.applicant()
    for number in (told["identity_number"], told["members"][1]["identity_number"].lower()):
        found = recorded.post("/api/v1/applications/search", json={"identity_number": number})
        assert [(item["case_no"], item["name"]) for item in found.json()["applications"]] == [("S1", "欧阳***")]
    nobody = recorded.post("/api/v1/applications/search", json={"identity_number": invented.number("19700101", 7)})
    assert nobody.json()["total"] == 0
    assert [entry["details"] for entry in audited(county_url, "applicants.search")] == [{"found": ["S1"]}] * 2 + [
        {"found": []}
    ]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"identity_number": "42999919800101011"}, "/identity_number"),
        ({"identity_number": "429999198001010119"}, "/identity_number"),
        ({"identity_number": invented.number("19800101", 11, region="999999")}, "/identity_number"),
        ({"birth": "1980-01-02"}, "/birth"),
        ({"sex": "女"}, "/sex"),
        ({"phone": "12345"}, "/phone"),
        ({"name": "欧阳***"}, "/name"),
        ({"address": "东村12号 " + invented.planted("13912340000")}, "/address"),
        ({"case_no": "S2"}, "/case_no"),
        ({"members": [{"name": "钱乙", "identity_number": invented.number("19800101", 11)}]}, "/members"),
    ],
)
def test_what_is_wrong_is_named_and_never_repeated(service, change, place):
    answer = service.put(CASE, json=invented.applicant(**change))
    assert answer.status_code == 400
    assert [item for item in answer.json()["errors"] if item["place"] == place], answer.json()
    assert not any(str(value) in answer.text for value in change.values() if isinstance(value, str))
    assert service.get(CASE).status_code == 404


def test_a_personal_number_in_the_reason_or_the_address_is_not_repeated(recorded):
    number = invented.number("19800101", 11)
    refused = recorded.post(CASE + "/reveal", json={"reason": f"核对 {number} 的材料"})
    lost = recorded.get(f"/api/v1/applications/{number}/applicant")
    nowhere = recorded.get(f"/nowhere/{number}")
    odd = recorded.put(CASE, json=invented.applicant(**{number: "x"}))
    assert [answer.status_code for answer in (refused, lost, nowhere, odd)] == [400, 404, 404, 400]
    assert not any(number in answer.text for answer in (refused, lost, nowhere, odd))


def test_without_the_key_only_these_records_are_away(recorded, county_url, settings, tmp_path):
    keyless = Settings(**settings.model_dump() | {"key_file": tmp_path / "no-such-file"})
    with TestClient(create_app(keyless, database_url=county_url), headers=CLERK) as client:
        answer = client.get(CASE)
        assert (answer.status_code, "密钥" in answer.json()["detail"]) == (503, True)
        assert client.put(CASE, json=invented.applicant()).status_code == 503
        listed = client.get("/api/v1/applications").json()
        assert (listed["total"], listed["applications"][0]["name"], "密钥" in listed["unreadable"]) == (1, None, True)
        assert client.get("/applications").status_code == client.get("/applications/S1").status_code == 200
        assert client.get("/api/v1/villages").status_code == client.get("/checks").status_code == 200


def test_one_record_that_was_tampered_with_hides_no_others(recorded, county_url):
    with database.connect(county_url) as conn:
        applications.save(conn, [Application(case_no="S2", properties={}, geometry=square(500, 600, 12), epsg=4547, village_code="421223100201")])
    assert recorded.put("/api/v1/applications/S2/applicant", json=invented.applicant()).status_code == 201
    with database.connect(county_url) as conn:
        conn.execute("UPDATE applicant SET phone = set_byte(phone, 20, get_byte(phone, 20) # 1) WHERE case_no = 'S2'")
    listed = recorded.get("/api/v1/applications").json()
    sought = recorded.post("/api/v1/applications/search", json={"identity_number": invented.applicant()["identity_number"]}).json()
    for told in (listed, sought):
        assert {item["case_no"]: item["name"] for item in told["applications"]} == {"S1": "欧阳***", "S2": None}
        assert "改动" in told["unreadable"]


def test_an_application_is_accepted_from_its_check(service, county_url):
    site = {
        "type": "Polygon",
        "coordinates": [
            [[EAST + x, NORTH + y] for x, y in ((700, 700), (712, 700), (712, 712), (700, 712), (700, 700))]
        ],
    }
    feature = {"type": "Feature", "geometry": site, "properties": {"case_no": "S7"}}
    check = service.post("/api/v1/checks?crs=EPSG:4547", json=feature)
    assert check.status_code == 201, check.text
    body = {"check_id": check.headers["location"].rpartition("/")[2]}
    accepted = service.post("/api/v1/applications", json=body)
    assert (accepted.status_code, accepted.json()["village_code"]) == (201, "421223100201")
    assert service.post("/api/v1/applications", json=body).status_code == 409
    assert service.put("/api/v1/applications/S7/applicant", json=invented.applicant()).status_code == 201
    assert [entry["object"] for entry in audited(county_url, "applications.accept")] == ["application/S7"]
