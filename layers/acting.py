"""On whose behalf the database is asked: who acts, in which seat, and how far they see. It travels with the request, not through every call.

A connection that is used without anybody acting sees nothing: the policies of the database compare with what is said here.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

EVERYWHERE = "*"


@dataclass(frozen=True, kw_only=True)
class Acting:
    """Somebody, or the service itself, at work.

    `secrecy` is the highest level of data they see (`public`, `internal`, `secret`), None sees none. `places` are the codes of the towns
    (nine digits) and villages (twelve) whose cases they see, None those of the whole county. `channel` is `http`, `command` or `service`.
    """

    channel: str
    account_id: int | None = None
    person_id: int | None = None
    person: str = ""
    seat_id: int | None = None
    seat: str = ""
    unit: str = ""
    address: str = ""
    request_id: str = ""
    secrecy: str | None = None
    places: frozenset[str] | None = frozenset()
    permissions: frozenset[str] = frozenset()

    @property
    def settings(self) -> dict[str, str]:
        """What the database is told of them, as settings of its session; policies read them."""
        return {
            "cuntu.secrecy": self.secrecy or "",
            "cuntu.places": EVERYWHERE if self.places is None else ",".join(sorted(self.places)),
            "cuntu.permissions": ",".join(sorted(self.permissions)),
            "cuntu.account": str(self.account_id or ""),
            "cuntu.seat": str(self.seat_id or ""),
        }

    def handles(self, village_code: str | None) -> bool:
        """Tell whether they handle the cases of a village (twelve digits, of which the first nine are the town); None lies in no village."""
        return self.places is None or (village_code is not None and not self.places.isdisjoint((village_code, village_code[:9])))

    @property
    def signed(self) -> dict[str, int | None]:
        """The columns that an act keeps of them."""
        return {"account_id": self.account_id, "seat_id": self.seat_id}


NOBODY = Acting(channel="service")
"""Sees nothing and may do nothing."""

SERVICE = Acting(channel="service", person="系统", seat="系统", secrecy="secret", places=None, permissions=frozenset({EVERYWHERE}))
"""The service's own work: following what is published, keeping the job list, tidying up."""

_acting: ContextVar[Acting] = ContextVar("cuntu_acting", default=NOBODY)


def current() -> Acting:
    """Return who acts here and now."""
    return _acting.get()


def begin(acting: Acting) -> None:
    """From here on, in this context, somebody acts."""
    _acting.set(acting)


@contextmanager
def on_behalf(acting: Acting) -> Iterator[Acting]:
    """Act as somebody for the length of a block."""
    token = _acting.set(acting)
    try:
        yield acting
    finally:
        _acting.reset(token)


@contextmanager
def as_service() -> Iterator[Acting]:
    """Act as the service itself for the length of a block, still naming whoever it serves."""
    served = _acting.get()
    seen = replace(served, secrecy=SERVICE.secrecy, places=None, permissions=SERVICE.permissions) if served.account_id else SERVICE
    with on_behalf(seen) as acting:
        yield acting
