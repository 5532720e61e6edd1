"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from api.access.permissions import OPEN
from layers.acting import Acting


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Whoever sent a request: nobody in particular, a person in a seat by session, or a program by token.

    `places` are the codes of the towns (nine digits) and villages (twelve) whose cases they handle, None the whole county. `secrecy` is the
    highest level of data they see.
    """

    kind: str
    """`anonymous`, `session` or `token`."""
    permissions: frozenset[str] = frozenset()
    secrecy: str | None = None
    places: frozenset[str] | None = frozenset()
    account_id: int | None = None
    person_id: int | None = None
    person: str = ""
    login: str = ""
    seat_id: int | None = None
    seat: str = ""
    unit: str = ""
    roles: frozenset[str] = frozenset()
    grant_id: UUID | None = None
    """The session or the token."""
    must_change_password: bool = False
    must_prove: bool = False
    """A second factor is asked of them, and this session has not shown it yet."""

    def may(self, permission: str) -> bool:
        """Tell whether they have a permission."""
        return permission == OPEN or permission in self.permissions

    @property
    def is_known(self) -> bool:
        """Whether they have signed in."""
        return self.account_id is not None

    def acting(self, *, address: str = "", request_id: str = "") -> Acting:
        """Return them as the database and the audit know them."""
        return Acting(
            channel="http", account_id=self.account_id, person_id=self.person_id, person=self.person, seat_id=self.seat_id, seat=self.seat,
            unit=self.unit, address=address, request_id=request_id, secrecy=self.secrecy, places=self.places, permissions=self.permissions,
        )  # fmt: skip
