"""A job belongs to whoever ordered it: it is done on their behalf, with what they may still do then, and shown to those it concerns."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import people
import pytest
from applications import IN_ZONE, application, ring
from service_jobs import finished

from api.access.permissions import granted
from api.job_owners import NEEDED, owner
from api.jobs import Runner, Workshop
from api.work import KINDS
from layers import accounts, acting, county_time, database, jobs, seats
from layers.acting import Acting
from layers.jobs import Taken
from spatial.errors import CuntuError

TODAY = date(2026, 11, 22)


@pytest.fixture
def person(db_url):
    """A planner: their account, their seat, and how they were known when they ordered something."""
    people.somebody(db_url, "planner", ["planner"])
    with database.connect(db_url) as conn:
        row = conn.execute(
            "SELECT a.id, s.id FROM account a JOIN person p ON p.id = a.person_id JOIN seat s ON s.title = 'planner之席' WHERE p.name = 'planner'"
        ).fetchone()
    return Acting(
        channel="http", account_id=row[0], person="planner", seat_id=row[1], seat="planner之席", unit=people.UNIT, secrecy="internal", places=None,
        permissions=granted(["planner"]),
    )  # fmt: skip


def ordered(conn, by: Acting, kind: str, **order) -> Taken:
    with acting.on_behalf(by):
        jobs.add(conn, kind, order)
    taken = jobs.take(conn)
    assert taken is not None
    return taken


def test_it_is_done_with_what_its_owner_may_see_and_do(db_url, person):
    with database.connect(db_url) as conn:
        found = owner(conn, ordered(conn, person, "check-run"), today=TODAY)
    assert found == person


def test_what_nobody_ordered_is_the_service_s_own(db_url):
    with database.connect(db_url) as conn:
        assert owner(conn, ordered(conn, acting.SERVICE, "check-run"), today=TODAY) == acting.SERVICE


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE account SET disabled_at = now() WHERE id = %(account_id)s", "不在原席位"),
        ("UPDATE seat SET ended_on = '2026-11-01' WHERE id = %(seat_id)s", "不在原席位"),
        ("UPDATE seat_holder SET held_to = '2026-11-22' WHERE seat_id = %(seat_id)s", "不在原席位"),
        ("DELETE FROM seat_role WHERE seat_id = %(seat_id)s", "已没有这项权限：交付"),
    ],
)
def test_whoever_has_lost_the_seat_or_the_permission_meanwhile_is_refused_with_the_reason(db_url, person, change, told):
    with database.connect(db_url) as conn:
        taken = ordered(conn, person, "delivery-stage")
        conn.execute(change, person.signed)
        with pytest.raises(CuntuError, match=told):
            owner(conn, taken, today=TODAY)


def test_a_seat_that_was_narrowed_meanwhile_is_narrower(db_url, person):
    with database.connect(db_url) as conn:
        taken = ordered(conn, person, "check-batch")
        conn.execute(
            "UPDATE seat SET secrecy = 'public', place_code = '421223100' WHERE id = %(seat_id)s", person.signed
        )
        found = owner(conn, taken, today=TODAY)
    assert (found.secrecy, found.places) == ("public", frozenset({"421223100"}))


def test_who_may_deliver_only_does_not_publish_by_a_job(db_url, person):
    with database.connect(db_url) as conn:
        taken = ordered(conn, person, "layer-import", publish=True)
        with pytest.raises(CuntuError, match="已没有这项权限：发布"):
            owner(conn, taken, today=TODAY)


def test_whoever_loses_the_seat_while_a_job_is_done_has_it_end_there(db_url, settings, person, monkeypatch):
    monkeypatch.setattr("api.jobs.REPORT_EVERY_S", 0.0)
    reached = []

    def work(workshop, order, report):
        report(0.1, "开始")
        reached.append("begun")
        with database.connect(db_url) as conn:
            conn.execute("UPDATE account SET disabled_at = now() WHERE id = %(account_id)s", person.signed)
        report(0.5, "一半")
        reached.append("gone on")
        return {}

    with database.pool(db_url) as pool, acting.as_service():
        with pool.connection() as conn:
            taken = ordered(conn, person, "check-run")
        Runner(Workshop(settings, pool, None, None), {"check-run": work})._do(taken)
        with pool.connection() as conn:
            found = jobs.get(conn, taken.id)
    assert reached == ["begun"]
    assert (found.state, found.result["problem"]["status"]) == ("failed", 403)


def test_a_run_over_the_county_is_no_job_of_a_town(client, county_url):
    """Its result has the figures of the whole county, as the run itself, which only seats of the county read."""
    town, county = (people.somebody(county_url, name, ["viewer"], place=place) for name, place in (("town", "421223100"), ("county", None)))
    begun = client.post("/api/v1/runs/open")
    assert begun.status_code == 202, begun.text
    address = begun.headers["location"]
    assert finished(client, address)["state"] == "done"
    assert client.get(address, headers=county).status_code == 200
    assert client.get(address, headers=town).status_code == 404


def test_every_kind_of_job_says_what_it_needs():
    assert set(NEEDED) == set(KINDS)


def test_the_service_refuses_it_and_says_why(client, county_url, person_of_county):
    by = person_of_county("planner", "planner")
    with database.connect(county_url) as conn:
        with acting.on_behalf(by):
            job = jobs.add(conn, "delivery-recognise", {"delivery": "00000000-0000-0000-0000-000000000000"})
        conn.execute("DELETE FROM seat_role WHERE seat_id = %(seat_id)s", by.signed)
    told = finished(client, f"/api/v1/jobs/{job.id}")
    assert (told["state"], told["problem"]["status"]) == ("failed", 403)
    assert "已没有这项权限" in told["problem"]["detail"]


@pytest.fixture
def person_of_county(county_url):
    def made(name, *roles):
        people.somebody(county_url, name, roles)
        with database.connect(county_url) as conn:
            row = conn.execute(
                "SELECT a.id, s.id FROM account a JOIN person p ON p.id = a.person_id JOIN seat s ON s.title = p.name || '之席' WHERE p.name = %s",
                (name,),
            ).fetchone()
        return Acting(
            channel="http",
            account_id=row[0],
            person=name,
            seat_id=row[1],
            seat=f"{name}之席",
            unit=people.UNIT,
            secrecy="internal",
            places=None,
            permissions=granted(roles),
        )

    return made


def test_jobs_are_shown_to_their_owner_their_seat_and_those_who_look_after_the_service(client, county_url):
    someone = {name: people.somebody(county_url, name, [name]) for name in ("planner", "reviewer", "administrator")}
    batch = {"type": "FeatureCollection", "features": [application()]}
    made = client.post("/api/v1/checks/batch", params=IN_ZONE, json=batch, headers=someone["planner"])
    assert made.status_code == 202, made.text
    address = made.headers["location"]
    job = finished_for(client, address, someone["planner"])
    assert job["state"] == "done", job
    seen = {
        name: (
            client.get(address, headers=headers).status_code,
            len(client.get("/api/v1/jobs", headers=headers).json()["jobs"]),
        )
        for name, headers in someone.items()
    }
    assert seen == {"planner": (200, 1), "reviewer": (404, 0), "administrator": (200, 1)}
    assert "account_id" not in job
    [check] = job["result"]["checks"]
    with database.connect(county_url) as conn:
        row = conn.execute(
            "SELECT c.account_id, p.name FROM stored_check c JOIN account a ON a.id = c.account_id JOIN person p ON p.id = a.person_id WHERE c.id = %s",
            (UUID(check["id"]),),
        ).fetchone()
    assert row[1] == "planner"


def finished_for(client, address, headers):
    client_headers = dict(client.headers)
    client.headers.update(headers)
    try:
        return finished(client, address)
    finally:
        client.headers.update(client_headers)


def test_a_new_holder_of_a_seat_changes_no_history(client, county_url):
    """Who acted stays who acted; the seat's work goes on with whoever holds it next."""
    before = people.somebody(county_url, "before", ["reviewer", "planner"])
    hit = client.post("/api/v1/checks", params=IN_ZONE, json=application(coordinates=[ring(20, 20)])).json()["id"]
    mark = {"rule": "HB-001a", "feature_id": "J1", "reason": "图斑已调出", "evidence": "批文"}
    assert client.post(f"/api/v1/checks/{hit}/overrides", json=mark, headers=before).status_code == 201
    with database.connect(county_url) as conn:
        [seat] = conn.execute("SELECT id FROM seat WHERE title = 'before之席'").fetchone()
        conn.execute("UPDATE seat_holder SET held_to = %s WHERE seat_id = %s", (county_time.today() - timedelta(days=1), seat))
        after = seats.new_person(conn, "after")
        seats.appoint(conn, seat=seat, person=after, held_from=county_time.today() - timedelta(days=1))
        account = accounts.open_account(conn, person=after, login="after", password_hash=None, must_change=False)
        accounts.issue_token(
            conn,
            "cuntu_" + "after".ljust(43, "0"),
            account=account,
            seat=seat,
            title="测试",
            permissions=granted(["reviewer"]),
            expires_at=in_a_year(),
        )
    client.app.state.epoch.turn()
    assert client.get("/api/v1/checks", headers=before).status_code in (401, 403)
    headers = people.headers_of("cuntu_" + "after".ljust(43, "0"))
    [told] = client.get(f"/api/v1/checks/{hit}/overrides", headers=headers).json()["overrides"]
    assert (told["officer"], told["unit"]) == ("before", people.UNIT)
    gone = client.post(
        f"/api/v1/checks/{hit}/overrides/{told['id']}/withdrawal", json={"reason": "复核"}, headers=headers
    )
    assert (gone.status_code, gone.json()["officer"]) == (201, "after")
    with database.connect(county_url) as conn:
        kept = conn.execute("SELECT officer, seat_id, account_id FROM check_override ORDER BY made_at").fetchall()
    assert [row[0] for row in kept] == ["before", "after"]
    assert {row[1] for row in kept} == {seat}
    assert kept[0][2] != kept[1][2] == account
    assert json.loads(client.get(f"/api/v1/checks/{hit}").content)["verdict"] == "refused"


def in_a_year():
    return datetime.now(UTC) + timedelta(days=365)
