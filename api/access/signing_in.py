"""Signing in: who shows what, how often, and what they get for it.

An unknown login, a wrong password, a wrong code, a locked or disabled account and one without a password are all answered the same, after the
same work: one verification of a password and the same statements. Only an address that failed too often is told so, whatever it asks for.
"""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

import anyio
from anyio.to_thread import run_sync
from psycopg_pool import ConnectionPool

from api.access import passwords, totp
from api.access.caller import Caller
from api.access.keys import field_key_or_random
from api.access.known_browsers import KnownBrowsers
from api.errors import NotReadyError, SignInRefusedError, TooManyTriesError, WrongProofError
from api.moment import Moment
from api.settings import Settings
from layers import acting, audit, credentials, lock_out, sessions
from layers.acting import NOBODY, Acting, as_service
from layers.credentials import Connection, Credentials
from layers.lock_out import Attempt

Done = TypeVar("Done")

AT_ONCE = 1
"""So many passwords are looked at at the same time in each process: the other threads go on answering."""
MOST_WAITING = 20
LONGEST_LOGIN = 40


@dataclass(frozen=True, kw_only=True)
class Entered:
    """Somebody who has signed in: what their browser is to keep."""

    account: int
    secret: str
    browser: str


class SigningIn:
    """Lets people in. Everything that looks at a password is called through `run`."""

    def __init__(self, pool: ConnectionPool[Any], settings: Settings) -> None:
        self.pool = pool
        self.settings = settings
        self.browsers = KnownBrowsers(settings)
        self._key = field_key_or_random(settings, "tries to sign in")
        self._limiter: anyio.CapacityLimiter | None = None

    async def run(self, work: Callable[..., Done], *told: Any) -> Done:
        """Do what takes a password's time in a thread beside those that answer requests; raises NotReadyError where too many wait."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(AT_ONCE)
        if self._limiter.statistics().tasks_waiting >= MOST_WAITING:
            raise NotReadyError("同时登录的人太多，请稍后再试。")
        return await run_sync(work, *told, limiter=self._limiter)

    def with_password(self, login: str, password: str, code: str, *, browser: str | None, before: Caller) -> Entered:
        """Sign somebody in with a password, and the code of their authenticator where they have one.

        `browser` is the cookie of a known browser; `before` is whoever the browser was signed in as, whose session ends. Raises
        SignInRefusedError, and TooManyTriesError for the address.
        """
        login, code, here = _login(login), totp.typed(code), acting.current()
        with as_service(), self.pool.connection() as conn:
            found = credentials.of_login(conn, login)
            known = self.browsers.read(browser, account=found.id, since=found.password_set_at) if found else None
            attempt = lock_out.begin(
                conn,
                account=found.id if found else None,
                login=self._digest(login),
                address=here.address,
                browser=known,
            )
        if attempt.refused == "address":
            raise TooManyTriesError("这台电脑登录失败的次数过多，请 15 分钟后再试。")
        may = found is not None and not found.disabled and attempt.refused is None
        fits = self._fits(found, code)
        right = passwords.verify(found.password_hash if found and may else None, password)
        better = (
            passwords.hash_password(password)
            if right and found and passwords.needs_rehash(str(found.password_hash))
            else None
        )
        with as_service(), self.pool.connection() as conn:
            if found is not None and right and fits and self._use(conn, found, code, here):
                if better:
                    credentials.keep_hash(conn, found.id, before=str(found.password_hash), after=better)
                lock_out.succeeded(conn, attempt)
                return self.enter(conn, found, here=here, before=before, second_factor=found.enrolled, way="password")
            self._note_failure(
                conn, "account.sign_in", found, attempt, here=here, reason=_reason(found, attempt, right=right)
            )
        raise SignInRefusedError

    def enter(
        self, conn: Connection, found: Credentials, *, here: Acting, before: Caller, second_factor: bool, way: str
    ) -> Entered:
        """Begin a session of somebody who has shown who they are; to be called in a transaction, after which the epoch is to be turned."""
        if before.kind == "session" and before.grant_id and before.account_id:
            sessions.end(conn, before.grant_id, account=before.account_id)
        lasts = timedelta(hours=self.settings.session_hours)
        session, secret = sessions.start(
            conn,
            account=found.id,
            address=here.address,
            lasts=lasts,
            today=Moment.now().valid_on,
            second_factor=second_factor,
        )
        told = {"way": way, "session": str(session), "second_factor": second_factor}
        audit.append(
            conn,
            [audit.Entry(action="account.sign_in", object=f"account/{found.id}", details=told, by=whose(found, here))],
        )
        return Entered(account=found.id, secret=secret, browser=self.browsers.cookie(found.id))

    def prove(self, account: int, *, password: str | None = None, code: str | None = None) -> Credentials:
        """Have somebody who is signed in show again who they are before something is changed; wrong tries count as those to sign in.

        Without a `password` or a `code` that is not asked for; of an account without a password none is asked for. Raises WrongProofError.
        """
        typed, here = totp.typed(code or ""), acting.current()
        with as_service(), self.pool.connection() as conn:
            found = credentials.of_account(conn, account)
            assert found is not None
            attempt = lock_out.begin(conn, account=account, login=self._digest(found.login), address=here.address)
        right = password is None or found.password_hash is None
        if not right:
            right = passwords.verify(found.password_hash if attempt.refused is None else None, str(password))
        fits = code is None or (bool(typed) and self._fits(found, typed))
        with as_service(), self.pool.connection() as conn:
            if attempt.refused is None and right and fits and (code is None or self._use(conn, found, typed, here)):
                lock_out.succeeded(conn, attempt)
                return found
            self._note_failure(
                conn, "account.prove", found, attempt, here=here, reason=_reason(found, attempt, right=right)
            )
        raise WrongProofError

    def _digest(self, login: str) -> bytes:
        """What is kept of a typed login, which may be a password typed into the wrong field: a MAC, whose key is not in the database."""
        return hmac.digest(self._key, login.encode(), "sha256")

    def _fits(self, found: Credentials | None, code: str) -> bool:
        """Whether a code is one that would be taken now: without an authenticator any is."""
        is_held = False
        if totp.is_recovery_code(code):  # looked for whoever is named: the work must not tell who has a second factor
            with as_service(), self.pool.connection() as conn:
                is_held = credentials.has_recovery_code(conn, found.id if found else 0, code)
        if found is None or not found.enrolled or found.totp_secret is None:
            return True
        if totp.is_code(code):
            return totp.step_of(totp.unseal(self.settings, found.totp_secret, account=found.id), code) is not None
        return is_held

    def _use(self, conn: Connection, found: Credentials, code: str, here: Acting) -> bool:
        """Use a code up; False where it was used meanwhile."""
        if not found.enrolled or found.totp_secret is None:
            return True
        if totp.is_code(code):
            step = totp.step_of(totp.unseal(self.settings, found.totp_secret, account=found.id), code)
            return step is not None and credentials.use_step(conn, found.id, step)
        used = credentials.use_recovery_code(conn, found.id, code)
        if used:
            entry = audit.Entry(action="account.use_recovery_code", object=f"account/{found.id}", by=whose(found, here))
            audit.append(conn, [entry])
        return used

    def _note_failure(
        self, conn: Connection, action: str, found: Credentials | None, attempt: Attempt, *, here: Acting, reason: str
    ) -> None:
        """Write down a wrong try, never what was typed; and with it the lock that it brought about. Nobody is named as its doer."""
        thing, by = f"account/{found.id}" if found else "account/unknown", _coming(here)
        entries = [audit.Entry(action=action, object=thing, result="refused", details={"reason": reason}, by=by)]
        if attempt.locks:
            entries.append(audit.Entry(action="account.lock", object=thing, by=by))
        if attempt.limits:
            entries.append(audit.Entry(action="account.limit_address", object="address", by=by))
        audit.append(conn, entries)


def whose(found: Credentials, here: Acting) -> Acting:
    """Return the owner of an account, acting from where a request came."""
    return replace(_coming(here), account_id=found.id, person_id=found.person_id, person=found.person)


def _coming(here: Acting) -> Acting:
    return replace(NOBODY, channel="http", address=here.address, request_id=here.request_id)


def _login(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().lower()[:LONGEST_LOGIN]


def _reason(found: Credentials | None, attempt: Attempt, *, right: bool) -> str:
    if found is None:
        return "unknown"
    if found.disabled:
        return "disabled"
    if attempt.refused:
        return attempt.refused
    if found.password_hash is None:
        return "no_password"
    return "code" if right else "password"
