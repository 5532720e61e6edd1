"""`cuntu accounts seats | seat | end-seat | role | appoint | end`: seats and who holds them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from api.access import administration
from api.access.administration_schemas import PersonRequest, SeatRequest
from api.access.permissions import roles
from api.cli.account_input import asked, connected
from api.cli.output import AsJson, done, print_json, print_table
from api.cli.times import day_of
from api.moment import Moment
from api.settings import Settings
from layers import seats
from layers.catalog import Secrecy
from spatial.errors import InputError

SeatNumber = Annotated[int, typer.Argument(min=1, help="席位编号，见 cuntu accounts seats")]
Roles = Annotated[list[str] | None, typer.Option("--role", help=f"角色，可多次：{'、'.join(roles())}")]


def seats_(context: typer.Context, as_json: AsJson = False) -> None:
    """列出全部席位和今天担任的人。"""
    with connected(context) as conn:
        found = seats.listed(conn, today=Moment.now().valid_on)
    if as_json:
        print_json({"seats": [asdict(seat) for seat in found]})
        return
    rows = [
        [
            seat.id,
            seat.title,
            seat.unit,
            seat.place_code or "全县",
            "、".join(_titles(seat.roles)),
            seat.person,
            seat.holding_id,
            seat.held_from,
            seat.held_to,
            seat.ended_on,
        ]
        for seat in found
    ]
    print_table("席位", ["编号", "席位", "单位", "范围", "角色", "现任", "任职记录", "自", "至", "撤销"], rows)


def people(context: typer.Context, as_json: AsJson = False) -> None:
    """列出全部人员。"""
    with connected(context) as conn:
        found = seats.people(conn)
    if as_json:
        print_json({"people": [asdict(person) for person in found]})
    else:
        print_table("人员", ["编号", "姓名", "账户名"], [[person.id, person.name, person.login] for person in found])


def seat_(
    context: typer.Context,
    title: Annotated[str, typer.Argument(help="席位名称")],
    unit: Annotated[str, typer.Option(help="单位")],
    role: Roles = None,
    place: Annotated[str | None, typer.Option(help="乡镇（9 位）或村（12 位）代码，不写为全县")] = None,
    secrecy: Annotated[Secrecy, typer.Option(help="可见的最高密级")] = "internal",
    as_json: AsJson = False,
) -> None:
    """设立一个席位。"""
    told = asked(SeatRequest, title=title, unit=unit, roles=role or [], place_code=place, secrecy=secrecy)
    settings: Settings = context.obj
    with connected(context) as conn:
        number = administration.make_seat(
            conn, **told.model_dump(exclude={"roles"}), named=told.roles, county=settings.county_code
        )
    done({"seat": number}, f"席位 {number}（{told.unit}／{told.title}）已设立。", as_json=as_json)


def end_seat(
    context: typer.Context,
    seat: SeatNumber,
    on: Annotated[str | None, typer.Option(help="自哪一天起，默认今天")] = None,
    as_json: AsJson = False,
) -> None:
    """撤销一个席位；以前办的事不受影响。"""
    with connected(context) as conn:
        administration.end_seat(conn, seat, on=day_of(on, "--on") if on else None)
    done({"seat": seat}, f"席位 {seat} 已撤销。", as_json=as_json)


def role_(
    context: typer.Context,
    seat: SeatNumber,
    role: Annotated[str, typer.Argument(help="角色")],
    take: Annotated[bool, typer.Option("--take", help="收回，不写则是给予")] = False,
    as_json: AsJson = False,
) -> None:
    """给席位一个角色，或收回。"""
    with connected(context) as conn:
        changed = administration.take_role(conn, seat, role) if take else administration.give_role(conn, seat, role)
    sentence = (
        f"席位 {seat} 的角色 {role} 已{'收回' if take else '给予'}。" if changed else f"席位 {seat} 的角色没有变化。"
    )
    done({"seat": seat, "role": role, "changed": changed}, sentence, as_json=as_json)


def appoint(
    context: typer.Context,
    seat: SeatNumber,
    name: Annotated[str | None, typer.Argument(help="新登记的姓名；已登记的人用 --person")] = None,
    person: Annotated[int | None, typer.Option(min=1, help="已登记人员的编号")] = None,
    held_from: Annotated[str | None, typer.Option("--from", help="起任日，默认今天")] = None,
    held_to: Annotated[str | None, typer.Option("--to", help="到期日，当天起不再担任；不写为不限")] = None,
    as_json: AsJson = False,
) -> None:
    """任命一个人担任席位。"""
    if (name is None) == (person is None):
        raise InputError("请写明姓名，或用 --person 写明已登记人员的编号（二者之一）。")
    first, last = (
        day_of(text, option) if text else None for text, option in ((held_from, "--from"), (held_to, "--to"))
    )
    with connected(context) as conn:
        who = person or administration.note_person(conn, asked(PersonRequest, name=name).name)
        holding = administration.appoint(conn, seat, person=who, held_from=first, held_to=last)
    done(
        {"seat": seat, "person": who, "holding": holding},
        f"人员 {who} 已任命到席位 {seat}（任职记录 {holding}）。",
        as_json=as_json,
    )


def end(
    context: typer.Context,
    holding: Annotated[int, typer.Argument(min=1, help="任职记录编号")],
    on: Annotated[str | None, typer.Option(help="自哪一天起，默认今天")] = None,
    as_json: AsJson = False,
) -> None:
    """结束一项任职。"""
    with connected(context) as conn:
        held = administration.end_holding(conn, holding, on=day_of(on, "--on") if on else None)
    done(asdict(held), f"{held.person}自 {held.held_to} 起不再担任{held.unit}／{held.seat}。", as_json=as_json)


def _titles(names: list[str]) -> list[str]:
    return [roles()[name].title if name in roles() else name for name in names]
