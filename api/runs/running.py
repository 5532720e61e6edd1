"""Runs over many subjects: begun once, done chunk by chunk, taken up again where they stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg_pool import ConnectionPool

from api.checks.changed_packs import Files, changed_pack
from api.checks.judging import PRUNE_UP_TO, Footing, Judging
from api.moment import Moment
from api.runs import subjects as run_subjects
from api.runs import work as run_work
from api.runs.subjects import Noted
from api.runs.work import Means, add_up
from api.settings import Settings
from api.shown import is_shown
from api.snapshots import Snapshots
from layers import audit, checks, versions
from layers import check_runs as store
from layers.audit import Entry
from layers.catalog import catalog
from layers.check_runs import Run
from layers.checks import StoredCheck
from layers.errors import UnknownVersionError
from spatial.canonical import sha256
from spatial.errors import CuntuError, InputError
from spatial.layer import DatasetVersion
from spatial.permit import Applications

CHUNK = 500
"""So many subjects are judged and written down in one transaction."""

Report = Callable[[float, str], None]


class PackChangedError(CuntuError):
    """规则包在这次批量审查开始之后已更换，不能接着做：请重新开始一次。"""


class CheckRuns:
    """Begins runs and does them."""

    def __init__(self, pool: ConnectionPool[Any], snapshots: Snapshots, settings: Settings) -> None:
        self.pool = pool
        self.snapshots = snapshots
        self.settings = settings

    def begin_file(self, given: Applications, *, title: str, moment: Moment) -> Run:
        """Write down a run over the applications of a file."""
        return self._begin("file", title, moment, lambda conn, judging, footing: run_subjects.of_applications(given))

    def begin_open(self, *, moment: Moment) -> Run:
        """Write down a run over all open applications of the register."""
        return self._begin("open", "全部在办申请", moment, run_subjects.open_applications)

    def begin_houses(self, *, moment: Moment) -> Run:
        """Write down a run over all existing houses and plots."""
        return self._begin("houses", "全部现有房屋和宗地", moment, run_subjects.standing)

    def begin_plan_difference(self, version_ids: list[int], *, moment: Moment) -> Run:
        """Write down a comparison: what the versions named (drafts too) would change for open applications, houses and plots.

        Raises InputError where none is named, or two of one layer; UnknownVersionError.
        """
        drafts = self._drafts(version_ids)
        title = "规划比对：" + "、".join(f"{catalog()[name].title} 版本 {dataset.version}" for name, dataset in drafts.items())
        numbers = {name: dataset.version for name, dataset in drafts.items()}
        return self._begin("plan_difference", title, moment, run_subjects.applications_and_standing, {"draft": numbers})

    def begin_backtest(self, files: Files, *, moment: Moment) -> Run:
        """Write down a back-test of the stored checks by a pack with some files changed; raises InputError where it does not load."""
        pack = changed_pack(files, county=self.settings.county_code)
        installed = Judging(self.pool, self.snapshots, self.settings).pack
        if pack.sha256 == installed.sha256:
            raise InputError("改后的规则包与现有规则包相同，没有可比较的。")
        parameters = {"files": dict(files), "changed_sha256": pack.sha256, "changed_version": pack.version}
        title = "规则回溯：" + "、".join(sorted(files))
        return self._begin("backtest", title[:300], moment, partial(_stored, pack_id=installed.id), parameters)

    def go_on(self, run_id: UUID, *, report: Report, stop_after: int | None = None) -> Run:
        """Do what is left of a run (at most `stop_after` chunks) and return it.

        Raises UnknownRecordError, RunBusyError where another works on it, PackChangedError where it cannot be gone on with.
        """
        with self._held(run_id) as run:
            if run.finished_at is not None:
                return run
            means = self._means(run)
            starts = range(run.done, run.total, CHUNK)
            for start in starts[:stop_after]:
                report(start / run.total, f"已完成 {start:,}，共 {run.total:,}")
                run = self._chunk(run, means)
        return run

    def _begin(
        self,
        kind: str,
        title: str,
        moment: Moment,
        gather: Callable[[psycopg.Connection[Any], Judging, Footing], Noted],
        parameters: Mapping[str, Any] | None = None,
    ) -> Run:
        judging = Judging(self.pool, self.snapshots, self.settings)
        footing = judging.now(moment)
        with self.pool.connection() as conn:
            subjects, noted = gather(conn, judging, footing)
            run = Run(
                id=uuid4(), kind=kind, title=title, parameters=dict(parameters or {}), valid_on=footing.valid_on, known_at=footing.known_at,
                pack_version=judging.pack.version, pack_sha256=judging.pack.sha256, versions=footing.version_ids,
                classification_id=footing.classification_id, total=len(subjects), created_at=datetime.now(UTC), summary=noted,
            )  # fmt: skip
            store.create(conn, run, subjects)
            return store.get(conn, run.id)

    def _means(self, run: Run) -> Means:
        judging = Judging(self.pool, self.snapshots, self.settings, whole=run.total > PRUNE_UP_TO)
        if judging.pack.sha256 != run.pack_sha256:
            raise PackChangedError
        footing = judging.footing(run.valid_on, run.known_at, run.versions.values(), run.classification_id)
        draft, pack = None, None
        if run.kind == "plan_difference":
            draft = footing.with_versions(self._drafts(list(run.parameters["draft"].values())))
        if run.kind == "backtest":
            pack = changed_pack(run.parameters["files"], county=self.settings.county_code)
        return Means(judging, footing, draft, pack)

    def _chunk(self, run: Run, means: Means) -> Run:
        """Judge the next chunk, and write down its results and the progress in one transaction."""
        stop = min(run.done + CHUNK, run.total)
        with self.pool.connection() as conn:
            subjects = store.subjects(conn, run.id, run.done, stop)
            work = run_work.KINDS[run.kind](conn, run, subjects, means)
            if work.checks:
                checks.save(conn, work.checks, entries=[_made(run, work.checks)])
            store.advance(conn, run, stop=stop, results=work.results, summary=add_up(run.summary, work.summary))
            return store.get(conn, run.id)

    @contextmanager
    def _held(self, run_id: UUID) -> Iterator[Run]:
        with self.pool.connection() as conn, store.alone(conn, run_id):
            run = store.get(conn, run_id)
            conn.commit()
            yield run

    def _drafts(self, version_ids: list[int]) -> dict[str, DatasetVersion]:
        if not version_ids:
            raise InputError("没有指明要比对的数据版本。")
        with self.pool.connection() as conn:
            found = [versions.get(conn, version).dataset for version in dict.fromkeys(version_ids)]
        for dataset in found:
            if not is_shown(dataset):
                raise UnknownVersionError(f"没有数据版本 {dataset.version}。")
        layers = [dataset.layer for dataset in found]
        twice = sorted({catalog()[name].title for name in layers if layers.count(name) > 1})
        if twice:
            raise InputError(f"同一图层只能指明一个版本：{'、'.join(twice)}。")
        return {dataset.layer: dataset for dataset in found}


def _made(run: Run, made: Sequence[StoredCheck]) -> Entry:
    """The one entry in the audit of the checks that a chunk of a run stores."""
    written = audit.digest([[check.id, sha256(check.report)] for check in made])
    return Entry(action="checks.make", object=f"run/{run.id}", after=written, details={"checks": len(made), "start": run.done})


def _stored(conn: psycopg.Connection[Any], judging: Judging, footing: Footing, *, pack_id: str) -> Noted:
    return run_subjects.stored_checks(conn, pack_id=pack_id)
