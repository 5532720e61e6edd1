"""Papers on the command line: written beside a check, and verified."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from psycopg_pool import ConnectionPool

from api.cli.output import AsJson, print_json, progress_bar, say
from api.database import cluster_of, ready_url
from api.papers import Papers, issuer_of, trusted_roots
from api.settings import Settings
from layers import database
from layers.paper.verification import Register, Verification
from layers.paper.verification import verify as verify_paper
from spatial.canonical import canonical_json
from spatial.permit import Applications

MARKS = {"ok": "✓", "bad": "✗", "note": "·"}
_UNSAFE = re.compile(r"[^\w〔〕（）()-]+")


def write_papers(folder: Path, pool: ConnectionPool[Any], settings: Settings, reports: Iterable[dict[str, Any]], applications: Applications) -> None:
    """Write the papers of reports that are not stored into a folder; they say so, and stand in no register."""
    issuer = issuer_of(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with progress_bar("意见书") as progress, pool.connection() as conn:
        for place, (report, site) in enumerate(zip(reports, applications.sites, strict=True), start=1):
            body = issuer.paper(conn, canonical_json(report), site, epsg=applications.epsg)
            (folder / _name(place, report.get("case_no"))).write_bytes(body)
            progress(place / len(applications), f"已写 {place} 件，共 {len(applications)} 件")
    say(f"意见书已写入 {folder}。")


def issue_papers(folder: Path, pool: ConnectionPool[Any], settings: Settings, checks: Sequence[tuple[str | None, UUID]]) -> None:
    """Write the papers of stored checks (case number and id) into a folder, and enter them into the register."""
    desk = Papers(pool, settings)
    folder.mkdir(parents=True, exist_ok=True)
    with progress_bar("意见书") as progress:
        for place, (case_no, check_id) in enumerate(checks, start=1):
            (folder / _name(place, case_no)).write_bytes(desk.issue(check_id))
            progress(place / len(checks), f"已写 {place} 件，共 {len(checks)} 件")
    say(f"意见书已写入 {folder}。")


def _name(place: int, case_no: str | None) -> str:
    """A file name that is safe anywhere: the place in the batch, and what of the case number may stand in a name."""
    return f"{place:04d} {_UNSAFE.sub('_', case_no or '未编号')[:60]}.pdf"


def verify(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="意见书：PDF", exists=True, dir_okay=False)],
    offline: Annotated[bool, typer.Option("--offline", help="不问数据库")] = False,
    root: Annotated[Path | None, typer.Option(help="可信的根证书（PEM 或 DER），用来核对签名人")] = None,
    as_json: AsJson = False,
) -> None:
    """核验一份意见书：文件是否完整、前后一致、确由本局出具。不通过时退出码为 1。"""
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL + 1)  # what a forged file makes it complain about is said below
    settings: Settings = context.obj
    pdf, roots = file.read_bytes(), trusted_roots(settings, root)
    if offline or not _has_database(settings):
        found = verify_paper(pdf, roots=roots)
    else:
        with database.pool(ready_url(settings), max_size=1) as pool:
            register: Register = Papers(pool, settings).register
            found = verify_paper(pdf, register=register, roots=roots)
    _tell(file, found, as_json=as_json)
    if not found.ok:
        raise typer.Exit(1)


def _has_database(settings: Settings) -> bool:
    """Whether there is a database to ask: a server that is named, or a cluster of this project that was made before."""
    cluster = cluster_of(settings)
    return cluster is None or cluster.status().major is not None


def _tell(file: Path, found: Verification, *, as_json: bool) -> None:
    if as_json:
        lines = [{"state": line.state, "text": line.text} for line in found.lines]
        known = {name: found.report.get(name) for name in ("id", "case_no", "verdict", "verdict_label")} if found.report else None
        print_json({"file": str(file), "ok": found.ok, "proven": found.proven, "verdict": found.verdict, "lines": lines, "report": known})
        return
    for line in found.lines:
        typer.echo(f"{MARKS[line.state]} {line.text}")
    if found.report:
        typer.echo(f"  申请 {found.report.get('case_no') or '未编号'}：{found.report.get('verdict_label')}")
    typer.echo(found.verdict)
