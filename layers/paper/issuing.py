"""Giving out the paper of a check: drawn over the very versions it rests on, signed where there is a seal, entered into the register."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import numpy as np
import orjson
import psycopg
from shapely.geometry.base import BaseGeometry

from layers import checks, papers, snapshot, versions
from layers.errors import UnknownRecordError
from layers.paper.render import Frame, render
from layers.paper.seal import Seal, sign
from layers.paper.surroundings import reach_m, surroundings
from layers.paper.verification import Registered
from layers.papers import IssuedPaper
from spatial.layer import DatasetVersion

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """Who gives out papers: the county's name, where its service is reached, and its seal (None: papers are not signed)."""

    county: str
    address: str | None = None
    seal: Seal | None = None

    def frame(self, conn: Connection, report: Mapping[str, Any], site: BaseGeometry, *, epsg: int) -> Frame:
        """Return the frame of a report, with the plan of its site (in EPSG:`epsg`)."""
        shown = versions_of(conn, report)
        near = snapshot.pruned(conn, shown, np.array([site], dtype=object), radius_m=dict.fromkeys(shown, reach_m(site)), epsg=epsg)
        return Frame(
            county=self.county,
            synthetic=any(item.get("synthetic") for item in report["datasets"]),
            map=surroundings(report, site, epsg=epsg, layers=near),
            signer=self.seal.identity if self.seal else None,
            address=self.address,
        )

    def paper(self, conn: Connection, report: bytes, site: BaseGeometry, *, epsg: int) -> bytes:
        """Return the paper of a report that is not stored (canonical JSON): signed where there is a seal, entered nowhere."""
        base = render(report, self.frame(conn, orjson.loads(report), site, epsg=epsg).json)
        return sign(base, self.seal) if self.seal else base

    def issue(self, conn: Connection, check_id: UUID) -> bytes:
        """Return the paper of a stored check, in the caller's transaction; the same bytes again as long as report, form and seal are the same.

        Raises UnknownRecordError where there is no such check.
        """
        stored = checks.get(conn, check_id)
        base = render(stored.report, self.frame(conn, orjson.loads(stored.report), stored.geometry, epsg=stored.epsg).json)
        papers.lock_check(conn, check_id)
        digest, certificate = hashlib.sha256(base).digest(), self.seal.sha256 if self.seal else None
        given = papers.issued(conn, check_id=check_id, base_sha256=digest, certificate=certificate)
        if given is not None:
            return base + (given.signature or b"")
        paper = sign(base, self.seal) if self.seal else base
        entry = IssuedPaper(
            sha256=hashlib.sha256(paper).digest(), check_id=check_id, base_sha256=digest, certificate=certificate,
            signature=paper[len(base) :] if self.seal else None, issued_at=datetime.now(UTC),
        )  # fmt: skip
        papers.add(conn, entry)
        return paper


def versions_of(conn: Connection, report: Mapping[str, Any]) -> dict[str, DatasetVersion]:
    """Return the versions a report rests on, as far as they can still be read."""
    used = {item["layer"]: item.get("version") for item in report["datasets"]}
    known_at = datetime.fromisoformat(report["known_at"])
    found = versions.in_force(conn, valid_on=date.fromisoformat(report["valid_on"]), known_at=known_at)
    return {name: version for name, version in found.items() if used.get(name) == version.version}


def registered(conn: Connection, sha256: str, check_id: str | None) -> Registered:
    """Tell what the register and the store know of a file; for `layers.paper.verification`."""
    given = papers.find(conn, bytes.fromhex(sha256))
    try:
        report = checks.get(conn, UUID(str(check_id))).report
    except (ValueError, UnknownRecordError):
        return Registered(issued=given is not None, report=None)
    return Registered(issued=given is not None and str(given.check_id) == str(check_id), report=report)
