"""A database as the version before left it, with something in every table, brought up to date: nothing is lost, and all can be read."""

from __future__ import annotations

import json
from uuid import uuid4

import people
import psycopg
import pytest
from alembic import command
from applications import IN_ZONE, application, ring
from fastapi.testclient import TestClient
from psycopg import sql

from api.app import create_app
from layers import checks, database
from layers.audit import chain as audit_chain
from layers.databases import create_database, drop_database

BEFORE = "0011"
DELIVERY = "11111111-1111-1111-1111-111111111111"
MARK = {"rule": "HB-001a", "feature_id": "J1", "reason": "图斑已调出", "evidence": "批复 12 号"}
OTHERS = f"""
INSERT INTO household (household_no, village_code, properties, synthetic) VALUES ('H-1', '421223100201', '{{"size": 4}}', true);
INSERT INTO application (case_no, properties, geom, synthetic)
    SELECT 'B-' || n, '{{"case_no": "B"}}', ST_SetSRID(ST_MakePoint(500000 + n, 3250000), 4547), true FROM generate_series(1, 5) AS n;
INSERT INTO application_record (case_no, household_id, geom, known_from)
    SELECT 'B-' || n, 'H-1', ST_SetSRID(ST_MakePoint(500000 + n, 3250000), 4547), now() FROM generate_series(1, 5) AS n;
INSERT INTO progress_value (village_code, indicator, period, numerator, denominator, source_name, synthetic, known_from)
    VALUES ('421223100201', 'toilets', '2026-01-01', 3, 4, 'a.xlsx', true, now());
INSERT INTO job (id, kind, state, input, result) VALUES (gen_random_uuid(), 'check-run', 'done', '{{"run": 1}}', '{{"ok": true}}');
INSERT INTO recheck (check_id, previous_id, grounds) SELECT max(id::text)::uuid, min(id::text)::uuid, '[]' FROM stored_check;
INSERT INTO issued_paper (sha256, check_id, base_sha256, issued_at) SELECT sha256('a'), id, sha256('b'), now() FROM stored_check ORDER BY id LIMIT 1;
INSERT INTO check_run (id, kind, title, parameters, valid_on, known_at, pack_version, pack_sha256, versions, total, done, created_at)
    VALUES (gen_random_uuid(), 'file', '一批', '{{}}', '2026-01-01', now(), '1', 'x', '{{}}', 1, 0, now());
INSERT INTO check_run_subject (run_id, position, kind, properties, geom) SELECT id, 0, 'application', '{{}}', ST_SetSRID(ST_MakePoint(1, 2), 4547) FROM check_run;
INSERT INTO check_run_result (run_id, position, kind, verdict, report, geom)
    SELECT id, 0, 'application', 'refused', '{{}}', ST_SetSRID(ST_MakePoint(1, 2), 4547) FROM check_run;
INSERT INTO delivery (id, file_name, sha256, bytes) VALUES ('{DELIVERY}', 'a.gpkg', repeat('0', 64), 12);
INSERT INTO delivery_finding (delivery_id, number, code, level, message) VALUES ('{DELIVERY}', 1, 'gap', 'error', '有缝隙');
INSERT INTO place_code_change (code, kind, name_before, last_listed, changed_on, successors, source_name, source_sha256)
    VALUES ('421223100209', 'merge', '旧村', '2024-01-01', '2025-01-01', ARRAY['421223100201'], 'codes.xlsx', 'x');
"""
COLUMNS = """
SELECT c.table_name, array_agg(c.column_name::text ORDER BY c.ordinal_position) FROM information_schema.columns AS c
JOIN pg_class AS t ON t.oid = format('public.%I', c.table_name)::regclass AND t.relkind = 'r'
WHERE c.table_schema = 'public' AND c.is_generated = 'NEVER' AND c.table_name NOT IN ('spatial_ref_sys', 'alembic_version') GROUP BY 1 ORDER BY 1
"""
LEAVES = "SELECT relname, substring(relname FROM '^[a-z]+'), substring(relname FROM '[0-9]+')::int FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY 1"


def columns(conn):
    return dict(conn.execute(COLUMNS).fetchall())


def names(of):
    return sql.SQL(", ").join(map(sql.Identifier, of))


def copied(source, target):
    """Copy every row into the tables and columns that the older structure has."""
    target.execute("SET session_replication_role = replica")
    for leaf, parent, number in source.execute(LEAVES).fetchall():
        make = sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES IN ({})")
        target.execute(make.format(sql.Identifier(leaf), sql.Identifier(parent), sql.Literal(number)))
    newer = columns(source)
    for table, there in columns(target).items():
        both = [name for name in there if name in newer.get(table, ())]
        told = {"table": sql.Identifier(table), "columns": names(both)}
        read, write = sql.SQL("COPY (SELECT {columns} FROM {table}) TO STDOUT"), sql.SQL("COPY {table} ({columns}) FROM STDIN")
        with source.cursor().copy(read.format(**told)) as given, target.cursor().copy(write.format(**told)) as taken:
            for block in given:
                taken.write(block)
    for table, name in target.execute(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND is_identity = 'YES'"
    ).fetchall():
        ahead = sql.SQL(
            "SELECT setval(pg_get_serial_sequence({literal}, {name}), (SELECT coalesce(max({column}), 0) + 1 FROM {table}))"
        )
        target.execute(
            ahead.format(
                literal=sql.Literal(table),
                name=sql.Literal(name),
                column=sql.Identifier(name),
                table=sql.Identifier(table),
            )
        )
    target.execute("SET session_replication_role = origin")


def content(conn, tables):
    """Rows and checksum of every table by the columns named."""
    query = sql.SQL("SELECT count(*), sum(hashtextextended(ROW({})::text, 0)) FROM {}")
    return {name: conn.execute(query.format(names(of), sql.Identifier(name))).fetchone() for name, of in tables.items()}


@pytest.fixture
def earlier(server_url, county_url, settings):
    """A database of the version before, with what a service has stored; and the reports it gave out."""
    with TestClient(create_app(settings, database_url=county_url), headers=people.HEADERS) as client:
        client.post("/api/v1/classifications", json={})
        made = [
            client.post(
                "/api/v1/checks", params=IN_ZONE, json=application(case_no=f"U-{n}", coordinates=[ring(95, 20)])
            )
            for n in range(3)
        ]
        marked = client.post(f"/api/v1/checks/{made[0].json()['id']}/overrides", json=MARK)
        assert marked.status_code == 201, marked.text
    name = f"cuntu_test_{uuid4().hex[:12]}"
    url = create_database(server_url, name)
    engine = database.sqlalchemy.create_engine(
        url.replace("postgresql://", "postgresql+psycopg://", 1), poolclass=database.sqlalchemy.NullPool
    )
    with engine.begin() as connection:
        config = database._config()
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
    engine.dispose()
    with psycopg.connect(county_url) as source, psycopg.connect(url) as target:
        copied(source, target)
        target.execute(OTHERS)
    yield url, {answer.json()["id"]: answer.content for answer in made}
    drop_database(server_url, name)


def test_a_database_of_the_version_before_comes_up_to_date_with_everything_in_it(earlier, settings):
    url, reports = earlier
    with psycopg.connect(url) as conn:
        tables = columns(conn)
        before = content(conn, tables)
        assert not database.is_migrated(conn)
    assert [
        name for name, (rows, _) in before.items() if not rows and not name.startswith(("piece_", "overview_"))
    ] == []
    database.upgrade(url)
    with psycopg.connect(url) as conn:
        assert database.is_migrated(conn)
        assert {name: found for name, found in content(conn, tables).items() if found != before[name]} == {}
        for name, report in reports.items():
            assert checks.get(conn, name).report == report
        people.tester(conn)
    with TestClient(create_app(settings, database_url=url), headers=people.HEADERS) as client:
        for name, report in reports.items():
            assert client.get(f"/api/v1/checks/{name}").content == report
        marked = [client.get(f"/api/v1/checks/{name}/overrides").json()["overrides"] for name in reports]
        assert sorted(map(len, marked)) == [0, 0, 1]
        states = {layer["id"]: layer["state"] for layer in client.get("/api/v1/layers").json()["layers"]}
        assert states["basic_farmland"] == states["village"] == "loaded"
        new = client.post("/api/v1/checks", params=IN_ZONE, json=application(case_no="U-9", coordinates=[ring(95, 20)]))
        assert new.status_code == 201, new.text
        old = json.loads(next(iter(reports.values())))
        assert [item["outcome"] for item in new.json()["findings"]] == [item["outcome"] for item in old["findings"]]
    with psycopg.connect(url) as conn:
        assert audit_chain.verify(conn).faults == []
