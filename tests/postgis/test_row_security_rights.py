"""What each of the database's roles may do at all: every right against a list, and what it may not, tried."""

from __future__ import annotations

import psycopg
import pytest
from frames import meta, published, red_lines
from psycopg import sql

from layers import database
from layers.acting import SERVICE, on_behalf
from layers.roles import ANALYST, APP, OURS, TILES

READ = frozenset({"SELECT"})
ADD = frozenset({"SELECT", "INSERT"})
HISTORY = (
    "version_act", "place_code_change", "classification_run", "classification_result", "stored_check", "report_dictionary", "check_override",
    "recheck", "issued_paper", "check_run_subject", "check_run_result", "person",
)  # fmt: skip
"""Only ever added to."""

APP_RIGHTS = {
    **dict.fromkeys(("alembic_version", "feature", "piece", "overview", "audit.entry", "audit.head", "audit.archive"), READ),
    **dict.fromkeys(HISTORY, ADD),
    "dataset_version": {*ADD, "DELETE", "status", "known_from", "known_to"},
    "check_run": {*ADD, "done", "summary", "finished_at"},
    "application": {*ADD, "properties", "geom", "expected", "synthetic", "village_code"},
    "application_record": {*ADD, "known_to"},
    "applicant": {*ADD, "UPDATE"},
    "applicant_member": {*ADD, "UPDATE", "DELETE"},
    "household": {*ADD, "village_code", "properties", "synthetic"},
    "household_person": {*ADD, "UPDATE", "DELETE"},
    "progress_value": {*ADD, "known_to"},
    "job": {*ADD, "state", "progress", "message", "result", "started_at", "finished_at"},
    "delivery": {
        *ADD, "state", "description", "choice", "recognition", "summary", "repairs", "repaired", "problem", "version_id", "job_id", "acts",
        "changed_at",
    },
    "delivery_finding": {*ADD, "DELETE"},
    "seat": {*ADD, "ended_on"},
    "seat_role": {*ADD, "DELETE"},
    "seat_holder": {*ADD, "held_to"},
    "account": {
        *ADD, "password_hash", "password_set_at", "must_change", "oidc_subject", "totp_secret", "totp_confirmed_at", "totp_last_step", "failed",
        "locked_until", "disabled_at",
    },
    "session": {*ADD, "DELETE", "secret_sha256", "seat_id", "second_factor", "seen_at", "ended_at"},
    "api_token": {*ADD, "revoked_at", "used_at"},
    "one_time_link": {*ADD, "expires_at", "used_at"},
    "sign_in_try": {*ADD, "DELETE", "succeeded"},
    "recovery_code": {*ADD, "DELETE", "used_at"},
}
RIGHTS = {
    APP: APP_RIGHTS,
    TILES: dict.fromkeys(("dataset_version", "feature", "overview"), READ),
    ANALYST: dict.fromkeys(
        ("dataset_version", "feature", "piece", "overview", "classification_run", "classification_result", "progress_value", "place_code_change"),
        READ,
    ),
}

TABLES = """
SELECT CASE n.nspname WHEN 'public' THEN '' ELSE n.nspname || '.' END || c.relname, c.oid FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname IN ('public', 'audit', 'access') AND c.relkind IN ('r', 'p', 'v', 'm') AND c.relname NOT IN ('geography_columns', 'geometry_columns', 'spatial_ref_sys')
"""
GRANTED = """
SELECT array_agg(privilege) FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
WHERE has_table_privilege(%(role)s, %(table)s::oid, privilege)
UNION ALL
SELECT array_agg(a.attname::text) FROM pg_attribute AS a
WHERE a.attrelid = %(table)s::oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT has_table_privilege(%(role)s, %(table)s::oid, 'UPDATE')
    AND has_column_privilege(%(role)s, %(table)s::oid, a.attname, 'UPDATE')
"""
FUNCTIONS = """
SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname IN ('audit', 'access') AND has_schema_privilege(%(role)s, n.oid, 'USAGE') AND has_function_privilege(%(role)s, p.oid, 'EXECUTE')
    AND p.prorettype <> 'trigger'::regtype
"""


@pytest.fixture
def app(db_url):
    """The service's own connection, which may see everything."""
    with database.connect(db_url) as conn:
        published(conn, red_lines(), meta())
    with on_behalf(SERVICE), database.connect(db_url, role=APP, autocommit=True) as conn:
        yield conn


@pytest.mark.parametrize("role", OURS)
def test_each_role_has_exactly_the_rights_of_this_list(db, role):
    published(db, red_lines(), meta())
    found = {}
    for table, oid in db.execute(TABLES).fetchall():
        rights = {name for (names,) in db.execute(GRANTED, {"role": role, "table": oid}) for name in names or ()}
        if rights:
            found[table] = rights
    assert found == RIGHTS[role]


def test_each_role_may_call_exactly_these_functions(db):
    called = {role: {row[0].replace("access.", "") for row in db.execute(FUNCTIONS, {"role": role}).fetchall()} for role in OURS}
    asked = {"said(text)", "may(text[])", "levels()"}
    assert called[ANALYST] == set()
    assert called[TILES] == asked
    assert called[APP] == asked | {
        "everywhere()", "places()", "own_place()", "account()", "seat()", "make_version_tables(integer)", "close_version_tables(integer)",
        "drop_version_tables(integer)", "version_stands(integer)", "audit.append(text[])", "audit.append_last(text[])",
    }  # fmt: skip


def test_the_roles_are_no_superusers_and_own_nothing(db):
    found = db.execute(
        "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, (SELECT count(*) FROM pg_class WHERE relowner = r.oid)"
        " FROM pg_roles AS r WHERE rolname = ANY(%s) ORDER BY 1", [list(OURS)],
    ).fetchall()  # fmt: skip
    assert found == [(role, False, False, False, False, False, 0) for role in sorted(OURS)]


FORBIDDEN = {
    "become the owner": "SET ROLE cuntu",
    "be taken for the owner": "SET SESSION AUTHORIZATION cuntu",
    "disable triggers": "ALTER TABLE stored_check DISABLE TRIGGER ALL",
    "disable triggers for a session": "SET session_replication_role = replica",
    "switch policies off": "ALTER TABLE stored_check DISABLE ROW LEVEL SECURITY",
    "change a policy": "DROP POLICY app_select ON stored_check",
    "read password hashes of the server": "SELECT rolpassword FROM pg_authid",
    "read files of the server": "SELECT pg_read_file('PG_VERSION')",
    "run programs": "COPY (SELECT 1) TO PROGRAM 'true'",
    "make tables": "CREATE TABLE mine (id integer)",
    "make functions": "CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "make schemas": "CREATE SCHEMA mine",
    "make roles": "CREATE ROLE mine",
    "change itself": "ALTER ROLE cuntu_app BYPASSRLS",
    "change functions of the owner": "ALTER FUNCTION access.may(text[]) OWNER TO cuntu_app",
    "read a version's own table": "SELECT * FROM feature_1",
    "write a version's own table": "INSERT INTO feature_1 SELECT * FROM feature",
    "add to a version": "INSERT INTO feature SELECT * FROM feature",
    "change the audit": "UPDATE audit.entry SET payload = ''",
    "add to the audit by hand": "INSERT INTO audit.entry (id, payload, previous, hash) VALUES (1, '', '', '')",
    "add to what waits for the audit": "INSERT INTO audit.pending (payload) VALUES ('')",
    "shorten the audit": "DELETE FROM audit.entry",
    "move the audit's end": "UPDATE audit.head SET id = 0",
    "publish without an act": "INSERT INTO dataset_version (layer_id, title, authority, valid_from, source_name, source_sha256, secrecy, synthetic, epsg, coverage,"
    " feature_count, checksum, disjoint, qa, status, law_status) SELECT layer_id, title, authority, valid_from, source_name, source_sha256, secrecy, synthetic, epsg,"
    " coverage, feature_count, checksum, disjoint, qa, 'published', law_status FROM dataset_version",
    "rewrite the structure's number": "UPDATE alembic_version SET version_num = '0001'",
}


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
def test_the_service_cannot(app, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)


@pytest.mark.parametrize("table", sorted(APP_RIGHTS))
def test_the_service_can_neither_drop_nor_change_nor_empty_a_table(app, table):
    name = sql.Identifier(*table.split("."))
    for statement in ("DROP TABLE {}", "ALTER TABLE {} ADD COLUMN more text", "TRUNCATE {}", "CREATE TRIGGER t BEFORE INSERT ON {} EXECUTE FUNCTION refuse_change()"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(sql.SQL(statement).format(name))


@pytest.mark.parametrize("table", HISTORY)
def test_the_service_cannot_rewrite_history(app, table):
    column = app.execute("SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attidentity = '' LIMIT 1", [table]).fetchone()[0]
    name, first = sql.Identifier(table), sql.Identifier(column)
    for statement in (sql.SQL("DELETE FROM {}").format(name), sql.SQL("UPDATE {} SET {} = {}").format(name, first, first)):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(statement)


def test_a_published_versions_tables_cannot_be_dropped_or_made_again(app):
    for function in ("drop_version_tables", "make_version_tables"):
        with pytest.raises(psycopg.errors.RestrictViolation):
            app.execute(sql.SQL("SELECT access.{}(1)").format(sql.Identifier(function)))
    for number in (0, -1, None):
        for function in ("drop_version_tables", "make_version_tables", "close_version_tables"):
            with pytest.raises((psycopg.errors.RestrictViolation, psycopg.errors.InvalidParameterValue)):
                app.execute(sql.SQL("SELECT access.{}(%s)").format(sql.Identifier(function)), [number])
    assert app.execute("SELECT count(*) FROM feature").fetchone() == (1,)


def test_a_staged_versions_tables_are_closed_to_whoever_filled_them(db_url, app):
    with on_behalf(SERVICE), database.connect(db_url, role=APP) as conn:
        version = published(conn, red_lines(), meta())
    for statement in ("SELECT count(*) FROM feature_{}", "INSERT INTO piece_{} SELECT * FROM piece", "TRUNCATE overview_{}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            app.execute(statement.format(version))


@pytest.mark.parametrize("role", [TILES, ANALYST])
def test_tiles_and_analysts_write_nothing(db_url, role):
    with on_behalf(SERVICE), database.connect(db_url, role=role, autocommit=True) as conn:
        for statement in ("DELETE FROM feature", "UPDATE dataset_version SET title = ''", "SELECT audit.append('{}')", "SELECT access.drop_version_tables(1)",
                          "CREATE TABLE mine (id integer)", "SET ROLE cuntu_app"):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(statement)
