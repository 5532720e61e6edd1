"""Checking a stored check again: only when something it rests on has changed, and never in its place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg

from api.checks.checking import stored_check
from api.checks.judging import Footing, Judging
from api.moment import Moment
from api.reach import check_within_reach, refuse_beyond_reach
from layers import applications, checks, rechecks
from layers.catalog import catalog
from layers.check_runs import Subject
from layers.checks import StoredCheck
from layers.errors import UnknownRecordError
from layers.rechecks import Link
from spatial.canonical import geometry_sha256
from spatial.permit import Applications
from spatial.report_difference import differences
from spatial.rule_changes import changes_in_force

Ground = dict[str, str]


@dataclass(frozen=True)
class Recheck:
    """What came of it: the check that counts now, the one before (None where nothing was done), why, and what differs."""

    check: StoredCheck
    previous: StoredCheck | None
    grounds: tuple[Ground, ...]
    differences: tuple[dict[str, Any], ...]

    @property
    def changed(self) -> bool:
        """Whether a new check was made."""
        return self.previous is not None


def recheck(judging: Judging, check_id: UUID, *, moment: Moment, given: Applications | None = None) -> Recheck:
    """Check the newest of a line of checks again if the site, the form, a dataset version, the village types or the law changed.

    The site and form are `given`, else those of the register under the same case number, else those of the check. Of two callers
    at once one makes the new check and the other is told that nothing changed since. Raises UnknownRecordError, InputError.
    """
    with judging.pool.connection() as conn:
        old = _newest(conn, check_id)
        subject = given or _subject(conn, judging, old)
        footing = judging.now(moment)
        grounds = tuple(_grounds(judging, old, subject, footing))
        if not grounds:
            return Recheck(old, None, (), ())
        new = refuse_beyond_reach(_made(judging, subject, footing))
        checks.save(conn, [new])
        rechecks.add(conn, Link(check_id=new.id, previous_id=old.id, grounds=grounds))
    return Recheck(new, old, grounds, tuple(differences(orjson.loads(old.report), orjson.loads(new.report))))


def _newest(conn: psycopg.Connection[Any], check_id: UUID) -> StoredCheck:
    """The end of the line that a check belongs to, held until the transaction ends."""
    rechecks.lock(conn, _first(conn, check_id))
    links = rechecks.chain(conn, check_id)
    return check_within_reach(conn, links[-1].check_id if links else check_id)


def _first(conn: psycopg.Connection[Any], check_id: UUID) -> UUID:
    links = rechecks.chain(conn, check_id)
    return links[0].previous_id if links else check_id


def _made(judging: Judging, subject: Applications, footing: Footing) -> StoredCheck:
    return stored_check(judging.check(subject, footing), subject, 0, at=datetime.now(UTC))


def _subject(conn: psycopg.Connection[Any], judging: Judging, old: StoredCheck) -> Applications:
    try:
        found: Any = applications.get(conn, old.case_no) if old.case_no else None
    except UnknownRecordError:
        found = None
    source = found or old
    item = Subject(
        position=0, kind="application", name=old.case_no, properties=source.properties, geometry=source.geometry, epsg=source.epsg
    )
    return judging.applications([replace(item)])


def _grounds(judging: Judging, old: StoredCheck, subject: Applications, footing: Footing) -> list[Ground]:
    report = orjson.loads(old.report)
    found: list[Ground] = []
    if geometry_sha256(subject.sites[0]) != old.subject_sha256:
        found.append({"kind": "site", "text": "申请的图形已改变"})
    stated = {name: column[0] for name, column in subject.properties.items()}
    before = report["subject"]["properties"]
    if any(_json(value) != before.get(name) for name, value in stated.items()):
        found.append({"kind": "form", "text": "申请表内容已改变"})
    found += _data_grounds(report, footing)
    run = report["subject"].get("village_type_version")
    if run != (str(footing.classification_id) if footing.classification_id else None):
        found.append({"kind": "village_types", "text": "村庄分类已更新"})
    return found + _law_grounds(judging, old, footing)


def _data_grounds(report: dict[str, Any], footing: Footing) -> list[Ground]:
    found = []
    for entry in report["datasets"]:
        name, before = entry["layer"], entry.get("version")
        now = footing.versions[name].version if name in footing.versions else None
        if before != now:
            title = catalog()[name].title
            found.append({"kind": "data", "text": f"图层“{title}”由{_version(before)}改为{_version(now)}"})
    return found


def _law_grounds(judging: Judging, old: StoredCheck, footing: Footing) -> list[Ground]:
    pack = judging.pack
    if pack.sha256 != old.pack_sha256:
        return [{"kind": "pack", "text": f"规则包由 {old.pack_version} 改为 {pack.version}（内容不同）"}]
    changed = changes_in_force(pack, old.valid_on, footing.valid_on)
    return [{"kind": "law", "text": f"两次日期之间生效或失效：{'、'.join(changed[:10])}"}] if changed else []


def _version(number: int | None) -> str:
    return "未入库" if number is None else f"版本 {number}"


def _json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
