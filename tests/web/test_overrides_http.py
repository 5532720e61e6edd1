from __future__ import annotations

import json

import people
import pytest
from applications import IN_ZONE, application, ring
from frames import EPSG, meta, published, square

from layers import database

HOSTILE = "{{ 7*7 }}<script>alert(1)</script>"
MARK = {"rule": "HB-001a", "feature_id": "J1", "reason": "图斑已于上月调出", "officer": people.NAME, "unit": people.UNIT, "evidence": "县局批复 12 号"}


@pytest.fixture
def check(client):
    """A check that hits the field J1 of basic farmland."""
    made = client.post("/api/v1/checks", params=IN_ZONE, json=application(coordinates=[ring(95, 20)]))
    assert made.json()["verdict"] == "refused"
    return made.json()["id"]


def mark(client, check, **changes):
    body = {name: value for name, value in (MARK | changes).items() if value is not None}
    return client.post(f"/api/v1/checks/{check}/overrides", json=body)


def acts(client, check):
    return client.get(f"/api/v1/checks/{check}/overrides").json()


def test_a_mark_changes_the_effective_verdict_and_never_the_report(client, check):
    before = client.get(f"/api/v1/checks/{check}").content
    made = mark(client, check)
    assert made.status_code == 201, made.text
    assert (made.json()["officer"], made.json()["standing"], made.json()["act"]) == (people.NAME, True, "mark")
    told = acts(client, check)
    assert (told["system_verdict"], told["effective_verdict"], told["set_aside"]) == ("refused", "incomplete", ["HB-001a"])
    assert told["sentence"] == "系统结论 不予批准；经 测试单位 测试员 更正后 需补充核查。"
    assert client.get(f"/api/v1/checks/{check}").content == before


def test_without_acts_the_verdict_is_the_system_s(client, check):
    told = acts(client, check)
    assert (told["effective_verdict"], told["sentence"], told["overrides"]) == ("refused", None, [])


def test_a_withdrawn_mark_stays_on_record(client, check):
    made = mark(client, check).json()
    gone = {"reason": "看错了图", "officer": people.NAME}
    answer = client.post(f"/api/v1/checks/{check}/overrides/{made['id']}/withdrawal", json=gone)
    assert answer.status_code == 201, answer.text
    told = acts(client, check)
    assert told["effective_verdict"] == "refused"
    assert [(act["act"], act["standing"], act["officer"]) for act in told["overrides"]] == [("mark", False, people.NAME), ("withdraw", False, people.NAME)]
    assert client.post(f"/api/v1/checks/{check}/overrides/{made['id']}/withdrawal", json=gone).status_code == 409


@pytest.mark.parametrize("name", ["reason", "rule"])
@pytest.mark.parametrize("value", [None, "", "   ", "\n", 7, ["x"], "x" * 5_000, "bell\x07"])
def test_what_an_act_must_state_is_never_blank(client, check, name, value):
    answer = mark(client, check, **{name: value})
    assert answer.status_code == 400, answer.text
    assert [item["place"] for item in answer.json()["errors"]] == [f"/{name}"]
    assert acts(client, check)["overrides"] == []


@pytest.mark.parametrize("name", ["officer", "unit"])
@pytest.mark.parametrize(("value", "status"), [("", 400), ("   ", 400), (7, 400), (["x"], 400), ("x" * 5_000, 403), ("bell\x07", 403), ("另一个人", 403)])
def test_nobody_signs_for_another(client, check, name, value, status):
    answer = mark(client, check, **{name: value})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert acts(client, check)["overrides"] == []
    told = mark(client, check, **{name: None}).json()
    assert (told["officer"], told["unit"]) == (people.NAME, people.UNIT)


@pytest.mark.parametrize("evidence", [{"evidence": None}, {"evidence": " "}, {"evidence": None, "evidence_sha256": "XY"}])
def test_a_mark_needs_evidence(client, check, evidence):
    assert mark(client, check, **evidence).status_code == 400


def test_the_hash_of_a_file_is_evidence_and_unknown_fields_are_refused(client, check):
    assert mark(client, check, colour="red").status_code == 400
    assert mark(client, check, evidence=None, evidence_sha256="ab" * 32).status_code == 201


@pytest.mark.parametrize(
    ("rule", "words"), [("HB-040", "缺少数据"), ("HB-002", "没有命中"), ("HB-999", "没有规则"), ("HB-001", "没有规则"), ("HB-093", "缺少数据")]
)
def test_only_a_hit_can_be_marked_and_missing_data_never(client, check, rule, words):
    answer = mark(client, check, rule=rule, feature_id=None)
    assert answer.status_code == 409
    assert words in answer.json()["detail"]
    assert acts(client, check)["effective_verdict"] == "refused"


@pytest.mark.parametrize(("feature", "status"), [(None, 400), ("J2", 409), ("'; DROP TABLE check_override; --", 409)])
def test_the_feature_named_must_be_one_behind_the_hit(client, check, feature, status):
    answer = mark(client, check, feature_id=feature)
    assert answer.status_code == status
    assert "J1" in answer.json()["detail"]


def test_a_hit_on_the_form_has_no_feature(client):
    made = client.post("/api/v1/checks", params=IN_ZONE, json=application(height_m=20.0)).json()
    assert mark(client, made["id"], rule="HB-035b", feature_id="J1").status_code == 409
    assert mark(client, made["id"], rule="HB-035b", feature_id=None).status_code == 201


def test_a_hit_on_two_fields_counts_until_both_are_marked(client, county_url):
    import geopandas as gpd

    with database.connect(county_url) as conn:
        fields = gpd.GeoDataFrame({"BSM": ["J1", "J2"]}, geometry=[square(0, 0, 100), square(100, 0, 100)], crs=EPSG)
        published(conn, fields, meta("basic_farmland"))
    client.app.state.snapshots.published()
    made = client.post("/api/v1/checks", params=IN_ZONE, json=application(coordinates=[ring(95, 20)])).json()
    assert mark(client, made["id"]).status_code == 201
    told = acts(client, made["id"])
    assert (told["effective_verdict"], told["set_aside"]) == ("refused", [])
    assert "仍为 不予批准" in told["sentence"]
    assert mark(client, made["id"], feature_id="J2").status_code == 201
    assert acts(client, made["id"])["effective_verdict"] == "incomplete"


def test_the_same_mark_twice_names_who_made_the_first(client, check):
    mark(client, check)
    again = mark(client, check)
    assert again.status_code == 409
    assert people.NAME in again.json()["detail"]


def test_an_act_on_a_check_that_is_not_there_is_404(client):
    assert mark(client, "00000000-0000-0000-0000-000000000000").status_code == 404
    assert client.get("/api/v1/checks/00000000-0000-0000-0000-000000000000/overrides").status_code == 404


def test_the_page_shows_every_act_as_the_very_text_it_is(client, check):
    mark(client, check, reason=HOSTILE, evidence=HOSTILE)
    page = client.get(f"/maps/checks/{check}").text
    assert "更正与重审记录" in page
    assert "<script>alert(1)" not in page
    assert "{{ 7*7 }}&lt;script&gt;" in page
    assert "系统结论 不予批准" in page


def test_the_command_line_marks_lists_and_withdraws(client, check, county_url, monkeypatch, capsys, tmp_path):
    import sys

    from api.cli import commands

    monkeypatch.setenv("CUNTU_DATABASE_URL", county_url)
    (tmp_path / "批复.pdf").write_bytes(b"%PDF")

    def cuntu(*words):
        monkeypatch.setattr(sys, "argv", ["cuntu", "check", *words])
        with pytest.raises(SystemExit) as ended:
            commands.main()
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    who = ("--reason", "已调出", "--officer", "三号席位", "--unit", "自然资源所")
    code, out, err = cuntu("override", check, "--rule", "HB-001a", "--feature", "J1", *who, "--evidence-file", str(tmp_path / "批复.pdf"), "--json")
    assert code == 0, err
    made = json.loads(out)
    assert (made["act"]["evidence"], len(made["act"]["evidence_sha256"])) == ("批复.pdf", 64)
    assert made["effective"]["effective_verdict"] == "incomplete"
    assert "三号席位" in cuntu("overrides", check)[1]
    assert cuntu("withdraw", check, made["act"]["id"], *who)[0] == 0
    code, out, err = cuntu("override", check, "--rule", "HB-040", *who, "--evidence", "x")
    assert (code, out) == (1, "")
    assert "缺少数据" in err
    assert cuntu("override", "not-an-id", "--rule", "HB-001a", *who, "--evidence", "x")[0] == 1
