"""`cuntu personal`: what becomes of people's records. Nothing is erased without --apply; no identity number is ever an argument."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer

from api.access import totp
from api.cli.output import AsJson, print_json, print_table, say
from api.database import ready_url, running_url
from api.moment import Moment
from api.personal import cipher_of
from api.settings import Settings
from layers import database, personal_records
from layers.personal_fields import archive, retentions
from layers.personal_records import Due, Found
from layers.personal_rekeying import rekey as seal_anew
from spatial import identity_numbers
from spatial.errors import CuntuError, InputError
from spatial.personal_numbers import refusal

app = typer.Typer(help="个人信息：保存期限、清除、向本人提供副本、更换密钥。", no_args_is_help=True)

Apply = Annotated[bool, typer.Option("--apply/--dry-run", help="真正清除；默认只列出")]
PARTS = {"case": "申请人和全部成员", "applicant": "申请人", "member": "家庭成员", "head": "户主", "contact": "联系人"}


class OpenCaseError(CuntuError):
    """案件还在办理，法定程序需要申请人信息，不能清除（个人信息保护法 第四十七条）。确须清除的，加 --open-too。"""


@app.command()
def retention(context: typer.Context, apply: Apply = False, as_json: AsJson = False) -> None:
    """按保存期限清除已办结案件的申请人信息。"""
    url = ready_url(context.obj)
    cipher = cipher_of(context.obj)
    with database.connect(url) as conn:
        found = personal_records.due(conn, on=Moment.now().valid_on)
        if apply:
            found = [item for item in found if personal_records.apply(conn, cipher, item)]
    _vacuum(context.obj, needed=apply and bool(found))
    if as_json:
        print_json({"applied": apply, "due": [asdict(item) for item in found], "archive": dict(archive())})
        return
    _show_due(found)
    kept = archive()
    say(f"{kept['title']}（{kept['kept']}）不在本系统，永久保存：{kept['source']}。")
    say(f"已清除 {len(found)} 项。" if apply else f"共 {len(found)} 项到期，没有清除：核对后加 --apply。")


@app.command()
def erase(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="依据和理由，写入审计记录")],
    case: Annotated[str | None, typer.Option(help="清除一件申请的申请人和全部成员")] = None,
    id_number_file: Annotated[
        Path | None, typer.Option(help="从文件读入身份证号（- 为标准输入），清除此人的全部记录", allow_dash=True)
    ] = None,
    open_too: Annotated[bool, typer.Option("--open-too", help="在办的案件也清除")] = False,
    apply: Apply = False,
    as_json: AsJson = False,
) -> None:
    """依申请清除个人信息；案件和审计记录保留。"""
    if (case is None) == (id_number_file is None):
        raise InputError("须指定 --case 或 --id-number-file 之一。")
    if refusal(reason):
        raise InputError(f"--reason {refusal(reason)}")
    number = None if id_number_file is None else _read_number(id_number_file)
    url, cipher = ready_url(context.obj), cipher_of(context.obj)
    with database.connect(url) as conn:
        found = (
            personal_records.of_case(conn, case)
            if case is not None
            else personal_records.of_number(conn, cipher, str(number))
        )
        if apply and not open_too and any(item.is_open for item in found):
            raise OpenCaseError(
                "；".join(f"{item.key} 还在办理" for item in found if item.is_open) + "：" + str(OpenCaseError.__doc__)
            )
        if apply:
            personal_records.erase(conn, cipher, found, reason=reason)
    _vacuum(context.obj, needed=apply and bool(found))
    if as_json:
        print_json({"applied": apply, "found": [asdict(item) for item in found]})
        return
    _show_found(found)
    say(f"已清除 {len(found)} 项。" if apply else f"找到 {len(found)} 项，没有清除：核对后加 --apply。")


@app.command()
def access(
    context: typer.Context,
    case: Annotated[str, typer.Option(help="申请编号")],
    output: Annotated[Path | None, typer.Option(help="写入文件（仅本用户可读）；不写时到标准输出")] = None,
) -> None:
    """把一件申请的个人信息连同处理目的、依据、保存期限和查看记录交给本人（个人信息保护法 第四十五条）。"""
    with database.connect(ready_url(context.obj)) as conn:
        told = personal_records.copy(conn, cipher_of(context.obj), case)
    text = orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)  # only now is it written down who has it
    if output is None:
        sys.stdout.write(text.decode())
    else:
        _write_private(output, text)
        say(f"已写入 {output}，交付后请删除。")


@app.command()
def rekey(context: typer.Context, as_json: AsJson = False) -> None:
    """用现在的密钥重新加密申请人信息和第二因素；旧密钥须列在 CUNTU_OLD_KEY_FILES 中。"""
    url, cipher = ready_url(context.obj), cipher_of(context.obj)
    with database.connect(url) as conn:
        done = seal_anew(conn, cipher) | {"account": totp.rekey(conn, context.obj)}
        personal_records.rekeyed(conn, {table: count for table, (count, _) in done.items()})
    _vacuum(context.obj, needed=any(count for count, _ in done.values()))
    if as_json:
        print_json({table: {"resealed": count, "rows": total} for table, (count, total) in done.items()})
        return
    print_table("重新加密", ["表", "重新加密", "共"], [(table, count, total) for table, (count, total) in done.items()])
    say("全部记录已用现在的密钥加密：旧密钥可从 CUNTU_OLD_KEY_FILES 移除；旧备份仍须旧密钥才能读。")


def _show_due(found: list[Due]) -> None:
    titles = retentions()
    rows = [
        (item.case_no, item.closed_on, titles[item.retention].title, item.due_on, len(item.fields)) for item in found
    ]
    print_table("保存期限已满", ["申请编号", "办结", "期限", "到期", "栏目数"], rows)


def _show_found(found: list[Found]) -> None:
    rows = [(PARTS[item.part], item.key, "在办" if item.is_open else "–") for item in found]
    print_table("个人信息", ["记录", "申请或户编号", "状态"], rows)


def _vacuum(settings: Settings, *, needed: bool) -> None:
    if needed:
        with database.connect(running_url(settings), autocommit=True) as conn:
            if not personal_records.vacuum(conn):
                say("旧行的空间还没有让出：只有数据库所有者能做（设 CUNTU_OWNER_URL，或由其运行 VACUUM applicant, applicant_member, household_person）。")


def _read_number(path: Path) -> str:
    text = sys.stdin.read(100) if str(path) == "-" else path.read_text(encoding="utf-8")[:100]
    number = identity_numbers.normal(text)
    problem = identity_numbers.problem(number, today=Moment.now().valid_on, invented=True)
    if problem:
        raise InputError(f"--id-number-file：{problem}。")
    return number


def _write_private(path: Path, text: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
