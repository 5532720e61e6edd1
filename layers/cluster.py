"""The embedded PostgreSQL cluster: cuntu's own server with PostGIS, reached through a Unix socket only.

It lives under one folder: `data/` (PostgreSQL's files), `run/` (the socket), `server.log`. The server goes on running
when the program that started it ends, and a start after any kind of crash first clears away what the crash left.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

import psycopg

from layers import roles
from layers.databases import create_database, database_exists
from layers.postgres import ROOT_UID, Account, ProgramError, Programs, last_lines
from layers.postgres_settings import configuration
from spatial.errors import CuntuError

DATABASE = "cuntu"
PORT = 5432  # only a part of the socket's name: the server opens no TCP port
LONGEST_SOCKET_PATH = 107  # bytes, sun_path of unix(7) without its closing zero
LARGEST_LOG_BYTES = 10_000_000

log = logging.getLogger("cuntu.cluster")


class ClusterOwnerError(CuntuError):
    """数据库目录属于另一个系统用户，当前用户无法启动它。"""


class ClusterStartError(CuntuError):
    """内嵌数据库启动失败。"""


class ClusterBusyError(CuntuError):
    """另一个程序正在启动或停止数据库，等待超时。"""


@dataclass(frozen=True)
class ClusterStatus:
    """What is known about a cluster without changing it; `url` and `pid` are None while it is stopped."""

    running: bool
    pid: int | None
    url: str | None
    folder: Path
    major: int | None
    log: Path


def default_data_dir(project_root: Path) -> Path:
    """Return the cluster's folder: `var/pg` in the project, or below /var/lib where its user cannot reach that.

    The second happens when root works in a folder closed to others (such as /root): the server never runs as root.
    """
    root = project_root.resolve()
    if os.geteuid() != ROOT_UID or Account.for_new_cluster().can_enter(root):
        return root / "var" / "pg"
    folder = Path("/var/lib/cuntu") / f"{root.name}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:8]}"
    if not folder.exists():
        log.info("%s 不对普通用户开放，数据库放在 %s", root, folder)
    return folder


class Cluster:
    """One embedded cluster in `data_dir`. With `durable=False` (throw-away test clusters) a power cut may lose it."""

    def __init__(self, data_dir: Path, *, durable: bool = True, timeout_s: float = 120) -> None:
        self.folder = data_dir.resolve()
        self.durable = durable
        self.timeout_s = timeout_s
        self.pgdata = self.folder / "data"
        self.identities = self.pgdata / "pg_ident.conf"
        self.log = self.folder / "server.log"

    def start(self) -> str:
        """Make the cluster if there is none, start it if it is down, and return its database's URL.

        Safe to call at any time and from several processes at once; on a running cluster it only returns the URL.
        """
        self._make_folder()
        with self._locked():
            if not (self.pgdata / "PG_VERSION").exists():
                self._initialise()
            if not self._is_accepting():
                self._clear_wreckage()
                self._launch()
            elif self.identities.read_text(encoding="utf-8") != self._who_is_who():
                self._configure()  # started by an earlier version, which knew fewer roles
                self._pg_ctl("reload")
            if not database_exists(self.url_of("postgres"), DATABASE):
                create_database(self.url_of("postgres"), DATABASE)
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute("CREATE EXTENSION IF NOT EXISTS postgis")
                roles.admit(connection)
        return self.url

    def stop(self) -> None:
        """Stop the server and wait for its end; open connections are closed. Does nothing on a stopped one."""
        if not self.folder.exists():
            return
        with self._locked():
            if self._postmaster() is not None:
                self._pg_ctl("stop", "--mode=fast", f"--timeout={self.timeout_s:.0f}")

    def status(self) -> ClusterStatus:
        """Look at the cluster without changing it."""
        pid = self._postmaster()
        return ClusterStatus(pid is not None, pid, None if pid is None else self.url, self.folder, self._major(), self.log)

    @property
    def url(self) -> str:
        """URL of the database `cuntu` in this cluster, whether it runs or not."""
        return self.url_of(DATABASE)

    def url_of(self, database: str) -> str:
        """URL of another database in this cluster."""
        return f"postgresql://{roles.OWNER}@/{quote(database)}?host={quote(str(self.socket_dir))}&port={PORT}"

    @property
    def socket_dir(self) -> Path:
        """`run/` in the cluster's folder, or a short path below /tmp where that name would be too long for a socket."""
        inside = self.folder / "run"
        if len(os.fsencode(inside / f".s.PGSQL.{PORT}.lock")) <= LONGEST_SOCKET_PATH:
            return inside
        return Path("/tmp") / f"cuntu-{hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]}"  # noqa: S108 (owner is checked)

    @cached_property
    def account(self) -> Account:
        """Owner of the files if there are any: root then drops to that user. Else the one to make them for."""
        owner = next((Account.of_uid(p.stat().st_uid) for p in (self.pgdata, self.folder) if p.exists()), None)
        if owner is None or (owner.uid == ROOT_UID and not self.pgdata.exists()):
            return Account.for_new_cluster()
        if os.geteuid() not in (ROOT_UID, owner.uid):
            raise ClusterOwnerError(f"数据库目录 {self.folder} 属于用户 {owner.name}，请以该用户或 root 运行。")
        return owner

    @cached_property
    def programs(self) -> Programs:
        """The programs of the version that made the files, or the newest."""
        return Programs.find(self._major())

    # -- making the files --------------------------------------------------------------------------------------

    def _make_folder(self) -> None:
        account = self.account
        for parent in reversed([p for p in self.folder.parents if not p.exists()]):
            parent.mkdir(exist_ok=True)
            parent.chmod(0o755)  # whatever the umask: the account must get through
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self._own(self.folder, account)
        if not account.can_enter(self.folder):
            raise ClusterOwnerError(f"用户 {account.name} 无法进入数据库目录 {self.folder}，请检查上级目录的权限。")

    def _initialise(self) -> None:
        """Run initdb beside the final place and move the result there, so that an interrupted one leaves nothing half."""
        for half_made in self.folder.glob("data.new-*"):
            shutil.rmtree(half_made, ignore_errors=True)
        fresh = self.folder / f"data.new-{os.getpid()}"
        log.info("正在建立数据库 %s", self.pgdata)
        flags = [f"--pgdata={fresh}", f"--username={roles.OWNER}", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=peer"]
        flags += [] if self.durable else ["--no-sync"]
        self.programs.run("initdb", *flags, account=self.account, folder=self.folder)
        with (fresh / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude = 'cuntu.conf'  # written anew at every start\n")
        fresh.rename(self.pgdata)

    # -- starting ----------------------------------------------------------------------------------------------

    def _launch(self) -> None:
        self._configure()
        self._make_socket_dir()
        if self.log.exists() and self.log.stat().st_size > LARGEST_LOG_BYTES:
            self.log.unlink()
        before = self.log.stat().st_size if self.log.exists() else 0
        try:
            self._pg_ctl("start", "--wait", f"--timeout={self.timeout_s:.0f}", f"--log={self.log}", "--silent")
        except ProgramError as error:
            said = self.log.read_bytes()[before:].decode("utf-8", "replace") if self.log.exists() else ""
            raise ClusterStartError(problems=last_lines(said) or error.problems) from error

    def _configure(self) -> None:
        """Write settings and who may connect. Anew at every start: the folder may have been moved or given to another user."""
        texts = {
            "cuntu.conf": configuration(socket_dir=self.socket_dir, port=PORT, durable=self.durable),
            "pg_hba.conf": "local all all peer map=cuntu\n",
            self.identities.name: self._who_is_who(),
        }
        for name, text in texts.items():
            (self.pgdata / name).write_text(text, encoding="utf-8")
            self._own(self.pgdata / name, self.account, mode=0o600)

    def _who_is_who(self) -> str:
        """Our own system users may be every role of ours: as which of them the database is asked is decided by who asks."""
        return "".join(f'cuntu "{user}" {role}\n' for user in dict.fromkeys(["root", self.account.name]) for role in (roles.OWNER, *roles.OURS))

    def _make_socket_dir(self) -> None:
        self.socket_dir.mkdir(mode=0o700, exist_ok=True)
        if self.socket_dir.is_symlink() or self.socket_dir.stat().st_uid not in (ROOT_UID, self.account.uid):
            raise ClusterOwnerError(f"{self.socket_dir} 属于另一个系统用户，数据库不能在那里建立连接。")
        self._own(self.socket_dir, self.account)

    def _is_accepting(self) -> bool:
        """Tell whether the server takes connections; wait for one that is on its way up or down."""
        give_up = time.monotonic() + self.timeout_s
        while self._postmaster() is not None:
            try:
                psycopg.connect(self.url_of("postgres"), connect_timeout=10).close()
                return True
            except psycopg.OperationalError as error:
                if "authentication failed" in str(error) or time.monotonic() > give_up:
                    raise ClusterStartError("内嵌数据库的进程还在，但不接受连接。", problems=[f"日志：{self.log}", str(error).strip()]) from error
            time.sleep(0.1)
        return False

    def _clear_wreckage(self) -> None:
        """End the backends a killed server left behind and remove its lock files.

        Only with no process of this cluster left is it certain that the shared memory is free and the recorded process
        number stale: it may by now belong to some other program, which would keep PostgreSQL from starting.
        """
        give_up = time.monotonic() + self.timeout_s
        patience = time.monotonic() + 10
        while left := self._processes():
            if time.monotonic() > give_up:
                raise ClusterStartError("上一次运行留下的数据库进程无法结束。", problems=[f"进程 {pid}" for pid in left])
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT if time.monotonic() < patience else signal.SIGKILL)
            time.sleep(0.1)
        leftovers = [self.pgdata / "postmaster.pid"]
        leftovers += [self.socket_dir / f".s.PGSQL.{PORT}{end}" for end in ("", ".lock")]
        for path in leftovers:
            path.unlink(missing_ok=True)

    # -- looking -----------------------------------------------------------------------------------------------

    def _postmaster(self) -> int | None:
        """Process number of the running server, None if there is none. A stale file naming some other process is seen through."""
        try:
            pid = int((self.pgdata / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        return pid if self._works_here(pid) else None

    def _processes(self) -> list[int]:
        return [int(p.name) for p in Path("/proc").iterdir() if p.name.isdigit() and self._works_here(int(p.name))]

    def _works_here(self, pid: int) -> bool:
        """PostgreSQL's processes, and only they, are programs called `postgres` whose working folder is the data folder."""
        process = Path("/proc") / str(pid)
        try:
            return (process / "comm").read_text().strip() == "postgres" and (process / "cwd").samefile(self.pgdata)
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            return False

    def _major(self) -> int | None:
        version = self.pgdata / "PG_VERSION"
        return int(version.read_text().strip()) if version.exists() else None

    # -- plumbing ----------------------------------------------------------------------------------------------

    def _pg_ctl(self, action: str, *flags: str) -> str:
        return self.programs.run("pg_ctl", action, f"--pgdata={self.pgdata}", *flags, account=self.account, folder=self.folder, timeout_s=self.timeout_s + 30)

    @staticmethod
    def _own(path: Path, account: Account, mode: int = 0o700) -> None:
        if os.geteuid() == ROOT_UID:
            os.chown(path, account.uid, account.gid)
        path.chmod(mode)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the cluster's folder against other programs that start or stop it; the kernel lets go when we die."""
        handle = os.open(self.folder, os.O_RDONLY)
        give_up = time.monotonic() + 2 * self.timeout_s
        try:
            while True:
                with contextlib.suppress(BlockingIOError):
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                if time.monotonic() > give_up:
                    raise ClusterBusyError
                time.sleep(0.05)
            yield
        finally:
            os.close(handle)
