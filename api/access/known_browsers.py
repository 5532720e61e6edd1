"""Browsers in which an account's owner has signed in before: they carry a cookie that says so, signed with the deployment's key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from datetime import datetime

from api.access.keys import field_key_or_random
from api.settings import Settings

LASTS_S = 180 * 24 * 3600
_FORM = re.compile(
    r"(?P<account>[0-9]{1,10})\.(?P<made>[0-9]{1,12})\.(?P<nonce>[A-Za-z0-9_-]{22})\.(?P<mac>[A-Za-z0-9_-]{43})"
)


class KnownBrowsers:
    """Writes and reads the cookie."""

    def __init__(self, settings: Settings) -> None:
        self._key = field_key_or_random(settings, "known browsers")

    def cookie(self, account: int) -> str:
        """Write the cookie of a browser in which an account's owner has just signed in."""
        told = f"{account}.{int(time.time())}.{secrets.token_urlsafe(16)}"
        return f"{told}.{self._mac(told)}"

    def read(self, cookie: str | None, *, account: int, since: datetime | None) -> bytes | None:
        """Return a hash of the cookie where it was written for this account, None where it was not, is too old, or older than the password.

        Whoever signed in with a password that was taken from them since has no tries of their own any more.
        """
        found = _FORM.fullmatch(cookie or "")
        if found is None:
            return None
        told = found[0].rpartition(".")[0]
        if not hmac.compare_digest(self._mac(told), found["mac"]) or int(found["account"]) != account:
            return None
        earliest = max(time.time() - LASTS_S, int(since.timestamp()) if since else 0)
        return hashlib.sha256(told.encode()).digest() if int(found["made"]) >= earliest else None

    def _mac(self, told: str) -> str:
        return base64.urlsafe_b64encode(hmac.digest(self._key, told.encode(), "sha256")).rstrip(b"=").decode()
