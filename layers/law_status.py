"""The law status of a plan: a draft, in force, or superseded. It is declared by an act, from a day on, and kept apart from the dates.

A version begins with the status it was imported with. What counts on a day is the declaration with the latest first day not after
it; of two with the same first day the one made last. To postpone what was declared, declare the old status again from the same day.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg

from layers import version_acts, versions
from layers.version_acts import LAW_STATUS_LABELS, Signature
from spatial.errors import InputError


def declare(conn: psycopg.Connection[Any], version: int, status: str, *, effective_from: date, by: Signature) -> None:
    """Declare the law status of a published version from a day on, in the caller's transaction.

    Raises InputError for a status that is none, UnknownVersionError, VersionStateError for a version that is staged or withdrawn,
    PublishConflictError while the layer is being published.
    """
    if status not in LAW_STATUS_LABELS:
        raise InputError(problems=[f"/law_status：只能是 {'、'.join(LAW_STATUS_LABELS)}"])
    found = versions.locked(conn, version, wanted="published")
    at = versions.moment_of_change(conn, found["layer"])
    version_acts.add(conn, version, found["layer"], "law_status", by, made_at=at, law_status=status, effective_from=effective_from,
                     before=found, after=found | {"law_status": status, "effective_from": effective_from})  # fmt: skip
