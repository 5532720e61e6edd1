"""Somebody at a browser, without the browser: keeps cookies, fills in forms as the pages have them, and says where it comes from."""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape
from typing import Any

import people
from fastapi.testclient import TestClient

from api.access.passwords import hash_password
from layers import database

PASSWORD = "correct horse battery staple"
HERE = {"origin": "http://testserver", "accept": "text/html"}
_CSRF = re.compile(r'name="csrf" value="([^"]*)"')
_NONCE = re.compile(r'nonce="[^"]*"|nonce-[^\']*')


@lru_cache(maxsize=1)
def kept() -> str:
    """The hash of `PASSWORD`."""
    return hash_password(PASSWORD)


def somebody(
    url: str, login: str = "zhangsan", roles=("planner",), *, name: str = "张三", token: str = "x", **told: Any
) -> int:
    """Note a person with an account whose password is `PASSWORD`; return the account."""
    told.setdefault("password_hash", kept())
    with database.connect(url) as conn:
        return people.person_with(conn, name, roles, token=f"{people.TOKEN[:-6]}{token[:6]:1>6}", login=login, **told)


class Visitor:
    """One browser at the service of a client that sends no headers of its own."""

    def __init__(self, client: TestClient, **headers: str) -> None:
        self.client = TestClient(client.app, headers=HERE | headers, follow_redirects=False)
        self.client.portal = (
            client.portal
        )  # the event loop that the service runs in, as there is one in each of its processes

    @property
    def session(self) -> str | None:
        return self.client.cookies.get("cuntu_session")

    def get(self, path: str, **told: Any):
        return self.client.get(path, **told)

    def token_on(self, path: str) -> str:
        """The token of the last form on a page: that of the page itself, not of the head."""
        return unescape(_CSRF.findall(self.get(path).text)[-1])

    def post(self, path: str, fields: dict[str, Any], *, page: str | None = None, csrf: str | None = None, **told: Any):
        """Send a form as it stands on a page."""
        token = csrf if csrf is not None else self.token_on(page or path)
        return self.client.post(path, data={"csrf": token, **fields}, **told)

    def sign_in(
        self,
        login: str = "zhangsan",
        password: str = PASSWORD,
        code: str = "",
        following: str = "/account",
        **told: Any,
    ):
        fields = {"login": login, "password": password, "code": code, "next": following}
        return self.post("/sign-in", fields, **told)

    def sign_out(self):
        return self.post("/sign-out", {}, page="/account")


def entries(url: str, action: str = "%") -> list[dict[str, Any]]:
    """What the audit has of an action, the oldest first."""
    with database.connect(url) as conn:
        rows = conn.execute(
            "SELECT payload::jsonb FROM audit.entry WHERE payload::jsonb ->> 'action' LIKE %s ORDER BY id", [action]
        )
        return [row[0] for row in rows]


def plain(html: str) -> str:
    """A page without what differs each time by design: the nonce of its policy."""
    return _NONCE.sub("nonce", html)
