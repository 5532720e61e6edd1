"""PostgreSQL as installed on this machine: its programs, and the account they may run under."""

from __future__ import annotations

import os
import pwd
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spatial.errors import CuntuError

OLDEST_MAJOR = 15
INSTALLED_IN = Path("/usr/lib/postgresql")
ROOT_UID = 0
DEFAULT_ACCOUNT = "postgres"


class PostgresMissingError(CuntuError):
    """没有找到 PostgreSQL（15 或更高版本）及 PostGIS 的程序，请先运行 ./run setup 安装。"""


class AccountError(CuntuError):
    """没有可以运行数据库的普通系统用户。"""


class ProgramError(CuntuError):
    """数据库程序执行失败。"""


@dataclass(frozen=True)
class Account:
    """The operating system user that owns the cluster's files and runs its processes."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of_uid(cls, uid: int) -> Account:
        """Look the user up; PostgreSQL refuses to run under a number that has no name."""
        try:
            entry = pwd.getpwuid(uid)
        except KeyError as error:
            raise AccountError(f"系统中没有用户编号 {uid} 的名称，数据库无法以它运行。") from error
        return cls(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)

    @classmethod
    def for_new_cluster(cls) -> Account:
        """Return ourselves, or, when we are root, the unprivileged `postgres` user of the distribution."""
        if os.geteuid() != ROOT_UID:
            return cls.of_uid(os.geteuid())
        try:
            return cls.of_uid(pwd.getpwnam(DEFAULT_ACCOUNT).pw_uid)
        except KeyError as error:
            raise AccountError(f"以 root 运行时需要系统用户 {DEFAULT_ACCOUNT}，请先运行 ./run setup 安装 PostgreSQL。") from error

    def can_enter(self, folder: Path) -> bool:
        """Tell whether this user can reach `folder` through all its parents."""
        return self.run(["test", "-x", str(folder)], folder=Path("/"), timeout_s=10).returncode == 0

    def run(self, command: Sequence[str], *, folder: Path, timeout_s: float) -> subprocess.CompletedProcess[str]:
        """Run a command as this user (root drops to it) inside `folder`; its errors come with its output.

        The environment is our own, so that a PGHOST or a locale of the caller changes nothing.
        """
        drop = os.geteuid() == ROOT_UID
        return subprocess.run(
            command, cwd=folder, timeout=timeout_s, text=True, errors="replace", check=False,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(folder)},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            user=self.uid if drop else None, group=self.gid if drop else None, extra_groups=[] if drop else None,
        )  # fmt: skip


@dataclass(frozen=True)
class Programs:
    """The programs of one installed PostgreSQL major version."""

    major: int
    folder: Path

    @classmethod
    def find(cls, major: int | None = None, *, search: Path = INSTALLED_IN) -> Programs:
        """Return the server version asked for, or the newest one that has PostGIS.

        Raises PostgresMissingError naming what was looked for and where.
        """
        installed = _versions_with("postgres", search)
        if major is not None:
            if major in installed:
                return cls(major, installed[major])
            raise PostgresMissingError(f"数据目录由 PostgreSQL {major} 建立，但 {search} 下没有这个版本的程序。")
        for number in sorted(installed, reverse=True):
            if number >= OLDEST_MAJOR and cls(number, installed[number]).has_postgis():
                return cls(number, installed[number])
        raise PostgresMissingError(problems=[f"{search} 下有版本：{sorted(installed) or '无'}"])

    @classmethod
    def find_clients(cls, *, search: Path = INSTALLED_IN) -> Programs:
        """Return the newest version that has the client programs (pg_dump and others), with or without a server."""
        installed = _versions_with("pg_dump", search)
        if not installed:
            raise PostgresMissingError("没有找到 PostgreSQL 的客户端程序 pg_dump，请安装 postgresql-client。")
        return cls(max(installed), installed[max(installed)])

    def has_postgis(self) -> bool:
        """Tell whether the PostGIS extension is installed for this version."""
        shared = subprocess.run([self.folder / "pg_config", "--sharedir"], capture_output=True, text=True)
        where = Path(shared.stdout.strip()) if shared.returncode == 0 else Path(f"/usr/share/postgresql/{self.major}")
        return (where / "extension/postgis.control").exists()

    def run(self, program: str, *arguments: str, account: Account, folder: Path, timeout_s: float = 300) -> str:
        """Run a program as `account` inside `folder` and return what it printed.

        Raises ProgramError with the program's last words.
        """
        done = account.run([str(self.folder / program), *arguments], folder=folder, timeout_s=timeout_s)
        if done.returncode:
            raise ProgramError(f"{program} 执行失败（返回值 {done.returncode}）。", problems=last_lines(done.stdout))
        return done.stdout


def _versions_with(program: str, search: Path) -> dict[int, Path]:
    return {int(p.name): p / "bin" for p in search.glob("*") if p.name.isdigit() and (p / "bin" / program).exists()}


def last_lines(text: str, count: int = 6) -> list[str]:
    """Return the last few lines that say something, without their time stamps."""
    lines = [re.sub(r"^\d{4}-\d\d-\d\d [\d:.]+ \S+ \[\d+\] ", "", line).strip() for line in text.splitlines()]
    return [line for line in lines if line][-count:]
