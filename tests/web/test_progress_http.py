"""Progress over HTTP."""

from __future__ import annotations

from datetime import timedelta

import pytest
from progress_figures import NAME, VALUES, A, B, figure, get, report_april

from layers import database
from layers.progress import record


@pytest.fixture
def reported(county_url):
    report_april(county_url)


@pytest.mark.usefixtures("reported")
def test_values_roll_up_from_villages_to_town_and_county(client):
    found = get(client, VALUES, indicator="R01", period="2026-04")
    assert [(row["village_code"], row["name"], row["rate"]) for row in found["villages"]] == [(A, "东村", 0.8), (B, NAME, 0.2)]
    town = found["towns"][0]
    assert (town["town_code"], town["numerator"], town["denominator"], town["rate_label"], town["completeness"]) == ("421223100", 90, 150, "60.00%", "2/2")
    assert (found["county"]["rate"], found["county"]["status"], found["county"]["due"]) == (0.6, "behind", 2)
    assert found["target"]["example"] is True
    assert found["pack"]["id"] == "progress" and len(found["pack"]["sha256"]) == 64


@pytest.mark.usefixtures("reported")
def test_a_village_that_has_not_reported_is_null_and_not_zero(client):
    found = get(client, VALUES, indicator="R05", period="2026-03")
    missing = found["villages"][1]
    assert (missing["numerator"], missing["denominator"], missing["rate"], missing["status"]) == (None, None, None, "unreported")
    assert (found["county"]["completeness"], found["county"]["status"], found["county"]["rate"]) == ("1/2", "incomplete", 1)


def test_figures_are_read_as_they_were_known(client, county_url):
    moments = []
    for numerator in (90, 80):
        with database.connect(county_url) as conn:
            moments.append(record(conn, [figure(A, numerator, 100)], source_name="一报.csv").at)
    for moment, numerator in zip(moments, (90, 80), strict=True):
        found = get(client, VALUES, indicator="R01", period="2026-04", known_at=moment.isoformat())
        assert (found["county"]["numerator"], found["county"]["completeness"]) == (numerator, "1/2")
    before = moments[0] - timedelta(microseconds=1)
    assert get(client, VALUES, indicator="R01", period="2026-04", known_at=before.isoformat())["county"]["numerator"] is None


@pytest.mark.usefixtures("reported")
def test_a_quarter_asked_for_in_another_month_says_what_it_shows(client):
    found = get(client, VALUES, indicator="R05", period="2026-05")
    assert (found["period"], found["figures_period"]) == ("2026-05", "2026-03")
    assert "2026-03" in found["note"]


@pytest.mark.usefixtures("reported")
def test_values_can_be_cut_to_a_town(client):
    whole = get(client, VALUES, indicator="R01", period="2026-04")
    assert get(client, VALUES, indicator="R01", period="2026-04", town="421223100") == whole
    assert client.get(VALUES, params={"indicator": "R01", "town": "421223999"}).status_code == 400


@pytest.mark.usefixtures("reported")
def test_indicators_list_the_periods_they_have(client):
    found = {row["indicator"]: row for row in get(client, "/api/v1/progress/indicators")["indicators"]}
    assert found["R01"]["periods"] == ["2026-04"] and found["R05"]["periods"] == ["2026-03"] and found["R09"]["periods"] == []
    assert found["R13"]["better"] == "lower"


def test_targets_say_where_they_come_from(client):
    found = client.get("/api/v1/progress/targets", params={"indicator": "R01"}).json()["indicators"]
    assert [row["indicator"] for row in found] == ["R01"]
    assert all(target["source"] and target["confidence"] == "N" and target["example"] for target in found[0]["targets"])
    assert len(client.get("/api/v1/progress/targets").json()["indicators"]) == 8


@pytest.mark.usefixtures("reported")
def test_rankings_name_the_towns(client):
    found = get(client, "/api/v1/progress/rankings", indicator="R01", period="2026-04")
    assert [(row["rank"], row["name"]) for row in found["towns"]] == [(1, "天城镇")]
    assert get(client, "/api/v1/progress/rankings", indicator="R05", period="2026-04")["towns"][0]["rank"] is None


@pytest.mark.usefixtures("reported")
def test_a_trend_has_every_due_period(client):
    found = get(client, "/api/v1/progress/trend", indicator="R01", code="421223", first="2026-03", last="2026-05")
    assert [(point["period"], point["rate"], point["completeness"]) for point in found["points"]] == [
        ("2026-03", None, "0/2"), ("2026-04", 0.6, "2/2"), ("2026-05", None, "0/2"),
    ]  # fmt: skip
    assert len(get(client, "/api/v1/progress/trend", indicator="R01", code=A)["points"]) == 24


@pytest.mark.parametrize(
    ("address", "params"),
    [
        (VALUES, {}),
        (VALUES, {"indicator": "R99"}),
        (VALUES, {"indicator": "R01", "period": "2026-13"}),
        (VALUES, {"indicator": "R01", "period": "November"}),
        (VALUES, {"indicator": "R01", "month": "2026-04"}),
        (VALUES, {"indicator": "R01", "known_at": "2026-04-01T00:00:00"}),
        ("/api/v1/progress/targets", {"indicator": "R99"}),
        ("/api/v1/progress/trend", {"indicator": "R01", "code": "421224"}),
        ("/api/v1/progress/trend", {"indicator": "R01", "code": A, "first": "2026-05", "last": "2026-04"}),
        ("/api/v1/progress/trend", {"indicator": "R01", "code": A, "first": "1900-01"}),
    ],
)
def test_what_cannot_be_answered_is_a_problem_document(client, address, params):
    answer = client.get(address, params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text
    assert answer.json()["errors"]


def test_without_villages_the_answer_says_that_the_layer_is_missing(empty_client):
    answer = empty_client.get(VALUES, params={"indicator": "R01"})
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert "村级调查区" in answer.json()["detail"]
