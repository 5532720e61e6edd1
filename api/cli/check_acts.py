"""`cuntu check override | withdraw | overrides | recheck`: acts on one stored check."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import orjson
import psycopg
import typer

from api.checks.judging import Judging
from api.checks.overriding import Overriding, act_entry, effective_entry
from api.checks.rechecking import recheck as check_again
from api.cli.output import AsJson, print_json, print_table, say
from api.cli.signing import OfficerName, SeatNumber, UnitName, signed
from api.cli.times import KnownAt, ValidOn, moment_of
from api.database import ready_url
from api.routes.overrides import recheck_entry
from api.settings import Settings
from api.snapshots import Snapshots
from layers import check_runs as store
from layers import database
from layers.check_runs import Run
from spatial.errors import InputError

CheckId = Annotated[str, typer.Argument(help="审查编号")]
Reason = Annotated[str, typer.Option(help="理由")]


def override(
    context: typer.Context,
    check_id: CheckId,
    rule: Annotated[str, typer.Option(help="规则和分支，例如 HB-001a")],
    reason: Reason,
    officer: OfficerName = None,
    unit: UnitName = None,
    seat: SeatNumber = None,
    feature: Annotated[str | None, typer.Option(help="命中的要素编号；命中不涉及图层时不写")] = None,
    evidence: Annotated[str | None, typer.Option(help="证据")] = None,
    evidence_file: Annotated[Path | None, typer.Option(help="证据文件，只记下它的 SHA-256", exists=True, dir_okay=False)] = None,
    as_json: AsJson = False,
) -> None:
    """更正一处命中：命中仍留在报告中，结论另写更正后的结果。"""
    digest = hashlib.sha256(evidence_file.read_bytes()).hexdigest() if evidence_file else None
    stated = {"rule": rule, "reason": reason, "feature_id": feature,
              "evidence": evidence or (evidence_file.name if evidence_file else None), "evidence_sha256": digest}  # fmt: skip
    with _overriding(context.obj) as acts, _signed(acts, officer, unit, seat) as named:
        act = acts.mark(identifier(check_id, "审查编号"), stated | named)
        _told(acts, act.check_id, act_entry(act), as_json=as_json)


def withdraw(
    context: typer.Context,
    check_id: CheckId,
    override_id: Annotated[str, typer.Argument(help="更正的编号")],
    reason: Reason,
    officer: OfficerName = None,
    unit: UnitName = None,
    seat: SeatNumber = None,
    as_json: AsJson = False,
) -> None:
    """撤回一项更正；原来的更正仍留有记录。"""
    with _overriding(context.obj) as acts, _signed(acts, officer, unit, seat) as named:
        stated = {"reason": reason, **named}
        act = acts.withdraw(identifier(check_id, "审查编号"), identifier(override_id, "更正的编号"), stated)
        _told(acts, act.check_id, act_entry(act), as_json=as_json)


def overrides(context: typer.Context, check_id: CheckId, as_json: AsJson = False) -> None:
    """列出一份审查的全部更正和更正后的结论。"""
    with _overriding(context.obj) as acts:
        entry = effective_entry(acts.effective(identifier(check_id, "审查编号")))
    if as_json:
        print_json(entry)
        return
    rows = [[item["made_at"], item["act"], item["rule"], item["feature_id"], f"{item['unit']} {item['officer']}", item["reason"],
             "有效" if item["standing"] else "—", item["id"]] for item in entry["overrides"]]  # fmt: skip
    print_table("更正", ["时间", "动作", "规则", "要素", "何人", "理由", "状态", "编号"], rows)
    say(entry["sentence"] or f"系统结论 {entry['system_verdict_label']}，没有更正。")


def recheck(
    context: typer.Context, check_id: CheckId, valid_on: ValidOn = None, known_at: KnownAt = None, as_json: AsJson = False
) -> None:
    """重新审查：只在图形、申请表、数据、村庄分类或规则有变时进行，原审查保留。"""
    with _overriding(context.obj) as acts:
        done = check_again(acts.judging, identifier(check_id, "审查编号"), moment=moment_of(valid_on, known_at))
    entry = recheck_entry(done)
    if as_json:
        print_json(entry)
        return
    say(f"{entry['message']}结论 {entry['report']['verdict_label']}，审查编号 {entry['check_id']}。")
    rows = [[item["rule"], item["title"], *(_outcome(item[side]) for side in ("before", "after"))] for item in entry["differences"]]
    if done.changed:
        print_table("变化", ["规则", "名称", "原来", "现在"], rows)


def stored_reports(conn: psycopg.Connection[Any], run: Run) -> Iterator[dict[str, Any]]:
    """Yield the reports of a run's applications."""
    return (orjson.loads(result.report) for result in store.every_result(conn, run.id))


def identifier(text: str, name: str) -> UUID:
    """Read an id; raises InputError naming what it is of."""
    try:
        return UUID(text)
    except ValueError:
        raise InputError(f"{name} 应为 UUID，实为 {text[:40]}。") from None


@contextmanager
def _overriding(settings: Settings) -> Iterator[Overriding]:
    with database.pool(ready_url(settings), max_size=4) as pool:
        yield Overriding(Judging(pool, Snapshots(pool, epsg=settings.epsg), settings))


@contextmanager
def _signed(acts: Overriding, officer: str | None, unit: str | None, seat: int | None) -> Iterator[dict[str, str]]:
    with acts.pool.connection() as conn, signed(conn, officer=officer, unit=unit, seat=seat) as (name, of_unit):
        conn.commit()
        yield {"officer": name, "unit": of_unit}


def _told(acts: Overriding, check_id: UUID, act: dict[str, Any], *, as_json: bool) -> None:
    entry = effective_entry(acts.effective(check_id))
    if as_json:
        print_json({"act": act, "effective": entry})
    else:
        say(entry["sentence"] or f"系统结论 {entry['system_verdict_label']}，没有更正。")


def _outcome(finding: dict[str, Any] | None) -> str:
    if finding is None:
        return "无此规则"
    words = {"pass": "符合", "fail": "不符合", "no_data": "未核查", "not_applicable": "不适用", "error": "出错"}
    measured = finding["measured"] or {}
    return f"{words[finding['outcome']]} {measured.get('label') or ''}".strip()
