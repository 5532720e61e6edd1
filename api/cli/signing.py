"""On whose behalf a command works: the user of the operating system, and for an act the seat that is named."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated, Any

import psycopg
import typer

from api.moment import Moment
from layers import acting, seats
from layers.acting import EVERYWHERE, Acting
from spatial.errors import InputError

OfficerName = Annotated[str | None, typer.Option(help="经办人姓名；用 --seat 时不写")]
UnitName = Annotated[str | None, typer.Option(help="单位；用 --seat 时不写")]
SeatNumber = Annotated[int | None, typer.Option("--seat", help="以哪个席位办理（席位编号）：经办人和单位即席位的现任者和单位")]


def command() -> Acting:
    """Return whoever runs a command: they have the keys of the database, so they see all of it."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name
        user = "?"
    return Acting(channel="command", person=user, seat="命令行", secrecy="secret", places=None, permissions=frozenset({EVERYWHERE}))


@contextmanager
def signed(
    conn: psycopg.Connection[Any], *, officer: str | None, unit: str | None, seat: int | None, otherwise: tuple[str, str] = ("", "")
) -> Iterator[tuple[str, str]]:
    """Act from a seat for the length of a block, or as stated; gives officer and unit.

    Raises InputError where a seat has nobody in it today or somebody else is stated, UnknownRecordError where there is no such seat.
    """
    if seat is None:
        yield officer or otherwise[0], unit or otherwise[1]
        return
    found = seats.get(conn, seat, today=Moment.now().valid_on)
    today = Moment.now().valid_on
    if found.person is None or found.is_ended(today):
        raise InputError(f"席位 {seat}（{found.unit} {found.title}）现在没有人，不能以它办理。")
    for stated, own, option in ((officer, found.person, "--officer"), (unit, found.unit, "--unit")):
        if stated not in (None, own):
            raise InputError(f"{option} 与席位 {seat} 不符：席位的是“{own}”，不能代他人签名。")
    by = replace(acting.current(), seat_id=found.id, seat=found.title, unit=found.unit, person_id=found.person_id)
    with acting.on_behalf(by):
        yield found.person, found.unit
