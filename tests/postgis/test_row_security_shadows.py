"""Names of its own that the service's role puts before the owner's: temporary types and tables, which PostgreSQL looks up first unless told otherwise."""

from __future__ import annotations

import psycopg
import pytest
from frames import meta, published, red_lines
from guarded_rows import CASES
from psycopg.pq import TransactionStatus

from layers import database
from layers.acting import SERVICE, on_behalf
from layers.roles import APP

ENTRY = '{"at": "2026-01-01T00:00:00+08:00", "person": "", "action": "a", "object": "o", "result": "done"}'
OURS = """
SELECT p.oid::regprocedure::text FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
WHERE p.pronamespace IN ('public'::regnamespace, 'audit'::regnamespace, 'access'::regnamespace) AND (l.lanname = 'plpgsql' OR p.prosecdef)
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')
    AND NOT coalesce(array_to_string(p.proconfig, ' '), '') ~ '^search_path=pg_catalog(, public)?, pg_temp$'
"""


@pytest.fixture
def app(db_url):
    with database.connect(db_url) as conn:
        published(conn, red_lines(), meta())
        conn.execute("CREATE TABLE owners_own (who text)")
    with on_behalf(SERVICE), database.connect(db_url, role=APP, autocommit=True) as conn:
        yield conn


@pytest.mark.parametrize("name", ["jsonb", "bytea", "text", "timestamptz", "bigint"])
@pytest.mark.parametrize("function", ["append", "append_last"])
def test_a_type_of_the_services_own_is_not_used_by_the_owners_functions(db, app, name, function):
    """A domain's condition would be worked out as the owner."""
    app.execute(f"""
        CREATE FUNCTION pg_temp.evil(pg_catalog.{"int8" if name == "bigint" else name}) RETURNS boolean LANGUAGE plpgsql AS $$
        BEGIN IF current_user <> '{APP}' THEN INSERT INTO public.owners_own VALUES (current_user); END IF; RETURN true; END $$""")  # fmt: skip
    app.execute(f'CREATE DOMAIN pg_temp."{name}" AS pg_catalog.{"int8" if name == "bigint" else name} CHECK (pg_temp.evil(VALUE))')
    app.execute(f"SELECT audit.{function}(ARRAY[%s]::pg_catalog.text[])", [ENTRY])
    assert db.execute("SELECT * FROM owners_own").fetchall() == []


def test_a_table_of_the_services_own_is_not_asked_whether_a_rule_was_hit(db_url, app):
    key = "00000000-0000-0000-0000-000000000001"
    with database.connect(db_url) as conn:
        told = {"name": "S1", "code": None, "id": key, "key": b"k"}
        for statement in CASES.split(";\n"):
            if statement.strip() and "check_override" not in statement:
                conn.execute(statement, told)
    app.execute("CREATE TEMPORARY TABLE stored_check (id uuid, failed text[])")
    app.execute("INSERT INTO pg_temp.stored_check VALUES (%s, ARRAY['never'])", [key])
    with pytest.raises(psycopg.errors.CheckViolation):
        app.execute(
            "INSERT INTO public.check_override (id, check_id, act, rule_key, reason, officer, unit, evidence, made_at)"
            " VALUES (%s, %s, 'mark', 'never', 'r', 'o', 'u', 'e', now())", [key, key],
        )  # fmt: skip
    assert app.info.transaction_status is TransactionStatus.IDLE


def test_every_function_of_the_structure_says_where_names_are_looked_up_and_temporary_ones_come_last(db):
    assert db.execute(OURS).fetchall() == []
