"""Somebody to measure as: a seat with every role that works on layers and cases, in the database of the bench only."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

from api.access.identities import TOKEN_PREFIX
from api.access.permissions import granted, roles
from api.moment import Moment
from layers import accounts, acting, database, seats

UNFIT = ("auditor", "administrator")
HOURS = 12


def token(url: str) -> str:
    """Return a token of a new person in the database at `url`, good for some hours."""
    fit = [name for name in roles() if name not in UNFIT]
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    name = f"bench-{secrets.token_hex(6)}"
    with acting.on_behalf(acting.SERVICE), database.connect(url) as conn:
        seat = seats.new_seat(conn, title=name, unit="测速", roles=fit)
        person = seats.new_person(conn, "测速")
        seats.appoint(conn, seat=seat, person=person, held_from=Moment.now().valid_on)
        account = accounts.open_account(conn, person=person, login=name, must_change=False)
        ends = datetime.now(UTC) + timedelta(hours=HOURS)
        accounts.issue_token(conn, secret, account=account, seat=seat, title="测速", permissions=granted(fit), expires_at=ends)
    return secret
