"""The register of papers given out: which files there are, known by their SHA-256, and the signatures added to them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from layers import audit
from layers.acting import current
from layers.sql import queries

SQL = queries("papers")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class IssuedPaper:
    """One file that was given out: hashes as bytes; `certificate` (SHA-256, hexadecimal) and `signature` None where it is unsigned."""

    sha256: bytes
    check_id: UUID
    base_sha256: bytes
    certificate: str | None
    signature: bytes | None
    issued_at: datetime


def add(conn: Connection, paper: IssuedPaper) -> None:
    """Enter a paper into the register, in the caller's transaction; one that stands there stays as it is."""
    conn.execute(SQL["add"], vars(paper) | current().signed)
    audit.note(conn, "papers.issue", f"check/{paper.check_id}", after=paper.sha256.hex(), details={"certificate": paper.certificate})


def lock_check(conn: Connection, check_id: UUID) -> None:
    """Let no one else issue a paper of this check until the caller's transaction ends."""
    conn.execute(SQL["lock_check"], {"check_id": check_id})


def issued(conn: Connection, *, check_id: UUID, base_sha256: bytes, certificate: str | None) -> IssuedPaper | None:
    """Return the paper of a check with this content and this certificate, or None where it was not given out yet."""
    with conn.cursor(row_factory=class_row(IssuedPaper)) as cursor:
        return cursor.execute(SQL["issued"], {"check_id": check_id, "base_sha256": base_sha256, "certificate": certificate}).fetchone()


def find(conn: Connection, sha256: bytes) -> IssuedPaper | None:
    """Return the paper with this SHA-256, or None where no such file was given out."""
    with conn.cursor(row_factory=class_row(IssuedPaper)) as cursor:
        return cursor.execute(SQL["get"], {"sha256": sha256}).fetchone()
