"""How far a seat reaches: that of a town or village handles the cases that lie there. Others are as if they were not there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg

from api.errors import ForbiddenError
from layers import checks
from layers.acting import current
from layers.checks import StoredCheck
from layers.errors import UnknownRecordError


def check_within_reach(conn: psycopg.Connection[Any], check_id: UUID) -> StoredCheck:
    """Return a stored check; raise UnknownRecordError where there is none that whoever acts handles."""
    found = checks.get(conn, check_id)
    if not current().handles(found.village_code):
        raise UnknownRecordError(f"没有编号为 {check_id} 的检查报告。")
    return found


def refuse_beyond_reach(check: StoredCheck) -> StoredCheck:
    """Return a check that is about to be stored; raise ForbiddenError where its site lies where whoever acts handles no cases."""
    refuse_village_beyond_reach(check.village_code)
    return check


def refuse_village_beyond_reach(village_code: str | None) -> None:
    """Raise ForbiddenError for a site in a village (None: in none) where whoever acts handles no cases.

    For what is only tried, too: what comes of it names the live applications that lie there.
    """
    by = current()
    if not by.handles(village_code):
        where = f"在村 {village_code}" if village_code else "不在任何已入库的村内"
        raise ForbiddenError(f"宗地{where}，不属于您席位“{by.seat}”所管的范围（{'、'.join(sorted(by.places or ())) or '无'}），没有审查，也没有存档。")
