"""A data set written while it is still being checked, on the second core. What the check refuses is taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import psycopg

from layers import acceptance, partitions
from layers.acceptance import Examined, Taken
from layers.delivery_choice import Choice
from layers.descriptions import Coverage
from layers.intake import Checked, prepare
from layers.partitions import Content
from layers.work_progress import Progress, part

Connection = psycopg.Connection[Any]


def examine(
    conn: Connection, path: Path, choice: Choice, *, covers: Coverage, epsg: int, write: bool, progress: Progress
) -> tuple[Examined, Content | None]:
    """Read and check one data set wholly, and where it is to be stored as it is, write it meanwhile, in the caller's transaction.

    Return what was found, and what was written where that may be kept. Raises what `acceptance.take` and `judge_and_write` raise.
    """
    if not write:
        return acceptance.examine(conn, path, choice, covers=covers, epsg=epsg, progress=progress), None
    taken = acceptance.take(conn, path, choice, covers=covers, epsg=epsg, progress=part(progress, 0.0, 0.5))
    progress(0.5, f"质检并写入“{taken.layer.title}”{len(taken.subject):,} 个要素")
    return judge_and_write(conn, taken)


def judge_and_write(conn: Connection, taken: Taken) -> tuple[Examined, Content | None]:
    """Check a data set while it is written, in the caller's transaction; return what was found, and what was written where that may be kept.

    It may where the check found nothing that the store would have to look at again; else nothing is left of it. Raises what `acceptance.beside`
    raises.
    """
    known = acceptance.beside(conn, taken)
    if not _may_be_written(taken):
        return acceptance.judge(taken, known), None
    in_county = known.context.county is not None and taken.layer.id != "county"
    with conn.transaction() as ahead, ThreadPoolExecutor(1) as second:
        writing = second.submit(_write, conn, taken)
        try:
            examined = acceptance.judge(taken, known)
        finally:
            wait([writing])
        if examined.report.is_acceptable and acceptance.fits_the_store(examined.report, in_county=in_county):
            return examined, writing.result()
        raise psycopg.Rollback(ahead)
    return examined, None


def _may_be_written(taken: Taken) -> bool:
    """Tell whether GEOS and PostGIS can be given the shapes before they are checked: it has ended the process on holes without a point."""
    return bool(taken.subject.is_finite.all()) and not len(taken.subject.hollow)


def _write(conn: Connection, taken: Taken) -> Content:
    """Write a data set as if it had been checked. Until `judge` is done nobody else uses the connection."""
    data = prepare(taken.frame, taken.layer, epsg=taken.epsg, checked=Checked(taken.subject.columns, None))
    return partitions.write(conn, data, epsg=taken.epsg)
