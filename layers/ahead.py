"""A data set written while it is still being checked, on the second core. What the check refuses is taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import psycopg

from layers import acceptance, delivery_steps, partitions
from layers.acceptance import Taken
from layers.descriptions import Description
from layers.intake import Checked, prepare
from layers.partitions import Content

Connection = psycopg.Connection[Any]


def check_and_stage(conn: Connection, taken: Taken, description: Description, *, max_secrecy: str) -> int:
    """Check a data set and stage it, in the caller's transaction; return the version's id.

    Raises what `acceptance.beside` and `delivery_steps.stage_examined` raise; nothing is stored then. What was written is kept only where the
    check found nothing that the store would have to look at again.
    """
    known = acceptance.beside(conn, taken)
    in_county = known.context.county is not None and taken.layer.id != "county"
    with conn.transaction() as ahead, ThreadPoolExecutor(1) as second:
        writing = second.submit(_write, conn, taken)
        try:
            examined = acceptance.judge(taken, known)
        finally:
            wait([writing])
        if examined.report.is_acceptable and acceptance.fits_the_store(examined.report, in_county=in_county):
            return delivery_steps.stage_examined(conn, examined, description, max_secrecy=max_secrecy, written=writing.result())
        raise psycopg.Rollback(ahead)
    return delivery_steps.stage_examined(conn, examined, description, max_secrecy=max_secrecy)


def _write(conn: Connection, taken: Taken) -> Content:
    """Write a data set as if it had been checked. Until `judge` is done nobody else uses the connection."""
    data = prepare(taken.frame, taken.layer, epsg=taken.epsg, checked=Checked(taken.subject.columns, None))
    return partitions.write(conn, data, epsg=taken.epsg)
