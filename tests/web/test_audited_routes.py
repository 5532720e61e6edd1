"""Every address that changes something leaves its entry in the audit, with the name of whoever did it, or says why there is none."""

from __future__ import annotations

from pathlib import Path

import people
import pytest
from applications import IN_ZONE, application, ring
from delivery_way import BY, faulty_file
from frames import EPSG, meta, red_lines, square
from service_jobs import finished

from api.access.table import rows
from api.app import routed
from layers import acting, database, versions
from layers.audit import chain as audit_chain
from layers.audit import search as audit_search
from layers.audit.actions import titles
from layers.audit.search import Asked

HERE = Path(__file__).parent
ADMIN = {"Authorization": "Bearer cuntu_" + "administering-only-".ljust(43, "0")}
SITE = application(coordinates=[ring(95, 20)])
MARK = {"rule": "HB-001a", "feature_id": "J1", "reason": "图斑已于上月调出", "evidence": "县局批复 12 号"}
WHY = {"officer": people.NAME, "unit": people.UNIT, "reason": "年度更新"}

NONE = {
    "POST /api/v1/checks/preview": "stores nothing",
    "POST /api/v1/proposals": "stores nothing",
    "POST /api/v1/sites": "stores nothing",
    "POST /api/v1/sites/read": "stores nothing",
    "POST /api/v1/sites/txt": "stores nothing",
    "POST /api/v1/checks/{check_id}/recheck": "without a change of what it rests on nothing is done; with one, tests/web/test_rechecks.py",
}
"""Why a route leaves no entry."""

OF_SESSIONS = {
    "POST /account/password": "account.change_password",
    "POST /account/seat": "account.choose_seat",
    "POST /account/second-factor/begin": "account.begin_second_factor",
    "POST /account/second-factor/codes": "account.new_recovery_codes",
    "POST /account/second-factor/confirm": "account.enrol_second_factor",
    "POST /account/second-factor/drop": "account.drop_second_factor",
    "POST /account/second-factor/prove": "account.use_recovery_code",
    "POST /account/sessions/end": "account.end_session",
    "POST /account/sessions/end-others": "account.end_other_sessions",
    "POST /account/tokens": "account.make_token",
    "POST /account/tokens/revoke": "account.revoke_token",
    "POST /api/v1/account/tokens": "account.make_token",
    "DELETE /api/v1/account/tokens/{token_id}": "account.revoke_token",
    "POST /link": "account.set_password_by_link",
    "POST /sign-in": "account.sign_in",
    "POST /sign-out": "account.sign_out",
    "POST /api/v1/first-administrator": "accounts.first_administrator",
    "POST /api/v1/applications": "applications.accept",
    "POST /api/v1/applications/search": "applicants.search",
    "PUT /api/v1/applications/{case_no:path}/applicant": "applicants.write",
    "POST /api/v1/applications/{case_no:path}/applicant/reveal": "applicants.reveal",
    "POST /api/v1/applications/{case_no:path}/closing": "applications.close",
    "POST /api/v1/admin/accounts/{account}/unlock": "accounts.unlock",
    "DELETE /api/v1/admin/accounts/{account}/second-factor": "accounts.remove_second_factor",
    "POST /api/v1/runs/backtest": "jobs.order",
    "POST /api/v1/runs/{run_id}/resume": "jobs.order",
    "POST /api/v1/layers/{layer_id}/imports": "layers.deliver",
    "POST /api/v1/deliveries/{delivery_id}/datasets": "layers.deliver",
    "POST /api/v1/deliveries/{delivery_id}/publish": "layers.publish",
}
"""Routes that need a browser's session, a key or a state of their own: their entries are looked at by the tests of those."""


class Walk:
    """Does one act after the other and looks for its entry."""

    def __init__(self, client, conn):
        self.client, self.conn, self.done = client, conn, set()

    def entries(self, after):
        with acting.as_service():
            found = [kept for kept in audit_search.find(self.conn, Asked(), limit=50) if kept.id > after]
        self.conn.rollback()
        return [kept.told for kept in found]

    def act(self, route, action, body=None, *, person=people.NAME, job=False, **more):
        method, pattern = route.split(" ")
        values = more.pop("at", {})
        with acting.as_service():
            before = audit_search.head(self.conn).id
        self.conn.rollback()
        answer = self.client.request(method, pattern.format(**values), **({} if body is None else {"json": body}), **more)
        assert answer.status_code < 300, (route, answer.text)
        if job:
            finished(self.client, answer.json()["location"])
        found = [entry for entry in self.entries(before) if entry["action"] == action]
        assert found, (route, action, [entry["action"] for entry in self.entries(before)])
        assert {entry["person"] for entry in found} == {person}, (route, found)
        assert action in titles()
        self.done.add(route)
        return answer


def unsafe():
    return {f"{row.method} {row.path}" for row in rows(routed()) if row.method in ("POST", "PUT", "PATCH", "DELETE")}


@pytest.fixture
def walk(client, county_url):
    with database.connect(county_url) as conn:
        people.person_with(conn, "管理某", ["administrator"], token=ADMIN["Authorization"][7:])
        conn.commit()
        yield Walk(client, conn)


def checks(walk):
    made = walk.act("POST /api/v1/checks", "checks.make", SITE, params=IN_ZONE).json()["id"]
    at = {"check_id": made}
    mark = walk.act("POST /api/v1/checks/{check_id}/overrides", "checks.override", MARK, at=at).json()["id"]
    walk.act("POST /api/v1/checks/{check_id}/overrides/{override_id}/withdrawal", "checks.withdraw_override", {"reason": "看错了图"}, at=at | {"override_id": mark})
    many = {"type": "FeatureCollection", "features": [SITE]}
    walk.act("POST /api/v1/checks/batch", "checks.make", many, params=IN_ZONE, job=True)
    walk.act("POST /api/v1/runs/file", "runs.begin", many, params=IN_ZONE, job=True)
    walk.act("POST /api/v1/runs/open", "runs.begin", job=True)
    walk.act("POST /api/v1/runs/houses", "jobs.order", job=True)


def layers(walk, tmp_path):
    def staged():
        version = versions.stage(walk.conn, red_lines([square(2_000, 0, 100)]), meta(), epsg=EPSG)
        walk.conn.commit()
        return {"layer_id": "ecological_redline", "version": version}

    address = "POST /api/v1/layers/{layer_id}/versions/{version}/"
    at = staged()
    walk.act("POST /api/v1/runs/plan-difference", "jobs.order", {"versions": [at["version"]]}, job=True)
    walk.act(address + "publish", "layers.publish", WHY, at=at)
    walk.act(address + "law-status", "layers.law_status", WHY | {"law_status": "superseded", "effective_from": "2026-01-01"}, at=at)
    walk.act(address + "withdraw", "layers.withdraw", WHY, at=at)
    walk.act(address + "discard", "layers.discard", WHY, at=staged())
    with faulty_file(tmp_path).open("rb") as stream:
        made = walk.act("POST /api/v1/deliveries", "layers.deliver", files={"file": ("a.zip", stream)}, data=BY, job=True)
    at = {"delivery_id": made.json()["delivery_location"].rpartition("/")[2]}
    address = "/api/v1/deliveries/{delivery_id}"
    walk.act(f"PUT {address}/answers", "layers.recognise", {}, at=at, job=True)
    walk.act(f"PATCH {address}/answers", "layers.describe", {"description": {"title": "生态保护红线"}}, at=at)
    walk.act(f"POST {address}/check", "layers.check", at=at, job=True)
    walk.act(f"POST {address}/stage", "layers.stage", {**BY, "repairs": ["all"]}, at=at, job=True)
    walk.act(f"DELETE {address}", "layers.put_aside", at=at, params={"reason": "重做"})
    walk.act("POST /api/v1/classifications", "villages.classify", {})


def administration(walk):
    def act(route, action, body=None, **more):
        method, _, rest = route.partition(" ")
        return walk.act(f"{method} /api/v1/admin{rest}", f"accounts.{action}", body, person="管理某", headers=ADMIN, **more)

    person = act("POST /people", "note_person", {"name": "甲某"}).json()["id"]
    seat = act("POST /seats", "make_seat", {"title": "经办岗", "unit": "县局", "roles": ["viewer"]}).json()["id"]
    held = act("POST /seats/{seat}/holders", "appoint", {"person_id": person}, at={"seat": seat}).json()["holding_id"]
    at = {"seat": seat, "role": "planner", "holding": held}
    act("PUT /seats/{seat}/roles/{role}", "give_role", at=at)
    act("DELETE /seats/{seat}/roles/{role}", "take_role", at=at)
    at |= {"account": act("POST /accounts", "open", {"person_id": person, "login": "jiamou"}).json()["account_id"]}
    act("PUT /accounts/{account}/subject", "name_subject", {"subject": "sub-7"}, at=at)
    act("POST /accounts/{account}/password-link", "reset_password", at=at)
    act("POST /accounts/{account}/disable", "disable", at=at)
    act("POST /accounts/{account}/enable", "enable", at=at)
    act("POST /seats/{seat}/holders/{holding}/end", "end_holding", {}, at=at)
    act("POST /seats/{seat}/end", "end_seat", {}, at=at)


def test_every_route_that_changes_something_leaves_its_entry(walk, tmp_path):
    checks(walk)
    layers(walk, tmp_path)
    administration(walk)
    assert unsafe() == walk.done | NONE.keys() | OF_SESSIONS.keys()
    assert not walk.done & (NONE.keys() | OF_SESSIONS.keys())
    walk.conn.rollback()
    assert audit_chain.verify(walk.conn).sound


def test_what_is_looked_at_elsewhere_is_written_by_the_code():
    code = "\n".join(path.read_text(encoding="utf-8") for path in [*HERE.parents[1].glob("api/**/*.py"), *HERE.parents[1].glob("layers/*.py")])
    for route, action in OF_SESSIONS.items():
        assert action in titles(), route
        assert f'"{action}"' in code or f'"{action.partition(".")[2]}"' in code, (route, action)
