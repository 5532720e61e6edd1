"""What people sign in with: the password's hash, the secret of their authenticator, recovery codes, one-time links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row

from layers.identities import digest
from layers.sql import queries

SQL = queries("credentials")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """Those of one account. `totp_secret` is encrypted; it counts once `totp_confirmed_at` is set."""

    id: int
    login: str
    person_id: int
    person: str
    password_hash: str | None
    disabled: bool
    totp_secret: bytes | None
    totp_confirmed_at: datetime | None
    totp_last_step: int | None
    password_set_at: datetime | None

    @property
    def enrolled(self) -> bool:
        """Whether a second factor is asked for at sign-in."""
        return self.totp_confirmed_at is not None


def of_login(conn: Connection, login: str) -> Credentials | None:
    """Return those of the account with a login, None where there is none."""
    return _one(conn, "of_login", {"login": login})


def of_account(conn: Connection, account: int) -> Credentials | None:
    """Return those of an account, None where there is none."""
    return _one(conn, "of_account", {"account": account})


def of_subject(conn: Connection, subject: str) -> Credentials | None:
    """Return those of the account that an identity provider knows under a subject, None where there is none."""
    return _one(conn, "of_subject", {"subject": subject})


def keep_hash(conn: Connection, account: int, *, before: str, after: str) -> None:
    """Keep another hash of the same password, unless the password was changed meanwhile."""
    conn.execute(SQL["keep_hash"], {"account": account, "before": before, "hash": after})


def draft_totp(conn: Connection, account: int, secret: bytes) -> None:
    """Keep the encrypted secret of an authenticator that is not confirmed yet; one that is stays."""
    conn.execute(SQL["draft_totp"], {"account": account, "secret": secret})


def confirm_totp(conn: Connection, account: int, *, step: int, codes: Sequence[str]) -> bool:
    """From now on ask for the codes of the authenticator; `codes` are the recovery codes. False where there is none to confirm."""
    if conn.execute(SQL["confirm_totp"], {"account": account, "step": step}).fetchone() is None:
        return False
    keep_recovery_codes(conn, account, codes)
    return True


def sealed_secrets(conn: Connection) -> list[tuple[int, bytes]]:
    """Return the encrypted secret of every account that has one, and keep others from changing them until the transaction ends."""
    return [(int(row[0]), bytes(row[1])) for row in conn.execute(SQL["sealed_secrets"]).fetchall()]


def reseal_totp(conn: Connection, account: int, secret: bytes) -> None:
    """Keep the same secret encrypted anew."""
    conn.execute(SQL["reseal_totp"], {"account": account, "secret": secret})


def use_step(conn: Connection, account: int, step: int) -> bool:
    """Use a time step of the authenticator; False where it or a later one was used before (RFC 6238, §5.2)."""
    return conn.execute(SQL["use_step"], {"account": account, "step": step}).fetchone() is not None


def drop_totp(conn: Connection, account: int) -> None:
    """Ask for no code any more."""
    conn.execute(SQL["drop_totp"], {"account": account})
    conn.execute(SQL["drop_recovery_codes"], {"account": account})


def keep_recovery_codes(conn: Connection, account: int, codes: Sequence[str]) -> None:
    """Keep the hashes of new recovery codes in place of all before."""
    conn.execute(SQL["drop_recovery_codes"], {"account": account})
    conn.execute(SQL["keep_recovery_codes"], {"account": account, "codes": [digest(code) for code in codes]})


def has_recovery_code(conn: Connection, account: int, code: str) -> bool:
    """Tell whether a recovery code would be taken."""
    row = conn.execute(SQL["has_recovery_code"], {"account": account, "code": digest(code)}).fetchone()
    return row is not None and bool(row[0])


def use_recovery_code(conn: Connection, account: int, code: str) -> bool:
    """Use a recovery code; False where it is none or was used before."""
    return conn.execute(SQL["use_recovery_code"], {"account": account, "code": digest(code)}).fetchone() is not None


def recovery_codes_left(conn: Connection, account: int) -> int:
    """Return how many recovery codes are left."""
    row = conn.execute(SQL["recovery_codes_left"], {"account": account}).fetchone()
    return int(row[0]) if row else 0


def linked(conn: Connection, secret: str) -> int | None:
    """Return the account whose password a one-time link sets, None where the link holds no more."""
    row = conn.execute(SQL["linked"], {"secret": digest(secret)}).fetchone()
    return None if row is None else int(row[0])


def _one(conn: Connection, name: str, told: dict[str, Any]) -> Credentials | None:
    with conn.cursor(row_factory=class_row(Credentials)) as cursor:
        return cursor.execute(SQL[name], told).fetchone()
