"""Identity and telephone numbers are refused wherever free text is taken, by the name of the field, and repeated nowhere."""

from __future__ import annotations

import invented
import pytest
from frames import EAST, NORTH

NUMBER = invented.number("19900909", 9)
PHONE = invented.planted("13987654321")
SITE = {
    "type": "Polygon",
    "coordinates": [[[EAST + x, NORTH + y] for x, y in ((700, 700), (712, 700), (712, 712), (700, 712), (700, 700))]],
}


def feature(**properties):
    return {"type": "Feature", "geometry": SITE, "properties": properties}


def refused(answer, place):
    assert answer.status_code == 400, answer.text
    assert NUMBER not in answer.text and PHONE not in answer.text
    assert place in answer.text and ("身份证号" in answer.text or "手机号码" in answer.text)
    return True


@pytest.mark.parametrize("name", ["case_no", "household_id", "side_east"])
@pytest.mark.parametrize("text", [NUMBER, f"邻居电话 {PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}"], ids=["identity", "phone"])
def test_in_what_an_application_states(client, name, text):
    assert refused(client.post("/api/v1/checks?crs=EPSG:4547", json=feature(**{name: text})), f"/properties/{name}")


def test_in_the_reason_and_evidence_of_an_override(client):
    check = client.post("/api/v1/checks?crs=EPSG:4547", json=feature(case_no="S1")).json()["id"]
    said = {"rule": "HB-001a", "reason": f"与申请人 {NUMBER} 核实", "evidence": f"通话 {PHONE}"}
    answer = client.post(f"/api/v1/checks/{check}/overrides", json=said)
    assert refused(answer, "/reason") and "/evidence" in answer.text


def test_in_the_name_of_a_delivered_file(client):
    answer = client.post("/api/v1/deliveries", files={"file": (f"{NUMBER}.geojson", b"{}", "application/json")})
    assert refused(answer, "/file")
    assert client.get("/api/v1/deliveries").json()["total"] == 0


def test_in_the_note_of_a_classification(client):
    assert refused(client.post("/api/v1/classifications", json={"note": f"电话 {PHONE}"}), "/note")


def test_in_an_address_that_does_not_exist_and_in_a_parameter(client):
    for answer in (
        client.get(f"/nowhere/{NUMBER}"),
        client.get(f"/api/v1/villages/{NUMBER}"),
        client.get(f"/api/v1/layers?{PHONE}=1"),
    ):
        assert answer.status_code in (400, 404)
        assert NUMBER not in answer.text and PHONE not in answer.text


def test_numbers_that_are_nobodys_are_taken(client):
    assert (
        client.post(
            "/api/v1/checks?crs=EPSG:4547", json=feature(case_no="421223100201JC00012", side_east="东至 38512345.678")
        ).status_code
        == 201
    )
