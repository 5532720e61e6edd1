"""The disk of the database full, on a small file system of its own: reads go on, writes are refused in words, nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import people
import psycopg
import pytest
from applications import IN_ZONE, application, ring
from fastapi.testclient import TestClient
from running_service import running, until
from write_load import CHECKS, Written, assert_all_there_and_nothing_half, writer, writing

from api.app import create_app
from layers import backup, checks, database
from layers.cluster import Cluster

SIZE = "700m"
RESERVE = 100_000_000
MARGIN = 20_000_000
SITE = application(coordinates=[ring(95, 20)])


@pytest.fixture
def small_disk():
    """A file system of 700 MB that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="cuntu-full-", dir="/tmp"))
    folder.chmod(0o755)
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "cuntu", folder], capture_output=True).returncode:
        shutil.rmtree(folder)
        pytest.skip("需要 root 和 mount：这项检查没有运行")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)
    shutil.rmtree(folder)


@pytest.fixture
def cluster(small_disk, county_url, tmp_path):
    """An embedded cluster there, with the small county."""
    made = Cluster(small_disk / "pg", durable=False)
    try:
        database.upgrade(made.start())
        with database.connect(county_url) as conn:
            writer(conn)
        backup.backup(county_url, tmp_path / "county")
        backup.restore(made.url, tmp_path / "county")
        yield made
    finally:
        made.stop()


def fill(folder, *, leave):
    """Take all room but so many bytes; returns the file that takes it."""
    found = os.statvfs(folder)
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        os.posix_fallocate(file.fileno(), 0, max(found.f_bavail * found.f_frsize - leave - MARGIN, 1))
        if leave:
            return ballast
        file.seek(0, os.SEEK_END)
        with suppress(OSError):  # others write, too: until there is no more
            while file.write(b"\0" * 4096):
                pass
    return ballast


def environment(small_disk, reserve):
    return {
        "CUNTU_DATA_DIR": str(small_disk),
        "CUNTU_DATABASE_URL": "",
        "CUNTU_DISK_RESERVE_BYTES": str(reserve),
        "CUNTU_RATE_SIGN_IN": "6000/min",
    }


@pytest.mark.slow
def test_before_the_disk_is_full_writes_are_refused_and_reads_go_on(small_disk, cluster):
    with running("--workers", "1", **environment(small_disk, RESERVE)) as service:
        until(lambda: service.ready(snapshot="loaded"))
        status, headers, report = service.ask("POST", CHECKS, SITE)
        assert status == 201
        ballast = fill(small_disk, leave=RESERVE // 2)
        until(lambda: service.ask("POST", CHECKS, SITE)[0] != 201)
        status, refused, body = service.ask("POST", CHECKS, SITE)
        told = json.loads(body)
        assert (status, told["status"], told["title"]) == (507, 507, "存储空间不足")
        assert "查询照常" in told["detail"]
        assert refused["content-type"] == "application/problem+json"
        assert service.ask("GET", headers["location"])[2] == report
        assert service.ask("GET", "/api/v1/layers")[0] == 200
        assert service.ask("POST", CHECKS.replace("checks?", "checks/preview?"), SITE)[0] == 200
        assert service.ask("GET", "/sign-in")[0] == 200
        ballast.unlink()
        until(lambda: service.ask("POST", CHECKS, SITE)[0] == 201)


@pytest.mark.slow
def test_a_disk_full_to_the_last_byte_loses_nothing_and_the_service_recovers_by_itself(small_disk, cluster):
    written = Written()
    with running("--workers", "1", **environment(small_disk, 0)) as service:
        until(lambda: service.ready(snapshot="loaded"))
        with writing(service, written, clients=3):
            until(lambda: written.total >= 15)
            ballast = fill(small_disk, leave=0)
            until(lambda: written.refused.get(507, 0) + written.refused.get(503, 0) >= 10)
            ballast.unlink()
            before = written.total
            until(lambda: written.total >= before + 15)
        assert_all_there_and_nothing_half(cluster.url, written)
        assert service.ask("GET", "/api/v1/layers")[0] == 200


@pytest.fixture
def without_room(county_url):
    """A server that has no room left, as it tells itself: every write of a check or an override raises SQLSTATE 53100."""

    def let(full):
        with psycopg.connect(county_url, autocommit=True) as conn:
            conn.execute("""CREATE OR REPLACE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$""")
            for table in ("stored_check", "check_override", "job"):
                conn.execute(f"DROP TRIGGER IF EXISTS no_room ON {table}")
                if full:
                    conn.execute(f"CREATE TRIGGER no_room BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_room()")

    return let


def test_a_server_elsewhere_that_has_no_room_is_told_as_such_and_not_as_away(county_url, settings, without_room):
    with TestClient(create_app(settings, database_url=county_url), headers=people.HEADERS) as client:
        made = client.post("/api/v1/checks", params=IN_ZONE, json=SITE)
        assert made.status_code == 201
        without_room(True)
        mark = {"rule": "HB-001a", "feature_id": "J1", "reason": "图斑已调出", "evidence": "批复 12 号"}
        batch = {"type": "FeatureCollection", "features": [SITE]}
        for path, body in (("checks", SITE), ("checks", SITE), (f"checks/{made.json()['id']}/overrides", mark), ("checks/batch", batch)):
            answer = client.post(f"/api/v1/{path}", params=IN_ZONE if "overrides" not in path else None, json=body)
            assert (answer.status_code, answer.json()["title"]) == (507, "存储空间不足"), (path, answer.text)
            assert "53100" not in answer.text
            assert "No space" not in answer.text
        assert client.get(f"/api/v1/checks/{made.json()['id']}").content == made.content
        assert client.get("/api/v1/checks").json()["total"] == 1
        without_room(False)
        assert client.post("/api/v1/checks", params=IN_ZONE, json=SITE).status_code == 201
    with database.connect(county_url) as conn:
        assert len(checks.latest(conn, limit=10)) == 2
