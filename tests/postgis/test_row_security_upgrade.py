"""A database of before there were roles, with data in it, brought up to date: each case comes to know its village, and nobody sees too much."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
import shapely
import sqlalchemy
from alembic import command
from frames import EPSG, square

from layers import database
from layers.acting import SERVICE, Acting, on_behalf
from layers.databases import create_database, drop_database
from layers.roles import APP

BEFORE = "0019"
VERSION = """
INSERT INTO dataset_version (id, layer_id, status, law_status, title, authority, valid_from, known_from, known_to, source_name, source_sha256, secrecy, synthetic,
    epsg, coverage, feature_count, checksum, disjoint, qa)
OVERRIDING SYSTEM VALUE
VALUES (%(id)s, 'village', 'published', 'in_force', 't', 'a', '2020-01-01', now(), %(known_to)s, 's', '', 'internal', true, 4547, %(shape)s::geometry, 2, '', true, '{}')
"""
FEATURE = "INSERT INTO feature_{version} (version_id, fid, identifier, attributes, geom, area_m2) VALUES ({version}, %(fid)s, %(code)s, '{{}}', %(shape)s::geometry, 1)"
CHECK = """
INSERT INTO stored_check (id, verdict, report, properties, geom, subject_sha256, valid_on, known_at, checked_at, pack_id, pack_version, pack_sha256, datasets)
VALUES (%(id)s, 'passed', '{}', '{}', %(shape)s::geometry, '', '2026-01-01', now(), now(), 'p', '1', '', '[]')
"""
APPLICATION = "INSERT INTO application (case_no, properties, geom, synthetic) VALUES (%(name)s, '{}', %(shape)s::geometry, true)"

SITES = {"421223100201": square(20, 20, 10), "421223101202": square(220, 20, 10), None: square(5_000, 5_000, 10)}


def ewkb(shape):
    return shapely.to_wkb(shapely.set_srid(shape, EPSG), include_srid=True, hex=True)


def upgraded_to(url, revision):
    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        config = database._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


@pytest.fixture
def old_url(server_url):
    url = create_database(server_url, "cuntu_test_before_roles")
    upgraded_to(url, BEFORE)
    with psycopg.connect(url) as conn:
        for version, codes in ((1, ("old201", "old202")), (2, ("421223100201", "421223101202"))):
            conn.execute(VERSION, {"id": version, "known_to": "infinity" if version == 1 else None, "shape": ewkb(square(0, 0, 400))})
            conn.execute(f"CREATE TABLE feature_{version} (LIKE feature)")
            for fid, (code, east) in enumerate(zip(codes, (0, 200), strict=True)):
                conn.execute(FEATURE.format(version=version), {"fid": fid, "code": code, "shape": ewkb(square(east, 0, 190))})
            conn.execute(f"ALTER TABLE feature ATTACH PARTITION feature_{version} FOR VALUES IN ({version})")
        for number, shape in enumerate(SITES.values()):
            conn.execute(CHECK, {"id": UUID(int=number), "shape": ewkb(shape)})
            conn.execute(APPLICATION, {"name": str(number), "shape": ewkb(shape)})
    yield url
    drop_database(server_url, "cuntu_test_before_roles")


def test_what_is_there_comes_to_know_its_village(old_url):
    database.upgrade(old_url)
    with database.connect(old_url) as conn:
        assert [row[0] for row in conn.execute("SELECT village_code FROM stored_check ORDER BY id").fetchall()] == list(SITES)
        assert [row[0] for row in conn.execute("SELECT village_code FROM application ORDER BY case_no").fetchall()] == list(SITES)
        with pytest.raises(psycopg.errors.RestrictViolation):
            conn.execute("UPDATE stored_check SET village_code = 'x'")


def test_what_is_there_is_under_the_policies(old_url):
    database.upgrade(old_url)
    town = Acting(channel="http", secrecy="internal", places=frozenset({"421223101"}), permissions=frozenset({"checks.read"}))
    outsider = Acting(channel="http", secrecy="public", places=None, permissions=frozenset({"maps.view"}))
    seen = {}
    for name, acting in {"service": SERVICE, "town": town, "outsider": outsider}.items():
        with on_behalf(acting), database.connect(old_url, role=APP) as conn:
            seen[name] = [conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("stored_check", "application", "feature", "dataset_version")]
    assert seen == {"service": [3, 3, 4, 2], "town": [1, 1, 4, 2], "outsider": [0, 0, 0, 0]}


def test_earlier_versions_own_tables_are_closed_to_the_service(old_url):
    database.upgrade(old_url)
    with on_behalf(SERVICE), database.connect(old_url, role=APP) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("SELECT count(*) FROM feature_1")
