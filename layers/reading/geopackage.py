"""What a GeoPackage, which is an SQLite data base, may bring besides data: views, virtual tables, triggers. Runs in the child process."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

from layers.errors import UnsupportedFileError

_CATALOGUE = ("gpkg_", "sqlite_")
_VIRTUAL = re.compile(r"\s*create\s+virtual\s", re.IGNORECASE)
_INDEX = re.compile(r"\s*create\s+virtual\s+table\s+\S+\s+using\s+rtree\s*\(", re.IGNORECASE)
_SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE type IN ('table', 'view')"
_LISTED = "SELECT table_name FROM gpkg_contents WHERE data_type IN ('features', 'attributes')"
_STEPS = 2_000_000


def layers(path: Path) -> tuple[list[str], list[str]]:
    """Return the layers and tables that the GeoPackage lists: those that are plain tables, and those left out.

    A view is a program of the sender's that would run here; a virtual table may reach other files. Raises UnsupportedFileError where
    the catalogue of the GeoPackage itself is one, or the file is no GeoPackage.
    """
    try:
        # `immutable` keeps SQLite from looking for journals beside the file and from writing any.
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
            connection.set_progress_handler(lambda: 1, _STEPS)
            connection.execute("PRAGMA trusted_schema = OFF")
            kinds = {str(name).lower(): _is_plain(kind, str(sql)) for kind, name, sql in connection.execute(_SCHEMA)}
            if not all(plain for name, plain in kinds.items() if name.startswith(_CATALOGUE)):
                raise UnsupportedFileError(f"{path.name} 的目录表是视图或虚拟表，不予打开：请重新导出 GeoPackage。")
            listed = [str(name) for (name,) in connection.execute(_LISTED)]
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise UnsupportedFileError(f"{path.name} 无法读取，文件可能已损坏或不完整。") from error
    plain = [name for name in listed if kinds.get(name.lower())]
    return plain, [name for name in listed if name not in plain]


def _is_plain(kind: str, sql: str) -> bool:
    return kind == "table" and (not _VIRTUAL.match(sql) or _INDEX.match(sql) is not None)
