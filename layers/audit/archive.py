"""Old entries in files: written out, read again and examined, then taken out of the database, where the chain goes on from their last hash.

A file has a line of JSON for each entry (`id, payload, previous, hash`) and at its end one that says who signed it off, from which entry to
which, and under which rule. Its SHA-256 stands in the database, in the entry of the act itself, and in a file beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg.rows import class_row

from layers import audit, durable_files
from layers.audit import SQL
from layers.audit import actions as audit_actions
from layers.audit import chain as audit_chain
from layers.audit.chain import BLOCK, Row, Verified
from layers.county_time import day_of
from spatial.errors import CuntuError

Connection = psycopg.Connection[Any]


class ArchiveError(CuntuError):
    """审计记录不能归档。"""


@dataclass(frozen=True)
class Plan:
    """What would be archived: from which entry to which, None where nothing is old enough."""

    first_id: int
    last_id: int
    before: datetime

    @property
    def entries(self) -> int:
        """How many there are."""
        return self.last_id - self.first_id + 1


@dataclass(frozen=True)
class Archived:
    """A file that was written, and what went into it."""

    path: Path
    sha256: str
    first_id: int
    last_id: int
    last_hash: bytes


def oldest_kept(now: datetime) -> datetime:
    """Return the moment before which entries may leave the database by the rule of retention."""
    months = now.year * 12 + now.month - 1 - audit_actions.retention().months
    year, month = divmod(months, 12)
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
    return now.replace(year=year, month=month + 1, day=min(now.day, days))


def plan(conn: Connection, before: datetime, *, now: datetime | None = None) -> Plan | None:
    """Say what is older than a moment; raises ArchiveError where that lies within the time of retention. Without a time zone it is refused."""
    limit = oldest_kept(now or datetime.now(UTC))
    if before > limit:
        rule = audit_actions.retention()
        raise ArchiveError(
            f"审计记录至少保存 {rule.months} 个月（{rule.source}）：只能归档 {day_of(limit)} 以前的记录。"
        )
    row = conn.execute(SQL["last_before"], {"moment": before}).fetchone()
    archived = conn.execute(SQL["archived"]).fetchone()
    first = int(archived[0]) + 1 if archived else 1
    return Plan(first, int(row[0]), before) if row and row[0] is not None and row[0] >= first else None


def archive(conn: Connection, planned: Plan, folder: Path, *, officer: str, unit: str) -> Archived:
    """Write the entries of a plan to a file in `folder`, examine it, and take them out of the database, in a transaction of its own.

    Raises ArchiveError where the chain is not sound up to there, or the file exists; nothing has changed then.
    """
    target = folder / f"audit-{planned.first_id}-{planned.last_id}.jsonl"
    if target.exists():
        raise ArchiveError(f"文件 {target} 已存在。")
    try:
        with conn.transaction():
            conn.execute(SQL["lock_archiving"])
            done = _written(conn, planned, target, signed=f"{unit} {officer}")
            values = {
                "last_id": done.last_id,
                "first_id": done.first_id,
                "last_hash": done.last_hash,
                "file_name": target.name,
                "file_sha256": done.sha256,
            }
            conn.execute(SQL["add_archive"], values)
            removed = conn.execute(SQL["remove_archived"], {"last_id": done.last_id}).rowcount
            if removed != planned.entries:
                raise ArchiveError(f"应移出 {planned.entries} 条，实为 {removed} 条。")
            details = {
                "last_hash": done.last_hash.hex(),
                "file_sha256": done.sha256,
                "file_name": target.name,
                "entries": removed,
            }
            audit.note(
                conn,
                "audit.archive",
                f"audit/{done.first_id}-{done.last_id}",
                after=done.sha256,
                details=details | {"officer": officer, "unit": unit},
            )
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    target.with_name(f"{target.name}.sha256").write_text(f"{done.sha256}  {target.name}\n", encoding="utf-8")
    return done


def verify_file(path: Path) -> Verified:
    """Examine an archive: every entry, and what its last line says of them. Raises ArchiveError for a file that is none."""
    reading = _Reading(path)
    first = next(iter(_rows(path)), None)
    if first is None:
        raise ArchiveError(f"{path.name} 中没有审计记录。")
    found = audit_chain.examine(reading.rows(), start=first.previous, before=first.id - 1, anchors={})
    said = reading.signed
    if said is None:
        raise ArchiveError(f"{path.name} 没有签注行，文件不完整。")
    if (said["first_id"], said["last_id"], said["last_hash"]) != (found.first_id, found.last_id, found.last_hash.hex()):
        found.add(int(said["last_id"]), "archive")
    return found


def _written(conn: Connection, planned: Plan, target: Path, *, signed: str) -> Archived:
    """Have the file on the disk, examined, before anything leaves the database."""
    _, previous = audit_chain.footing(conn, planned.first_id)
    last_hash = b""
    with durable_files.writing(target) as file, conn.cursor("audit_archive", row_factory=class_row(Row)) as cursor:
        cursor.itersize = BLOCK
        for row in cursor.execute(SQL["rows"], {"first": planned.first_id, "last": planned.last_id}):
            file.write(
                orjson.dumps(
                    {"id": row.id, "payload": row.payload, "previous": row.previous.hex(), "hash": row.hash.hex()}
                )
                + b"\n"
            )
            last_hash = row.hash
        said = {
            "first_id": planned.first_id,
            "last_id": planned.last_id,
            "last_hash": last_hash.hex(),
            "entries": planned.entries,
        }
        rule = audit_actions.retention()
        file.write(
            orjson.dumps(
                {
                    "archive": said
                    | {"before": planned.before, "made_at": datetime.now(UTC), "signed_by": signed, "rule": rule.source}
                }
            )
            + b"\n"
        )
    found = audit_chain.examine(_rows(target), start=previous, before=planned.first_id - 1, anchors={})
    if not found.sound or (found.entries, found.last_id) != (planned.entries, planned.last_id):
        raise ArchiveError("审计链有误，不能归档：", problems=[fault.message for fault in found.faults] or ["条数不符"])
    with target.open("rb") as file:
        return Archived(
            target, hashlib.file_digest(file, "sha256").hexdigest(), planned.first_id, planned.last_id, last_hash
        )


class _Reading:
    """An archive being read: its entries, and then what its last line says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.signed: dict[str, Any] | None = None

    def rows(self) -> Iterator[Row]:
        """Yield the entries."""
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                try:
                    told = orjson.loads(line)
                    if "archive" in told:
                        self.signed = told["archive"]
                        continue
                    row = Row(
                        int(told["id"]),
                        str(told["payload"]),
                        bytes.fromhex(told["previous"]),
                        bytes.fromhex(told["hash"]),
                    )
                except (ValueError, KeyError, TypeError) as error:
                    raise ArchiveError(f"{self.path.name} 第 {number} 行不是审计记录。") from error
                yield row


def _rows(path: Path) -> Iterator[Row]:
    return _Reading(path).rows()
