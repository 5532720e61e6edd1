"""The application killed between an act and its commit: neither the act nor its entry is there. The transaction is held open at that point by
the database itself, and the server looks whether its client still lives."""

from __future__ import annotations

import json
import threading

import people
import psycopg
import pytest
from applications import application, ring
from crashes import killed, workers
from frames import EPSG, meta, red_lines, square
from running_service import running, until

from layers import database, versions
from layers.audit import chain as audit_chain
from layers.databases import url_of_database

GATE = 7_700_913
HOLD = f"""
CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.action = ANY (string_to_array(current_setting('held.actions', true), ',')) THEN
        PERFORM pg_advisory_xact_lock_shared({GATE});
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER hold BEFORE INSERT ON audit.entry FOR EACH ROW EXECUTE FUNCTION hold();
"""
HELD = f"SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database WHERE d.datname = current_database() AND locktype = 'advisory' AND objid = {GATE} AND NOT granted"
ENTRIES = "SELECT count(*) FROM audit.entry WHERE action = %s AND object LIKE %s"
SITE = application(coordinates=[ring(95, 20)])
MARK = {"rule": "HB-001a", "feature_id": "J1", "reason": "图斑已于上月调出", "evidence": "县局批复 12 号"}
PUBLISHED = "SELECT count(*) FROM dataset_version WHERE id = {version} AND status = 'published'"

ACTS = {
    "publish": ("layers.publish", "version/%", PUBLISHED + " UNION ALL SELECT count(*) FROM version_act WHERE version_id = {version}"),
    "override": ("checks.override", "check/%", "SELECT count(*) FROM check_override"),
    "check": ("checks.make", "check/%", "SELECT count(*) - 1 FROM stored_check"),
}
"""What is done: its action and object in the audit, and what counts its traces in the tables."""


@pytest.fixture
def site(county_url, tmp_path):
    """The small county with a staged version; the server ends what a dead client has begun. Gives the URL and the staged version."""
    with database.connect(county_url) as conn:
        version = versions.stage(conn, red_lines([square(2_000, 0, 100)]), meta(), epsg=EPSG)
    with database.connect(county_url) as conn:
        conn.execute(HOLD)
    name = psycopg.conninfo.conninfo_to_dict(county_url)["dbname"]
    with psycopg.connect(url_of_database(county_url, "postgres"), autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} SET client_connection_check_interval = '50ms'")
        server.execute(f"ALTER DATABASE {name} SET held.actions = '{','.join(action for action, _, _ in ACTS.values())}'")
    return county_url, version


def asked(service, act, version, check):
    addresses = {"publish": f"/api/v1/layers/ecological_redline/versions/{version}/publish", "override": f"/api/v1/checks/{check}/overrides", "check": "/api/v1/checks"}
    bodies = {"publish": {"officer": people.NAME, "unit": people.UNIT, "reason": "年度更新"}, "override": MARK, "check": SITE}
    return service.ask("POST", addresses[act] + ("?crs=EPSG:4547" if act == "check" else ""), bodies[act])


def traces(conn, act, version):
    action, thing, query = ACTS[act]
    made = sum(row[0] for row in conn.execute(query.format(version=version)).fetchall())
    thing = f"version/{version}" if act == "publish" else thing
    return made, conn.execute(ENTRIES, [action, thing]).fetchone()[0] - (act == "check")


@pytest.mark.parametrize("act", sorted(ACTS))
def test_the_service_killed_between_act_and_commit_leaves_neither_act_nor_entry(site, tmp_path, act):
    url, version = site
    environment = {"CUNTU_DATABASE_URL": url, "CUNTU_ALLOW_OWNER": "1", "CUNTU_UPLOAD_DIR": str(tmp_path / "kept"), "CUNTU_DATA_DIR": str(tmp_path)}
    with database.connect(url, autocommit=True) as conn:
        with running("--workers", "1", **environment) as service:
            until(lambda: service.ready())
            status, _, body = asked(service, "check", version, None)
            assert status == 201, body
            check = json.loads(body)["id"]
            assert traces(conn, act, version) == (0, 0)
            conn.execute(f"SELECT pg_advisory_lock({GATE})")
            answers = []
            client = threading.Thread(target=lambda: answers.append(_try(service, act, version, check)))
            client.start()
            until(lambda: conn.execute(HELD).fetchone()[0] == 1)
            killed(workers(service))
            client.join(timeout=60)
            assert answers == [None]
            until(lambda: conn.execute(HELD).fetchone()[0] == 0)
            conn.execute(f"SELECT pg_advisory_unlock({GATE})")
            assert traces(conn, act, version) == (0, 0)
            assert audit_chain.verify(conn).sound
        with running("--workers", "1", **environment) as service:
            until(lambda: service.ready())
            status, _, body = asked(service, act, version, check)
            assert status in (200, 201), body
            made, entries = traces(conn, act, version)
            assert (made, entries) == ((2, 1) if act == "publish" else (1, 1))
            assert audit_chain.verify(conn).sound


def _try(service, act, version, check):
    """The status that was answered; None where nothing was."""
    try:
        return asked(service, act, version, check)[0]
    except OSError:
        return None
