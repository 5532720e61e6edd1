"""`cuntu audit`: the head of the chain, whether the chain is sound, and old entries into an archive."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.audit.entries import verified
from api.audit.keeper import kept_heads
from api.cli.output import AsJson, print_json, print_table, say
from api.cli.signing import OfficerName, SeatNumber, UnitName, signed
from api.cli.times import day_of
from api.database import ready_url, running_url
from layers import audit, database
from layers.audit import anchors as audit_anchors
from layers.audit import archive as audit_archive
from layers.audit import chain as audit_chain
from layers.audit import search as audit_search
from layers.audit.chain import Verified
from layers.county_time import COUNTY_TIME
from spatial.errors import InputError

app = typer.Typer(help="审计：链头、核验、归档。", no_args_is_help=True)

Anchor = Annotated[list[str] | None, typer.Option("--anchor", help="外部留存的链头，编号:哈希；可多次给出")]
AnchorsFile = Annotated[Path | None, typer.Option("--anchors", help="每日链头文件；不写时用服务所写的", exists=True, dir_okay=False)]


@app.command()
def head(context: typer.Context, as_json: AsJson = False) -> None:
    """打印链头（编号:哈希），供抄录到系统之外。"""
    with database.connect(ready_url(context.obj)) as conn:
        found = audit_search.head(conn)
    print_json({"id": found.id, "hash": found.hash.hex()}) if as_json else typer.echo(found.anchor)


@app.command()
def verify(
    context: typer.Context,
    anchor: Anchor = None,
    anchors: AnchorsFile = None,
    archive: Annotated[Path | None, typer.Option("--archive", help="核验一个归档文件，而不是数据库", exists=True, dir_okay=False)] = None,
    as_json: AsJson = False,
) -> None:
    """逐条重算哈希，指出被改动、缺失、调换、重复的记录；有问题时返回值为 1。"""
    if archive is not None:
        found = audit_archive.verify_file(archive)
    else:
        given = [audit_anchors.parse(text) for text in anchor or ()]
        with database.connect(ready_url(context.obj), autocommit=True) as conn:
            heads = kept_heads(conn, context.obj) if anchors is None else audit_anchors.read(anchors)
            kept = audit_anchors.by_number(given + heads)
            found = audit_chain.verify(conn, anchors=kept)
            audit.note(conn, "audit.verify", "audit", result="done" if found.sound else "failed", details={"entries": found.entries, "faults": len(found.faults)})
    print_json(verified(found)) if as_json else _tell(found)
    if not found.sound:
        raise typer.Exit(1)


@app.command()
def archive(
    context: typer.Context,
    before: Annotated[str, typer.Option(help="归档这一天以前的记录，例如 2026-01-01")],
    folder: Annotated[Path, typer.Option(help="归档文件写到哪个文件夹", exists=True, file_okay=False)] = Path(),
    officer: OfficerName = None,
    unit: UnitName = None,
    seat: SeatNumber = None,
    apply: Annotated[bool, typer.Option("--apply/--dry-run", help="真正归档；默认只说明会归档什么")] = False,
    as_json: AsJson = False,
) -> None:
    """把保存期已满的记录写入归档文件，核验后移出数据库；链从归档的最后一条继续。"""
    moment = datetime.combine(day_of(before, "--before"), datetime.min.time(), COUNTY_TIME).astimezone(UTC)
    with database.connect(running_url(context.obj), autocommit=True) as conn:  # only the owner may take entries out
        planned = audit_archive.plan(conn, moment)
        told: dict[str, Any] = {"applied": False, "plan": None if planned is None else asdict(planned) | {"entries": planned.entries}}
        if planned is not None and apply:
            with signed(conn, officer=officer, unit=unit, seat=seat) as (name, of_unit):
                if not name or not of_unit:
                    raise InputError("归档须由具名人员签注：请给出 --officer 和 --unit，或 --seat。")
                done = audit_archive.archive(conn, planned, folder, officer=name, unit=of_unit)
            told |= {"applied": True, "file": str(done.path), "sha256": done.sha256, "last_hash": done.last_hash.hex()}
    if as_json:
        print_json(told)
    elif planned is None:
        say("没有可归档的记录。")
    elif told["applied"]:
        say(f"第 {planned.first_id}—{planned.last_id} 条（{planned.entries} 条）已归档到 {told['file']}，SHA-256 {told['sha256']}。")
    else:
        say(f"会归档第 {planned.first_id}—{planned.last_id} 条（{planned.entries} 条）；核对后加 --apply 和签注人。")


def _tell(found: Verified) -> None:
    if found.faults:
        print_table("审计链有误", ["编号", "问题"], [[fault.id, fault.message] for fault in found.faults])
    say(f"核验 {found.entries} 条：" + ("无误。" if found.sound else f"{len(found.faults)} 处有误。"))
