"""Lock-out: how often somebody may try to sign in.

- An account is locked after five wrong tries for 15 minutes, after five more for 30, and so on up to a day.
- An address may fail 30 times in 15 minutes, whatever the accounts; an IPv6 address counts with its whole /64.
- A browser in which the account's owner has signed in before is known by a cookie of its own. It has five tries in 15 minutes of its own:
  neither do strangers' wrong tries lock its owner out, nor do its own lock the account. So guessing at somebody's account keeps them out
  of new browsers only, and an administrator's link opens it there, too.
- A try is counted before the password is looked at, and taken back where it was right: tries at the same time are not more tries.
  While an account is locked nothing is counted, so that the lock does not grow.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg

from layers.sql import queries

SQL = queries("lock_out")

Connection = psycopg.Connection[Any]

MOST_OF_ACCOUNT = 5
MOST_OF_ADDRESS = 30
MOST_OF_BROWSER = 5
WITHIN = timedelta(minutes=15)
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One try. `refused` says why it must not be let in (`address`, `locked`), None where it may.

    `locks`: the account is locked if it fails; `limits`: so is the address.
    """

    id: int | None
    account: int | None
    refused: str | None
    locks: bool = False
    limits: bool = False
    known_browser: bool = False


def begin(
    conn: Connection, *, account: int | None, login: bytes, address: str, browser: bytes | None = None
) -> Attempt:
    """Count a try and say whether it may go on; to be committed before the password is looked at.

    `login` is a hash of what was typed, `browser` one of the cookie by which the account's owner is known, None where it is not theirs.
    """
    conn.execute(SQL["forget"])
    counted = f"browser:{browser.hex()}" if browser is not None and account is not None else None
    if counted is not None and _failures(conn, counted) < MOST_OF_BROWSER:
        attempt = _note(conn, counted, login)
        return Attempt(id=attempt, account=account, refused=None, known_browser=True)
    place = network(address)
    failures = _failures(conn, place)
    if failures >= MOST_OF_ADDRESS:
        return Attempt(id=None, account=account, refused="address")
    attempt = _note(conn, place, login)
    row = conn.execute(
        SQL["count"], {"account": account, "most": MOST_OF_ACCOUNT, "first": FIRST_LOCK, "longest": LONGEST_LOCK}
    ).fetchone()
    refused = "locked" if account is not None and row is None else None
    locks = row is not None and bool(row[0])
    return Attempt(id=attempt, account=account, refused=refused, locks=locks, limits=failures + 1 == MOST_OF_ADDRESS)


def succeeded(conn: Connection, attempt: Attempt) -> None:
    """Take a try back: it was right."""
    conn.execute(SQL["succeed"], {"attempt": attempt.id})
    if not attempt.known_browser:
        conn.execute(SQL["clear"], {"account": attempt.account})


def network(address: str) -> str:
    """Return what an address is counted under: an IPv4 address by itself, an IPv6 address by its /64, of which one household has all."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ipaddress.IPv6Network((found, 64), strict=False))


def _failures(conn: Connection, address: str) -> int:
    """How often it has failed; nobody else counts for the same until this transaction has noted its own try."""
    conn.execute(SQL["one_at_a_time"], {"address": address})
    row = conn.execute(SQL["failures"], {"address": address, "within": WITHIN}).fetchone()
    assert row is not None
    return int(row[0])


def _note(conn: Connection, address: str, login: bytes) -> int:
    row = conn.execute(SQL["note"], {"address": address, "login": login}).fetchone()
    assert row is not None
    return int(row[0])
