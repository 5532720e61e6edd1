"""What the head of every page says: who is signed in, and in which seat."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request

from api.access import csrf
from api.access.caller import Caller


@dataclass(frozen=True, kw_only=True)
class Masthead:
    """`kind` is `anonymous`, `session` or `token`; `csrf` the token of the form that signs out; `sign_in` the address that leads back here."""

    kind: str
    person: str
    seat: str
    unit: str
    csrf: str
    sign_in: str


def masthead(request: Request) -> Masthead:
    """Return what the head of this page says."""
    caller: Caller = request.scope["state"]["caller"]
    path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
    back = (
        ""
        if request.method != "GET" or path.startswith(("/sign-in", "/link"))
        else f"?next={quote(path + (f'?{query}' if query else ''), safe='')}"
    )
    return Masthead(
        kind=caller.kind,
        person=caller.person,
        seat=caller.seat,
        unit=caller.unit,
        csrf=csrf.of_session(request),
        sign_in=f"/sign-in{back}",
    )
