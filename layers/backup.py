"""The whole store in one file, and back: PostgreSQL's own dump, put back in one transaction."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from layers.postgres import Programs, last_lines
from spatial.errors import CuntuError


class BackupError(CuntuError):
    """备份失败。"""


class RestoreError(CuntuError):
    """恢复失败，现有数据没有改变。"""


def backup(url: str, file: Path) -> None:
    """Write everything cuntu keeps in the database at `url` to `file`, which appears only when it is complete.

    The extension PostGIS itself is not in it. Raises BackupError.
    """
    half = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        _run("pg_dump", "--format=custom", "--schema=public", "--no-owner", "--no-privileges", f"--file={half}", f"--dbname={url}", raises=BackupError)
        half.rename(file)
    finally:
        half.unlink(missing_ok=True)


def restore(url: str, file: Path) -> None:
    """Replace what cuntu keeps in the database at `url` by what `backup` wrote, in one transaction.

    Raises RestoreError; then nothing has changed.
    """
    flags = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    _run("pg_restore", *flags, f"--dbname={url}", str(file), raises=RestoreError)


def _run(program: str, *arguments: str, raises: type[CuntuError]) -> None:
    command = [str(Programs.find_clients().folder / program), *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        raise raises(problems=last_lines(done.stderr))
