"""What the audit answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel


class AuditHead(BaseModel):
    """The last entry's number and hash."""

    id: int
    hash: str


class AuditEntry(BaseModel):
    """One entry: what it says, and the text it was hashed as, with the hash of the entry before and its own. `at` is null in one that was tampered with."""

    id: int
    at: datetime | None
    channel: str
    account_id: int | None
    person_id: int | None
    person: str
    seat_id: int | None
    seat: str
    unit: str
    address: str
    request_id: str
    action: str
    action_title: str
    object: str
    result: str
    before: str | None
    after: str | None
    details: dict[str, Any]
    payload: str
    previous: str
    hash: str


class AuditEntries(BaseModel):
    """Entries, the newest first; `next` is the number to ask for earlier ones with (`before_id`), None where there are none."""

    entries: list[AuditEntry]
    next: int | None
    head: AuditHead


class AuditFault(BaseModel):
    """What is wrong with which entries."""

    id: int
    last: int
    kind: str
    message: str


class AuditVerification(BaseModel):
    """What a verification came to."""

    sound: bool
    entries: int
    first_id: int | None
    last_id: int | None
    last_hash: str
    faults: list[AuditFault]
