"""The audit, for auditors: searched, verified, taken away. That somebody read it is itself an entry."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import IO, Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BeforeValidator, Field

from api.access.guard import GuardedRoute, needs
from api.audit import entries as audit_entries
from api.audit.schemas import AuditEntries, AuditVerification
from api.deps import Db
from api.iso_times import Day, Instant
from api.openapi import problems
from api.routes.pages import PageRoute, page
from layers import audit
from layers.audit import actions as audit_actions
from layers.audit import chain as audit_chain
from layers.audit import export as audit_export
from layers.audit import search as audit_search
from layers.audit.search import Asked
from layers.county_time import COUNTY_TIME
from spatial.errors import InputError

router = APIRouter(prefix="/audit", tags=["审计"], route_class=GuardedRoute)
pages = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)

READ = problems(400, 401, 403, 503)
PER_PAGE = 50
MOST_TAKEN = 200_000
"""So many entries, the newest, are in one file."""
MOST_VERIFIED = 200_000
"""So many entries are verified by one request; all of them are by `cuntu audit verify`."""
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/x-ndjson",
}
NO_STORE = {"Cache-Control": "no-store"}
BLOCK = 1 << 18

Number = Annotated[int | None, Query(ge=1, le=2**62)]
Seat = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="席位编号")]
Name = Annotated[str | None, Query(max_length=60, description="人员姓名")]
Action = Annotated[str | None, Query(max_length=60, pattern=r"^[a-z_.]+$", description="动作，例如 layers.publish")]
Thing = Annotated[str | None, Query(max_length=120, description="对象的开头，例如 version/12")]
Result = Annotated[str | None, Query(max_length=20, pattern="^[a-z_]+$", description="结果：done、refused、failed")]
Text = Annotated[str | None, Query(max_length=120, description="记录中任意位置的文字")]


async def _asked(
    since: Annotated[Instant | None, Query(description="自哪一时刻（含时区）")] = None,
    until: Annotated[Instant | None, Query(description="到哪一时刻为止（不含）")] = None,
    person: Name = None,
    seat_id: Seat = None,
    action: Action = None,
    object: Thing = None,
    result: Result = None,
    text: Text = None,
    before_id: Annotated[int | None, Query(ge=1, le=2**62, description="只要编号更小的：上一页的 next")] = None,
) -> Asked:
    """What is looked for; a moment without a time zone is refused."""
    moments = {"since": since, "until": until}
    missing = [f"?{name}：缺少时区，例如 2026-01-01T00:00:00+08:00" for name, moment in moments.items() if moment is not None and moment.tzinfo is None]
    if missing:
        raise InputError(problems=missing)
    return Asked(since=since, until=until, person=person, seat_id=seat_id, action=action, object=object, result=result, text=text, before=before_id)


Wanted = Annotated[Asked, Depends(_asked)]


@router.get("", summary="查询审计记录", response_model=AuditEntries, responses=READ)
@needs("audit.read")
def search(
    response: Response, db: Db, asked: Wanted, limit: Annotated[int, Query(ge=1, le=500, description="最多几条")] = 100
) -> dict[str, Any]:
    """Entries of the audit, the newest first, each with the text it was hashed as and its hash. The query is itself an entry."""
    with db.connection() as conn:
        found, head = audit_entries.read(conn, asked, limit=limit)
    response.headers.update(NO_STORE)
    following = audit_entries.following(found, limit=limit)
    return {"entries": [audit_entries.entry(kept) for kept in found], "next": following, "head": audit_entries.head_entry(head)}


@router.get("/verification", summary="核验审计链", response_model=AuditVerification, responses=READ)
@needs("audit.read")
def verification(response: Response, db: Db, first: Number = None, last: Number = None) -> dict[str, Any]:
    """Every hash from one entry to another worked out anew, at most 200,000; without numbers the newest so many."""
    with db.connection() as conn:
        end = audit_search.head(conn).id if last is None else last
        conn.commit()
        begin = max(1, end - MOST_VERIFIED + 1) if first is None else first
        if end - begin >= MOST_VERIFIED:
            raise InputError(problems=[f"?first：一次最多核验 {MOST_VERIFIED:,} 条，全部核验请用 cuntu audit verify"])
        found = audit_chain.verify(conn, first=None if begin == 1 else begin, last=last)
        result = "done" if found.sound else "failed"
        told = {"first": begin, "last": end, "entries": found.entries, "faults": len(found.faults)}
        audit.note(conn, "audit.verify", "audit", result=result, details=told)
    response.headers.update(NO_STORE)
    return audit_entries.verified(found)


@router.get(
    "/export",
    summary="导出审计记录",
    response_class=StreamingResponse,
    responses={200: {"content": {kind.partition(";")[0]: {} for kind in FORMATS.values()}, "description": "文件"}, **READ},
)
@needs("audit.read")
def export(db: Db, asked: Wanted, format: Annotated[Literal["csv", "xlsx", "jsonl"], Query(description="格式")]) -> Response:
    """Entries as a file, the newest first, at most 200,000 (a workbook: 50,000). JSON lines can be verified like an archive."""
    file: IO[bytes] = tempfile.TemporaryFile(prefix="cuntu-audit-")  # noqa: SIM115 (closed when it is sent)
    most = audit_export.MOST_ROWS if format == "xlsx" else MOST_TAKEN
    with db.connection() as conn:
        audit.note(conn, "audit.export", "audit", details=audit_entries.said(asked) | {"format": format})
        entries = audit_search.every(conn, asked, most=most)
        writers = {"csv": audit_export.csv_blocks, "jsonl": audit_export.json_lines}
        blocks: Iterable[bytes] = [audit_export.workbook(entries)] if format == "xlsx" else writers[format](entries)
        file.writelines(blocks)
    size = file.tell()
    file.seek(0)
    name = f"audit-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{format}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size), **NO_STORE}
    return StreamingResponse(_blocks(file), media_type=FORMATS[format], headers=headers)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK):
            yield block


def _blank(value: Any) -> Any:
    """A field of a form that was left empty."""
    return None if value == "" else value


Blank = BeforeValidator(_blank)
DayGiven = Annotated[Day | None, Blank]
TextGiven = Annotated[Annotated[str, Field(max_length=120)] | None, Blank]
SeatGiven = Annotated[Annotated[int, Field(ge=1, le=2**31 - 1)] | None, Blank]


@pages.get("/admin/audit")
@needs("audit.read")
def audit_page(
    request: Request,
    db: Db,
    since: Annotated[DayGiven, Query(description="自哪一天")] = None,
    until: Annotated[DayGiven, Query(description="到哪一天（含）")] = None,
    person: Annotated[TextGiven, Query()] = None,
    seat_id: Annotated[SeatGiven, Query()] = None,
    action: Annotated[TextGiven, Query()] = None,
    object: Annotated[TextGiven, Query()] = None,
    text: Annotated[TextGiven, Query()] = None,
    before_id: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> HTMLResponse:
    """Search and verification for people."""
    filters: dict[str, Any] = {"person": person, "seat_id": seat_id, "action": action, "object": object, "text": text}
    asked = Asked(**filters, since=_day(since), until=_day(until, days=1), before=before_id)
    with db.connection() as conn:
        found, head = audit_entries.read(conn, asked, limit=PER_PAGE)
    chosen = {name: value for name, value in {"since": since, "until": until, **filters}.items() if value is not None}
    following = audit_entries.following(found, limit=PER_PAGE)
    moments = {"since": asked.since, "until": asked.until}
    taken = urlencode({**chosen, **{name: moment.isoformat() for name, moment in moments.items() if moment is not None}})
    context = {
        "entries": [audit_entries.entry(kept) for kept in found], "chosen": chosen, "actions": audit_actions.titles(), "head": head, "taken": taken,
        "following": f"/admin/audit?{urlencode({**chosen, 'before_id': following})}" if following else None, "retention": audit_actions.retention(),
    }  # fmt: skip
    return page(request, "audit.html", context, synthetic=False, headers=NO_STORE)


def _day(day: date | None, *, days: int = 0) -> datetime | None:
    return None if day is None else datetime.combine(day + timedelta(days=days), time.min, COUNTY_TIME)
