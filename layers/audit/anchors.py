"""Heads of the audit kept outside the database: what shows that its tail was cut off, or all of it written anew."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import orjson

from layers.audit.search import Head
from spatial.errors import InputError


def parse(text: str) -> Head:
    """Read `ID:HASH`; raises InputError."""
    number, _, digits = text.strip().partition(":")
    try:
        found = Head(int(number), bytes.fromhex(digits))
    except ValueError:
        found = Head(-1, b"")
    if found.id < 0 or len(found.hash) != 32:
        raise InputError(f"留存的链头应写成 编号:哈希（64 位十六进制），实为 {text[:90]}。")
    return found


def read(path: Path, *, database: str | None = None) -> list[Head]:
    """Read the heads of a file, one JSON object a line, those of one `database` or all; raises InputError naming a line that is none.

    What a power cut left of a last line does not count.
    """
    text, found = path.read_text(encoding="utf-8"), []
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        told = _told(line)
        if told is not None and database in (None, told[0]):
            found.append(told[1])
        if told is None and (number < len(lines) or text.endswith("\n")):
            raise InputError(f"{path.name} 第 {number} 行不是链头。")
    return found


def keep(path: Path, head: Head, *, database: str) -> None:
    """Add the head of a database's chain to a file, which only its owner may read, in place of half a line at its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = orjson.dumps({"at": datetime.now(UTC), "id": head.id, "hash": head.hash.hex(), "database": database}) + b"\n"
    with path.open("a+b") as file:
        path.chmod(0o600)
        file.seek(0)
        whole, end, last = file.read().rpartition(b"\n")
        if last and _told(last) is None:
            file.truncate(len(whole + end))
        elif last:
            line = b"\n" + line
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _told(line: str | bytes) -> tuple[str, Head] | None:
    try:
        told = orjson.loads(line)
        return str(told["database"]), parse(f"{told['id']}:{told['hash']}")
    except (ValueError, KeyError, TypeError, InputError):
        return None


def by_number(heads: Sequence[Head]) -> dict[int, bytes]:
    """Return heads by number, without that of an empty chain; raises InputError where two of the same number differ."""
    found: dict[int, bytes] = {}
    for head in heads:
        if head.id and found.setdefault(head.id, head.hash) != head.hash:
            raise InputError(f"第 {head.id} 条留存的链头互相不同。")
    return found
