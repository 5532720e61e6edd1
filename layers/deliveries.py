"""Deliveries: an uploaded file on its way to a published version.

received → recognised → checked → staged → published; refused where the file cannot be read at all, discarded where it was put
aside. No state says that work is going on: what a killed process was doing is rolled back, and the step can be done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from layers import audit
from layers.acting import current
from layers.errors import DeliveryBusyError, DeliveryStateError, UnknownRecordError
from layers.sql import queries
from layers.storable import storable_text

SQL = queries("deliveries")

Connection = psycopg.Connection[Any]
State = Literal["received", "recognised", "checked", "staged", "published", "discarded", "refused"]

STATE_LABELS: Mapping[State, str] = {
    "received": "已收到", "recognised": "已识别", "checked": "已质检", "staged": "待发布",
    "published": "已发布", "discarded": "已作废", "refused": "不能读取",
}  # fmt: skip
_ENDINGS: Mapping[State, str] = {"published": "layers.publish", "discarded": "layers.put_aside", "refused": "layers.refuse"}
OPEN: tuple[State, ...] = ("received", "recognised", "checked")
"""The states in which a delivery can be corrected, checked and staged."""


@dataclass(frozen=True)
class Actor:
    """Who acts: an officer's name and unit."""

    officer: str
    unit: str

    def act(self, name: str) -> dict[str, Any]:
        """Write down an act of this officer at this moment."""
        return {"act": name, "officer": self.officer, "unit": self.unit, "at": datetime.now(UTC).isoformat(), **current().signed}


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One delivery. `choice`, `description` and `repairs` are what a person asked for, `recognition` and `summary` what was found.

    `repaired` counts the repairs made in the staged version; `acts` says who did what when. All hold JSON values.
    """

    id: UUID
    file_name: str
    sha256: str
    bytes: int
    state: State
    description: dict[str, Any]
    choice: dict[str, Any]
    recognition: dict[str, Any] | None
    summary: dict[str, Any] | None
    repairs: list[str]
    repaired: list[dict[str, Any]]
    problem: str | None
    version_id: int | None
    job_id: UUID | None
    acts: list[dict[str, Any]]
    created_at: datetime
    changed_at: datetime

    def require(self, *states: State) -> None:
        """Raise DeliveryStateError where the delivery is in none of these states."""
        if self.state not in states:
            wanted = "、".join(STATE_LABELS[state] for state in states)
            raise DeliveryStateError(f"交付“{self.file_name}”的状态是“{STATE_LABELS[self.state]}”，这一步要求：{wanted}。")


def add(
    conn: Connection,
    *,
    file_name: str,
    sha256: str,
    size: int,
    delivery_id: UUID | None = None,
    description: Mapping[str, Any] | None = None,
    choice: Mapping[str, Any] | None = None,
    repairs: Sequence[str] = (),
    actor: Actor | None = None,
) -> UUID:
    """Write down a file that came in, of `size` bytes, and return its id."""
    key = delivery_id or uuid4()
    asked = {"description": Jsonb(dict(description or {})), "choice": Jsonb(dict(choice or {})), "repairs": Jsonb(list(repairs))}
    acts = Jsonb([actor.act("deliver")] if actor else [])
    conn.execute(SQL["add"], {"id": key, "file_name": file_name, "sha256": sha256, "bytes": size, "acts": acts, **asked, **current().signed})
    audit.note(conn, "layers.deliver", f"delivery/{key}", after=sha256, details={"bytes": size})
    return key


def of_account(conn: Connection, account: int, *, since: datetime) -> tuple[int, int]:
    """Return how many bytes an account has delivered since a moment, and how many of its deliveries are open."""
    row = conn.execute(SQL["of_account"], {"account": account, "since": since}).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def get(conn: Connection, delivery_id: UUID) -> Delivery:
    """Return a delivery; raise UnknownRecordError where there is none."""
    found = _list(conn, delivery_id, limit=1, offset=0)
    if not found:
        raise UnknownRecordError(f"没有编号为 {delivery_id} 的交付。")
    return found[0]


def locked(conn: Connection, delivery_id: UUID) -> Delivery:
    """Return a delivery held for the rest of the transaction; raise DeliveryBusyError where another works on it."""
    try:
        conn.execute(SQL["lock"], {"id": delivery_id})
    except psycopg.errors.LockNotAvailable:
        raise DeliveryBusyError from None
    return get(conn, delivery_id)


def latest(conn: Connection, *, limit: int = 50, offset: int = 0) -> list[Delivery]:
    """Return the newest deliveries first."""
    return _list(conn, None, limit=limit, offset=offset)


def sketch(conn: Connection, delivery_id: UUID) -> list[dict[str, Any]]:
    """Return the light drawing of the data set as it was checked: GeoJSON geometries in CRS84."""
    row = conn.execute(SQL["sketch"], {"id": delivery_id}).fetchone()
    return list(row[0]) if row and row[0] else []


def count(conn: Connection) -> int:
    """Return how many deliveries there are."""
    row = conn.execute(SQL["count"]).fetchone()
    return int(row[0]) if row else 0


def ask(conn: Connection, delivery_id: UUID, *, choice: Mapping[str, Any], description: Mapping[str, Any], repairs: Sequence[str]) -> None:
    """Note what a person says of the file, how it is to be described, and which repairs are chosen."""
    values = {"choice": Jsonb(dict(choice)), "description": Jsonb(dict(description)), "repairs": Jsonb(list(repairs))}
    conn.execute(SQL["ask"], {"id": delivery_id, **values})
    audit.note(conn, "layers.describe", f"delivery/{delivery_id}", after=audit.digest([dict(choice), dict(description), list(repairs)]))


def work(conn: Connection, delivery_id: UUID, job_id: UUID) -> None:
    """Note which job works on a delivery, so that its progress can be followed."""
    conn.execute(SQL["work"], {"id": delivery_id, "job_id": job_id})


def recognised(conn: Connection, delivery_id: UUID, recognition: Mapping[str, Any]) -> None:
    """Note what was recognised; an earlier report does not count any more."""
    conn.execute(SQL["recognise"], {"id": delivery_id, "recognition": Jsonb(dict(recognition))})
    audit.note(conn, "layers.recognise", f"delivery/{delivery_id}", after=audit.digest(dict(recognition)))


def checked(conn: Connection, delivery_id: UUID, recognition: Mapping[str, Any], summary: Mapping[str, Any]) -> None:
    """Note what the acceptance check came to; its findings are stored by `layers.delivery_findings`."""
    conn.execute(SQL["check"], {"id": delivery_id, "recognition": Jsonb(dict(recognition)), "summary": Jsonb(dict(summary))})
    audit.note(conn, "layers.check", f"delivery/{delivery_id}", after=audit.digest(dict(summary)))


def staged(
    conn: Connection, delivery_id: UUID, version_id: int, *, counts: Mapping[str, int], repaired: Sequence[Mapping[str, Any]], actor: Actor
) -> None:
    """Note which version was made of a checked file, with which repairs, and the findings by level that were left after them."""
    values = {"version_id": version_id, "repaired": Jsonb(list(repaired)), "acts": Jsonb([actor.act("stage")]), "after": Jsonb(dict(counts))}
    conn.execute(SQL["stage"], {"id": delivery_id, **values})
    told = {"version": version_id, "left": dict(counts), "repaired": list(repaired)}
    audit.note(conn, "layers.stage", f"delivery/{delivery_id}", details=told)


def published(conn: Connection, delivery_id: UUID, actor: Actor) -> None:
    """Note that the version is published, and by whom."""
    _end(conn, delivery_id, "published", acts=[actor.act("publish")])


def discarded(conn: Connection, delivery_id: UUID, actor: Actor | None = None, *, problem: str | None = None) -> None:
    """Note that the delivery was put aside."""
    _end(conn, delivery_id, "discarded", problem=problem, acts=[actor.act("discard")] if actor else [])


def refused(conn: Connection, delivery_id: UUID, problem: str) -> None:
    """Note why the file cannot be read."""
    _end(conn, delivery_id, "refused", problem=storable_text(problem))


def troubled(conn: Connection, delivery_id: UUID, problem: str) -> None:
    """Note why a step failed; the delivery stays where it was."""
    conn.execute(SQL["trouble"], {"id": delivery_id, "problem": storable_text(problem)})
    audit.note(conn, "layers.stumble", f"delivery/{delivery_id}", result="failed", details={"problem_sha256": audit.digest(storable_text(problem))})


def discard_idle(conn: Connection, *, older_than: timedelta) -> list[UUID]:
    """Put aside what nobody has touched for so long and was never staged; return the ids."""
    found = [UUID(str(row[0])) for row in conn.execute(SQL["idle"], {"older_than": older_than}).fetchall()]
    for delivery_id in found:
        discarded(conn, delivery_id, problem=f"{older_than.days} 天未处理，已自动作废。")
    return found


def wanting_file(conn: Connection) -> set[UUID]:
    """Return the deliveries whose file is still needed."""
    return {UUID(str(row[0])) for row in conn.execute(SQL["wanting_file"]).fetchall()}


def _end(conn: Connection, delivery_id: UUID, state: State, *, problem: str | None = None, acts: Sequence[Mapping[str, Any]] = ()) -> None:
    conn.execute(SQL["end"], {"id": delivery_id, "state": state, "problem": problem, "acts": Jsonb(list(acts))})
    audit.note(conn, _ENDINGS[state], f"delivery/{delivery_id}", result="refused" if state == "refused" else "done")


def _list(conn: Connection, delivery_id: UUID | None, *, limit: int, offset: int) -> list[Delivery]:
    with conn.cursor(row_factory=class_row(Delivery)) as cursor:
        return cursor.execute(SQL["list"], {"id": delivery_id, "limit": limit, "offset": offset}).fetchall()
