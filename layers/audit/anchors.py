"""Heads of the audit kept outside the database: what shows that its tail was cut off, or all of it written anew."""

from __future__ import annotations

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
    """Read the heads of a file, one JSON object a line, those of one `database` or all; raises InputError naming a line that is none."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            told = orjson.loads(line)
            head = parse(f"{told['id']}:{told['hash']}")
            if database in (None, told["database"]):
                found.append(head)
        except (ValueError, KeyError, TypeError, InputError) as error:
            raise InputError(f"{path.name} 第 {number} 行不是链头。") from error
    return found


def keep(path: Path, head: Head, *, database: str) -> None:
    """Add the head of a database's chain to a file, which only its owner may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    line = orjson.dumps({"at": datetime.now(UTC), "id": head.id, "hash": head.hash.hex(), "database": database}) + b"\n"
    with path.open("ab") as file:
        path.chmod(0o600)
        file.write(line)
        file.flush()


def by_number(heads: Sequence[Head]) -> dict[int, bytes]:
    """Return heads by number, without that of an empty chain; raises InputError where two of the same number differ."""
    found: dict[int, bytes] = {}
    for head in heads:
        if head.id and found.setdefault(head.id, head.hash) != head.hash:
            raise InputError(f"第 {head.id} 条留存的链头互相不同。")
    return found
