"""The steps of a delivery: each reads the kept file, does its work, and notes what came of it in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from layers import acceptance, ahead, deliveries, delivery_findings, versions
from layers.acceptance import Examined
from layers.deliveries import OPEN, Actor, Delivery
from layers.delivery_choice import Choice
from layers.delivery_files import DeliveryFiles
from layers.delivery_record import (
    FOUND_BY,
    examined_record,
    kept_record,
    look_record,
    plain,
    question_record,
    repaired_record,
    report_record,
)
from layers.delivery_sketch import sketch
from layers.descriptions import Description
from layers.errors import OpenQuestionsError
from layers.partitions import Content
from layers.version_acts import Expected, Signature
from layers.work_progress import Progress, part

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class Place:
    """Where deliveries are worked on: their files, the store's CRS, and the highest secrecy level that may be held."""

    files: DeliveryFiles
    epsg: int
    max_secrecy: str


def recognise(conn: Connection, delivery_id: UUID, place: Place) -> Delivery:
    """Recognise the file by its first rows. Raises what `acceptance.look` raises."""
    found = deliveries.locked(conn, delivery_id)
    found.require(*OPEN)
    look = acceptance.look(conn, place.files.find(delivery_id), Choice.from_json(found.choice), epsg=place.epsg)
    delivery_findings.replace(conn, delivery_id, (), epsg=place.epsg)
    deliveries.recognised(conn, delivery_id, plain(look_record(look)))
    return deliveries.get(conn, delivery_id)


def check(conn: Connection, delivery_id: UUID, place: Place, *, progress: Progress) -> Examined:
    """Check the whole data set and store its findings; repairs are not made yet.

    Raises OpenQuestionsError where anything is unclear: `ask_again` notes the questions then.
    """
    found = deliveries.locked(conn, delivery_id)
    found.require(*OPEN)
    choice = Choice.from_json(found.choice)
    covers = Description.from_json(found.description).coverage
    examined = acceptance.examine(conn, place.files.find(delivery_id), choice, covers=covers, epsg=place.epsg, progress=progress)
    progress(0.95, f"记下 {len(examined.report.findings):,} 条发现")
    _note_check(conn, found, examined)
    return examined


def ask_again(conn: Connection, delivery_id: UUID, place: Place, error: OpenQuestionsError) -> None:
    """Note the questions that only the whole data set gave rise to."""
    found = recognise(conn, delivery_id, place)
    asked = [question_record(item) for item in error.questions]
    deliveries.recognised(conn, delivery_id, plain({**(found.recognition or {}), "questions": asked}))


def stage(conn: Connection, delivery_id: UUID, place: Place, actor: Actor, *, progress: Progress, examined: Examined | None = None) -> int:
    """Make the chosen repairs, check anew, and stage what has no error left; return the version's id.

    `examined` is the data set as just checked; without it, or where something else has been asked for since, the file is read again. What was recognised, found, measured with and
    repaired is kept with the version. Raises FindingsLeftError where errors are left: nothing is stored then.
    """
    found = deliveries.locked(conn, delivery_id)
    found.require(*OPEN)
    choice, description = Choice.from_json(found.choice), Description.from_json(found.description)
    written = None
    if examined is None or (examined.choice, examined.covers) != (choice, description.coverage):
        path, covers, as_it_is = place.files.find(delivery_id), description.coverage, not found.repairs
        examined, written = ahead.examine(conn, path, choice, covers=covers, epsg=place.epsg, write=as_it_is, progress=part(progress, 0.0, 0.5))
        _note_check(conn, found, examined)
    mended = acceptance.mend(conn, examined, found.repairs, progress=part(progress, 0.5, 0.75))
    progress(0.75, f"写入“{mended.layer.title}”{len(mended.frame):,} 个要素")
    version = stage_examined(conn, mended, description, max_secrecy=place.max_secrecy, written=written)
    deliveries.staged(conn, delivery_id, version, counts=mended.report.counts, repaired=_counted(mended), actor=actor)
    return version


def stage_examined(conn: Connection, mended: Examined, description: Description, *, max_secrecy: str, written: Content | None = None) -> int:
    """Stage a data set (`written`: its content is there already) with its record: what was recognised, found, measured with and repaired."""
    record = examined_record(mended)
    kept = {name: record[name] for name in ("dataset", "driver", "encoding", "declared_crs", "crs", "fields", "left_out", "code_system")}
    qa = plain({"report": kept_record(mended.report), "recognition": kept, "repairs": repaired_record(mended.repaired)})
    return acceptance.stage(conn, mended, description, max_secrecy=max_secrecy, qa=qa, notes=_notes(mended), written=written)


def publish(conn: Connection, delivery_id: UUID, by: Signature, *, max_secrecy: str, expected: Expected | None = None) -> int:
    """Publish the staged version, an act of its own that is logged; return the version's id. Raises what `versions.publish` raises.

    `expected` is the version the publisher takes to be in force: where somebody else was faster, that is told instead.
    """
    found = deliveries.locked(conn, delivery_id)
    found.require("staged")
    assert found.version_id is not None
    versions.publish(conn, found.version_id, by=by, max_secrecy=max_secrecy, expected=expected)
    deliveries.published(conn, delivery_id, Actor(by.officer, by.unit))
    return found.version_id


def discard(conn: Connection, delivery_id: UUID, by: Signature) -> None:
    """Put a delivery aside, and with it a version that was staged and not published."""
    found = deliveries.locked(conn, delivery_id)
    found.require(*OPEN, "staged", "refused")
    if found.state == "staged" and found.version_id is not None:
        versions.discard(conn, found.version_id, by=by)
    delivery_findings.replace(conn, delivery_id, (), epsg=0)
    deliveries.discarded(conn, delivery_id, Actor(by.officer, by.unit))


def tidy(conn: Connection, files: DeliveryFiles, *, days: int) -> list[UUID]:
    """Put aside what nobody has gone on with for so many days, and remove files no delivery needs; return whose files went."""
    for delivery_id in deliveries.discard_idle(conn, older_than=timedelta(days=days)):
        delivery_findings.replace(conn, delivery_id, (), epsg=0)
    return files.sweep(deliveries.wanting_file(conn))


def _note_check(conn: Connection, found: Delivery, examined: Examined) -> None:
    delivery_findings.replace(conn, found.id, examined.report.findings, epsg=examined.epsg)
    listed = (found.recognition or {}).get("datasets", ())
    summary = report_record(examined.report) | {"sketch": sketch(examined.frame, examined.report, epsg=examined.epsg)}
    deliveries.checked(conn, found.id, plain(examined_record(examined, listed)), plain(summary))


def _counted(mended: Examined) -> list[dict[str, Any]]:
    return [{name: item[name] for name in ("id", "code", "count")} for item in repaired_record(mended.repaired)]


def _notes(mended: Examined) -> Sequence[str]:
    raw, crs = mended.raw, mended.recognition.crs
    found_by = FOUND_BY.get(raw.encoding.found_by, raw.encoding.found_by)
    told = [f"坐标系 EPSG:{crs.epsg}（依据：{FOUND_BY.get(crs.found_by, crs.found_by)}）" if crs else ""]
    told.append(f"文字编码 {raw.encoding.codec}（依据：{found_by}）")
    used = set(mended.recognition.columns.values())
    left_out = [field.text for field in raw.fields if field.column not in used]
    told.append(f"目录以外的字段未入库：{'、'.join(left_out)}" if left_out else "")
    told.extend(f"修复 {item['id']} {item['count']} 处" for item in _counted(mended))
    return [text for text in (*told, *raw.notes, *mended.recognition.notes) if text]
