"""The embedded cluster, with a real initdb: it must come up whatever happened to it before."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import layers
from layers.cluster import Cluster, ClusterOwnerError, ClusterStartError, default_data_dir
from layers.databases import create_database, database_exists, drop_database, url_of_database
from layers.postgres import PostgresMissingError, Programs

PROJECT = Path(layers.__file__).parents[1]
START = "import sys; from pathlib import Path; from layers.cluster import Cluster; print(Cluster(Path(sys.argv[1])).start())"
FORK = multiprocessing.get_context("fork")
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="drops from root to other users")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A new folder that every user can enter (pytest's own is closed to others)."""
    folder = Path(tempfile.mkdtemp(prefix="cuntu-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def durable_cluster(short_folder: Path) -> Iterator[Cluster]:
    """A cluster as users have it."""
    made = Cluster(short_folder / "pg")
    yield made
    made.stop()


@pytest.fixture
def cluster(short_folder: Path) -> Iterator[Cluster]:
    """A cluster that does not wait for the disk: the same in all else, and faster."""
    made = Cluster(short_folder / "pg", durable=False)
    yield made
    made.stop()


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def start_elsewhere(folder: Path) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", START, str(folder)]
    return subprocess.Popen(command, cwd="/", env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def start_as(user: pwd.struct_passwd, folder: Path) -> str:
    """Start a cluster as another user and return its URL or the error's text. Forked, as that user may not reach our Python."""
    answers = FORK.SimpleQueue()

    def child() -> None:
        os.setgroups([])
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        os.chdir("/")
        try:
            answers.put(Cluster(folder).start())
        except Exception as error:
            answers.put(f"{type(error).__name__}: {error}")

    process = FORK.Process(target=child)
    process.start()
    answer = answers.get()
    process.join()
    return str(answer)


def test_a_new_cluster_has_postgis_and_opens_no_network_port(durable_cluster: Cluster) -> None:
    url = durable_cluster.start()
    assert query(url, "SELECT ST_AsText(ST_Point(1, 2)), current_user, '村' < '图' COLLATE \"C\"")[0] == ("POINT(1 2)", "cuntu", False)
    assert query(url, "SHOW listen_addresses") == [("",)]
    assert query(url, "SHOW synchronous_commit") == [("on",)]
    assert query(url, "SHOW server_encoding") == [("UTF8",)]
    assert durable_cluster.socket_dir.stat().st_mode & 0o777 == 0o700
    assert durable_cluster.pgdata.stat().st_uid != 0


def test_starting_twice_keeps_the_same_server(cluster: Cluster) -> None:
    first = cluster.start()
    pid = cluster.status().pid
    assert Cluster(cluster.folder).start() == first
    assert cluster.status().pid == pid


def test_two_processes_starting_at_once_share_one_server(cluster: Cluster) -> None:
    starts = [start_elsewhere(cluster.folder) for _ in range(3)]
    answers = [start.communicate(timeout=300) for start in starts]
    assert [start.returncode for start in starts] == [0, 0, 0], answers
    assert {out.strip() for out, _ in answers} == {cluster.url}
    assert query(cluster.url, "SELECT count(*) FROM pg_database WHERE datname = 'cuntu'") == [(1,)]


def test_committed_rows_survive_a_killed_server_with_backends_still_at_work(durable_cluster: Cluster) -> None:
    url = durable_cluster.start()
    execute(url, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    busy = psycopg.connect(url)
    busy.cursor().connection.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 3000000000)")
    killed = durable_cluster.status().pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    while durable_cluster.status().running:
        time.sleep(0.01)
    assert len(durable_cluster._processes()) >= 1, "the busy backend outlives its server: that is the case tested here"
    assert query(durable_cluster.start(), "SELECT sum(n) FROM kept") == [(500500,)]
    assert durable_cluster.status().pid != killed
    busy.close()


def test_a_stale_lock_file_that_names_another_program_does_not_block_the_start(cluster: Cluster) -> None:
    cluster.start()
    recorded = (cluster.pgdata / "postmaster.pid").read_text()
    cluster.stop()
    other = subprocess.Popen(["sleep", "60"], **({"user": cluster.account.uid} if os.geteuid() == 0 else {}))
    stale = "\n".join([str(other.pid), *recorded.split("\n")[1:]])
    (cluster.pgdata / "postmaster.pid").write_text(stale)
    (cluster.socket_dir / ".s.PGSQL.5432.lock").write_text(stale)
    try:
        assert not cluster.status().running
        assert query(cluster.start(), "SELECT 1") == [(1,)]
        assert other.poll() is None, "a foreign program must not be harmed"
    finally:
        other.kill()
        other.wait()


def test_the_server_outlives_the_program_that_started_it(cluster: Cluster) -> None:
    program = start_elsewhere(cluster.folder)
    out, err = program.communicate(timeout=300)
    assert program.returncode == 0, err
    assert query(out.strip(), "SELECT 1") == [(1,)]


def test_an_interrupted_initdb_is_made_again(cluster: Cluster) -> None:
    half = cluster.folder / "data.new-1"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("15\n")
    assert query(cluster.start(), "SELECT 1") == [(1,)]
    assert not half.exists()


def test_a_program_that_died_before_it_made_the_database_is_made_good(cluster: Cluster) -> None:
    cluster.start()
    drop_database(cluster.url_of("postgres"), "cuntu")
    assert query(cluster.start(), "SELECT count(*) FROM pg_extension WHERE extname = 'postgis'") == [(1,)]


def test_stopping_ends_open_connections_and_is_repeatable(cluster: Cluster) -> None:
    with psycopg.connect(cluster.start()) as left_open:
        cluster.stop()
        assert not cluster.status().running
        assert cluster.status().url is None
        with pytest.raises(psycopg.OperationalError):
            left_open.execute("SELECT 1")
    cluster.stop()


def test_a_server_that_cannot_start_says_why(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    (cluster.pgdata / "global/pg_control").unlink()
    with pytest.raises(ClusterStartError) as failure:
        cluster.start()
    assert "内嵌数据库启动失败" in str(failure.value)
    assert any("pg_control" in problem for problem in failure.value.problems)


def test_a_folder_with_a_very_long_name_gets_a_short_socket(short_folder: Path) -> None:
    cluster = Cluster(short_folder / ("x" * 100) / "项目" / "pg")
    try:
        assert query(cluster.start(), "SELECT 1") == [(1,)]
        assert cluster.socket_dir.parent == Path("/tmp")
        assert cluster.socket_dir.stat().st_mode & 0o777 == 0o700
    finally:
        cluster.stop()
        shutil.rmtree(cluster.socket_dir)


def test_databases_are_made_copied_and_dropped(cluster: Cluster) -> None:
    url = cluster.start()
    first = create_database(url, "first 库")
    execute(first, "CREATE TABLE mark AS SELECT 7 AS n, ST_Point(1, 1) AS place")
    copied = create_database(url, "second", template="first 库")
    assert query(copied, "SELECT n FROM mark") == [(7,)]
    drop_database(url, "second")
    assert not database_exists(url, "second")
    assert url_of_database(copied, "cuntu") == url


@root_only
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_an_ordinary_user_runs_a_cluster_and_root_may_then_use_and_restart_it(cluster: Cluster, short_folder: Path) -> None:
    user = pwd.getpwnam("nobody")
    os.chown(short_folder, user.pw_uid, user.pw_gid)
    url = start_as(user, cluster.folder)
    assert query(url, "SELECT current_user") == [("cuntu",)]
    cluster.stop()
    assert query(cluster.start(), "SELECT 1") == [(1,)]
    assert cluster.pgdata.stat().st_uid == user.pw_uid


@root_only
def test_a_cluster_given_to_another_user_starts_as_that_user(cluster: Cluster) -> None:
    cluster.start()
    cluster.stop()
    user = pwd.getpwnam("nobody")
    for path in [cluster.folder, *cluster.folder.rglob("*")]:
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    given = Cluster(cluster.folder)
    assert query(given.start(), "SELECT 1") == [(1,)]
    assert given.account.name == "nobody"
    given.stop()


@root_only
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_another_users_cluster_is_refused_with_a_clear_message(cluster: Cluster) -> None:
    cluster.start()
    cluster.folder.chmod(0o755)
    answer = start_as(pwd.getpwnam("nobody"), cluster.folder)
    assert answer.startswith(ClusterOwnerError.__name__)
    assert "属于用户 postgres" in answer


@root_only
def test_root_puts_the_cluster_of_a_closed_folder_below_var_lib(short_folder: Path) -> None:
    open_project = short_folder / "open"
    closed_project = short_folder / "closed" / "cuntu"
    open_project.mkdir()
    closed_project.mkdir(parents=True)
    closed_project.parent.chmod(0o700)
    assert default_data_dir(open_project) == open_project / "var" / "pg"
    elsewhere = default_data_dir(closed_project)
    assert elsewhere.parent == Path("/var/lib/cuntu")
    assert elsewhere.name.startswith("cuntu-")
    assert elsewhere != default_data_dir(short_folder / "closed" / "other" / "cuntu")


def test_missing_programs_are_named(tmp_path: Path) -> None:
    (tmp_path / "14/bin").mkdir(parents=True)
    (tmp_path / "14/bin/postgres").touch()
    with pytest.raises(PostgresMissingError, match=r"\./run setup.*14"):
        Programs.find(search=tmp_path)
    with pytest.raises(PostgresMissingError, match="PostgreSQL 16"):
        Programs.find(16, search=tmp_path)


def test_no_process_of_a_cluster_is_left_after_it_stops(cluster: Cluster) -> None:
    cluster.start()
    assert len(cluster._processes()) > 1
    cluster.stop()
    assert cluster._processes() == []


def test_client_programs_are_found_without_a_server(tmp_path: Path) -> None:
    for version in ("15", "9"):
        (tmp_path / version / "bin").mkdir(parents=True)
    (tmp_path / "9/bin/pg_dump").touch()
    (tmp_path / "15/bin/pg_dump").touch()
    assert Programs.find_clients(search=tmp_path) == Programs(15, tmp_path / "15/bin")
    with pytest.raises(PostgresMissingError, match="pg_dump"):
        Programs.find_clients(search=tmp_path / "nowhere")
