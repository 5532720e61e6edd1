"""Named SQL: each `.sql` file is read once; a query begins at a line `-- name: x` and has one caller."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

from psycopg import sql

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def queries(file: str) -> Mapping[str, sql.SQL]:
    """Return the queries of `file`.sql by name."""
    text = resources.files(__name__).joinpath(f"{file}.sql").read_text(encoding="utf-8")
    parts = _NAME.split(text)[1:]
    return MappingProxyType({name: sql.SQL(body.strip()) for name, body in zip(parts[::2], parts[1::2], strict=True)})
