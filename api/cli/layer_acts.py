"""`cuntu layers versions | publish | withdraw | law-status | discard | acts`: versions of a layer, and acts on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

import typer

from api.cli.output import AsJson, done, print_json, print_table
from api.cli.signing import OfficerName, SeatNumber, UnitName, signed
from api.cli.times import day_of
from api.database import ready_url
from api.versions.entries import LAW_STATUS_LABELS, STATUS_LABELS, act_entry, version_entry
from layers import catalog, database, law_status, restoring, version_acts, versions
from layers.county_time import COUNTY_TIME
from layers.version_acts import Expected, Signature
from spatial.errors import InputError

LayerId = Annotated[str, typer.Argument(help="图层编号，例如 basic_farmland")]
Version = Annotated[int, typer.Argument(help="版本号")]
Reason = Annotated[str, typer.Option(help="理由")]


def versions_(context: typer.Context, layer: LayerId, as_json: AsJson = False) -> None:
    """列出一个图层的全部版本。"""
    with database.connect(ready_url(context.obj)) as conn:
        entries = [version_entry(record) for record in versions.history(conn, layer)]
    if as_json:
        print_json({"layer": layer, "versions": entries})
        return
    names = ("version", "status", "law_status", "feature_count", "valid_from", "valid_to", "known_from", "known_to", "source_name")
    headings = ["版本", "状态", "法律状态", "要素", "有效自", "有效至", "所知自", "所知至", "来源文件"]
    labels = {**STATUS_LABELS, **LAW_STATUS_LABELS}
    print_table(layer, headings, [[labels.get(entry[name], entry[name]) for name in names] for entry in entries])


def acts(context: typer.Context, layer: LayerId, as_json: AsJson = False) -> None:
    """列出一个图层的办理记录：谁在何时发布、撤回了什么。"""
    with database.connect(ready_url(context.obj)) as conn:
        found = version_acts.listed(conn, layer=catalog.layer(layer).id)
    if as_json:
        print_json({"layer": layer, "acts": [act_entry(act) for act in found]})
        return
    rows = [[act.made_at.astimezone(COUNTY_TIME).strftime("%Y-%m-%d %H:%M:%S"), act.version, version_acts.ACT_LABELS[act.act], act.officer,
             act.unit, act.reason] for act in found]  # fmt: skip
    print_table(layer, ["时间", "版本", "事项", "经办人", "单位", "理由"], rows)


def publish(
    context: typer.Context,
    version: Version,
    reason: Reason,
    officer: OfficerName = None,
    unit: UnitName = None,
    seat: SeatNumber = None,
    expected: Annotated[str | None, typer.Option(help="你所依据的现行版本号，或 none；已有变化时不发布")] = None,
    as_json: AsJson = False,
) -> None:
    """发布一个已入库的版本，同时关闭它所替换的版本。"""
    with _signed(context, reason, officer, unit, seat) as (conn, by):
        versions.publish(conn, version, by=by, expected=_expected(expected), max_secrecy=context.obj.max_secrecy)
        entry = version_entry(versions.get(conn, version))
    done(entry, f"版本 {version}（{entry['title']}）已发布。", as_json=as_json)


def withdraw(
    context: typer.Context,
    version: Version,
    reason: Reason,
    officer: OfficerName = None,
    unit: UnitName = None,
    seat: SeatNumber = None,
    restore: Annotated[bool, typer.Option("--restore", help="把它发布时替换的版本重新发布（新版本号，内容相同）")] = False,
    as_json: AsJson = False,
) -> None:
    """撤回一个已发布的版本；不删除任何内容，当时的查询仍得到当时的版本。"""
    restored = []
    with _signed(context, reason, officer, unit, seat) as (conn, by):
        if restore:
            restored = restoring.withdraw(conn, version, by=by)
        else:
            versions.withdraw(conn, version, by=by)
        entry = version_entry(versions.get(conn, version))
    more = f"重新发布为版本 {'、'.join(map(str, restored))}。" if restored else "它所替换的版本不会自动恢复。"
    done({"version": entry, "restored": restored}, f"版本 {version}（{entry['title']}）已撤回，{more}", as_json=as_json)


def law_status_(
    context: typer.Context,
    version: Version,
    status: Annotated[Literal["draft", "in_force", "superseded"], typer.Argument(help="draft 草案、in_force 现行、superseded 已被替代")],
    effective_from: Annotated[str, typer.Option("--from", help="自哪一天起，例如 2026-03-01")],
    reason: Reason,
    officer: OfficerName = None,
    unit: UnitName = None,
    seat: SeatNumber = None,
    as_json: AsJson = False,
) -> None:
    """变更一个已发布版本的法律状态；审查只用现行的规划。"""
    day = day_of(effective_from, "--from")
    with _signed(context, reason, officer, unit, seat) as (conn, by):
        law_status.declare(conn, version, status, effective_from=day, by=by)
        entry = version_entry(versions.get(conn, version))
    done(entry, f"版本 {version}（{entry['title']}）自 {day} 起为“{LAW_STATUS_LABELS[status]}”。", as_json=as_json)


def discard(
    context: typer.Context,
    version: Version,
    reason: Reason,
    officer: OfficerName = None,
    unit: UnitName = None,
    seat: SeatNumber = None,
    as_json: AsJson = False,
) -> None:
    """删除一个从未发布的版本；办理记录保留它的名称和文件的 SHA-256。"""
    with _signed(context, reason, officer, unit, seat) as (conn, by):
        versions.discard(conn, version, by=by)
    done({"version": version, "discarded": True}, f"待发布的版本 {version} 已删除。", as_json=as_json)


@contextmanager
def _signed(
    context: typer.Context, reason: str, officer: str | None, unit: str | None, seat: int | None
) -> Iterator[tuple[database.Session, Signature]]:
    with database.connect(ready_url(context.obj)) as conn, signed(conn, officer=officer, unit=unit, seat=seat) as (name, of_unit):
        yield conn, Signature(officer=name, unit=of_unit, reason=reason)


def _expected(text: str | None) -> Expected | None:
    if text is None:
        return None
    if text == "none":
        return Expected(None)
    if not text.isdecimal():
        raise InputError(f"--expected 应为版本号或 none，实为 {text[:40]}。")
    return Expected(int(text))
