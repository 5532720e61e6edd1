"""Who a session or a token stands for, remembered for a few seconds."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from anyio.to_thread import run_sync
from psycopg_pool import ConnectionPool

from api.access.caller import Caller
from api.access.epoch import Epoch
from api.access.permissions import anonymous, granted
from api.moment import Moment
from api.settings import Settings
from layers import identities
from layers.acting import as_service
from layers.catalog import SECRECY_LEVELS
from layers.identities import Identity

TOKEN_PREFIX = "cuntu_"  # noqa: S105 (what tokens begin with, so that they are found where they should not be)
REMEMBERED_S = 5.0
"""What another installation or the command line takes away is gone after so long; what this service takes away, at once."""
MOST = 10_000


@dataclass(frozen=True)
class _Known:
    caller: Caller | None
    until: float
    epoch: int


class Identities:
    """Turns secrets into callers. Asked by the event loop of one worker only."""

    def __init__(self, pool: ConnectionPool[Any], settings: Settings, epoch: Epoch) -> None:
        self.pool = pool
        self.settings = settings
        self.epoch = epoch
        self.nobody = _nobody(settings)
        self._known: OrderedDict[bytes, _Known] = OrderedDict()

    def remembered(self, secret: str) -> Caller | None:
        """Return whom a secret stands for where that is known without asking the database."""
        known = self._known.get(identities.digest(secret))
        if known is None or known.epoch != self.epoch.now or known.until < time.monotonic():
            return None
        return known.caller

    async def of(self, secret: str) -> Caller | None:
        """Return whom a session's or a token's secret stands for, None where it holds no more; raises where the database is away."""
        found = self.remembered(secret)
        if found is not None:
            return found
        epoch = self.epoch.now
        found = await run_sync(self._ask, secret)
        if found is not None:
            self._known[identities.digest(secret)] = _Known(found, time.monotonic() + REMEMBERED_S, epoch)
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        return found

    def _ask(self, secret: str) -> Caller | None:
        with as_service(), self.pool.connection() as conn:
            if secret.startswith(TOKEN_PREFIX):
                found = identities.of_token(conn, secret, today=Moment.now().valid_on)
            else:
                found = identities.of_session(conn, secret, today=Moment.now().valid_on, idle=timedelta(minutes=self.settings.idle_minutes))
        return None if found is None else _caller(found, self.settings)


def _caller(found: Identity, settings: Settings) -> Caller:
    permissions = granted(found.roles) if found.seat_id is not None else frozenset()
    is_token = found.permissions is not None
    must_prove = _must_prove(found, settings)
    if must_prove:
        permissions = frozenset()
    if found.permissions is not None:
        permissions &= frozenset(found.permissions)
    secrecy = min(found.secrecy, settings.max_secrecy, key=SECRECY_LEVELS.index) if found.secrecy else "public"
    return Caller(
        kind="token" if is_token else "session",
        permissions=permissions - {"account.own"} if is_token else permissions | {"account.own"},
        secrecy="public" if must_prove else secrecy,
        places=frozenset() if found.seat_id is None or must_prove else None if found.place_code is None else frozenset({found.place_code}),
        account_id=found.account_id,
        person_id=found.person_id,
        person=found.person,
        login=found.login,
        seat_id=found.seat_id,
        seat=found.seat or "",
        unit=found.unit or "",
        roles=frozenset(found.roles),
        grant_id=found.grant_id,
        must_change_password=found.must_change,
        must_prove=must_prove,
    )


def _must_prove(found: Identity, settings: Settings) -> bool:
    """Whether a session lacks the second factor that its account has, or that its seat's roles have to have."""
    if settings.second_factor == "none" or found.second_factor:
        return False
    return found.enrolled or (settings.second_factor == "required" and settings.asks_second_factor(found.roles))


def _nobody(settings: Settings) -> Caller:
    if not settings.anonymous:
        return Caller(kind="anonymous")
    return Caller(kind="anonymous", permissions=anonymous(), secrecy="public")
