"""What a GeoPackage, which is an SQLite data base, may bring besides data: views, virtual tables, triggers. Runs in the child process."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from layers.errors import UnsupportedFileError

_CATALOGUE = ("gpkg_", "sqlite_")
_INDEX = re.compile(r"create\s+virtual\s+table\s+\S+\s+using\s+rtree\s*\(", re.IGNORECASE)
_STEPS = 2_000_000


def check(path: Path) -> frozenset[str]:
    """Return the names that are no plain tables and are not to be read.

    A view is a program of the sender's that would run here; a virtual table may reach other files. Raises UnsupportedFileError where
    the catalogue of the GeoPackage itself is one, or the file is no data base.
    """
    try:
        # `immutable` keeps SQLite from looking for journals beside the file and from writing any.
        with sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True) as connection:
            connection.set_progress_handler(lambda: 1, _STEPS)
            connection.execute("PRAGMA trusted_schema = OFF")
            entries = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
    except sqlite3.Error as error:
        raise UnsupportedFileError(f"{path.name} 无法读取，文件可能已损坏或不完整。") from error
    hidden = frozenset(str(name) for kind, name, _, sql in entries if _is_program(kind, str(sql)))
    if any(name.lower().startswith(_CATALOGUE) for name in hidden):
        raise UnsupportedFileError(f"{path.name} 的目录表是视图或虚拟表，不予打开：请重新导出 GeoPackage。")
    return hidden


def _is_program(kind: str, sql: str) -> bool:
    return kind == "view" or (kind == "table" and sql.lower().lstrip().startswith("create virtual") and not _INDEX.match(sql.strip()))
