"""Papers of this deployment: who gives them out, and whether a file is one of them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg_pool import ConnectionPool

from api import withheld
from api.reach import check_within_reach
from api.settings import Settings
from layers import papers
from layers.errors import UnknownRecordError
from layers.paper.issuing import Issuer, registered
from layers.paper.seal import load_roots, load_seal
from layers.paper.verification import Registered
from layers.papers import IssuedPaper


def issuer_of(settings: Settings) -> Issuer:
    """Who gives out papers here; raises SealError where the settings name a certificate that cannot be used."""
    seal = load_seal(settings.signing_key, settings.signing_passphrase_file) if settings.signing_key else None
    return Issuer(county=settings.county_name, address=settings.address, seal=seal)


def trusted_roots(settings: Settings, extra: Path | None = None) -> list[bytes]:
    """The root certificates (DER) whose signatures count; raises SealError."""
    return [root for path in (settings.signing_roots, extra) if path for root in load_roots(path)]


@dataclass(frozen=True)
class Papers:
    """Gives out papers of stored checks, and looks files up."""

    pool: ConnectionPool[Any]
    settings: Settings

    @cached_property
    def issuer(self) -> Issuer:
        """Who gives them out."""
        return issuer_of(self.settings)

    @classmethod
    def of_service(cls, pool: ConnectionPool[Any], settings: Settings) -> Papers:
        """Make it with the seal read at once: a service whose certificate cannot be used does not start. Raises SealError."""
        papers = cls(pool, settings)
        _ = papers.issuer
        return papers

    def issue(self, check_id: UUID) -> bytes:
        """Return the paper of a stored check; raises UnknownRecordError, and ForbiddenError where it states data that whoever asks may not see."""
        with self.pool.connection() as conn:
            withheld.refuse_hidden(conn, withheld.numbers(check_within_reach(conn, check_id).datasets), "意见书")
            return self.issuer.issue(conn, check_id)

    def find(self, sha256: str) -> IssuedPaper | None:
        """Return what the register knows of a file, by its SHA-256 in hexadecimal, None where its check is beyond reach."""
        with self.pool.connection() as conn:
            paper = papers.find(conn, bytes.fromhex(sha256))
            with suppress(UnknownRecordError):
                if paper is not None and check_within_reach(conn, paper.check_id):
                    return paper
        return None

    def register(self, sha256: str, check_id: str | None) -> Registered:
        """Tell what register and store know of a file."""
        with self.pool.connection() as conn:
            return registered(conn, sha256, check_id)
