"""What the processes of the service do: a worker answers requests, the one for jobs does what is queued."""

from __future__ import annotations

import gc
import os
import random
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg

from api.access.epoch import Epoch
from api.app import create_app
from api.audit.keeper import AuditKeeper
from api.checks.checking import Checker
from api.checks.desk import rehearse
from api.deliveries.desk import tidy_up
from api.holding import Holding, settle
from api.jobs import Runner, Workshop
from api.logs import call_process
from api.metrics.counts import Counts
from api.metrics.prometheus import note_state
from api.moment import Moment
from api.processes.loads import Load
from api.processes.watchdog import Watchdog
from api.processes.worker import LEAVE, Worker
from api.settings import Settings
from api.shell.rates import Buckets
from api.snapshots import Snapshots
from api.work import KINDS
from layers import acting, database
from layers.roles import APP

Ready = Callable[[], None]

JOBS_NICENESS = 10
"""Jobs give way to requests where both want the processor."""

GARBAGE = (50_000, 10, 20)
"""When a worker looks for garbage (gc.set_threshold). A group of checks makes thousands of objects that go again by themselves: with Python's
700 each group was walked through while it was being judged, a tenth of its time. The last number is kept low, so that what is left behind
is found before it comes to much."""

LOOK_EVERY_S = 0.2
CONNECT_WITHIN_S = 5


@dataclass(frozen=True)
class Plan:
    """What is to run, and on what."""

    settings: Settings
    url: str
    workers: int
    listening: socket.socket
    on_ready: Callable[[], None]
    watchdog: Watchdog | None = None
    epoch: Epoch = field(default_factory=Epoch)
    counts: Counts = field(init=False)

    def __post_init__(self) -> None:
        """Have a place for every worker there may be at a time, and one for the master."""
        object.__setattr__(self, "counts", Counts(places=self.places + 1))

    @property
    def places(self) -> int:
        """So many workers there may be at a time: those that leave are still there when others begin."""
        return 4 * self.workers
    buckets: Buckets = field(default_factory=Buckets)


def answer(plan: Plan, holding: Holding, load: Load, ready: Ready, *, number: int) -> None:
    """Answer requests until told to leave or to stop, with the layers that the master held when it forked this process."""
    keep_to_one_processor(number, of=plan.workers)
    give_way_to_short_tasks()
    acting.begin(acting.NOBODY)
    call_process(f"worker-{load.place}")
    random.seed()
    gc.set_threshold(*GARBAGE)
    settings = plan.settings.model_copy(update={"tile_cache_bytes": plan.settings.tile_cache_bytes // plan.workers})
    app = create_app(settings, database_url=plan.url, holding=holding, epoch=plan.epoch, counts=plan.counts, place=load.place, buckets=plan.buckets)
    Worker(app, plan.listening, load, on_ready=ready, each_second=lambda: note_state(app.state, app.state.tally)).run()


def keep_to_one_processor(number: int, *, of: int) -> None:
    """Where there is a worker for every processor, have each keep to one: it finds there what it had in that one's cache.

    A worker that was moved at each wait for the database needed a quarter more processor time for the same checks.
    """
    usable = sorted(os.sched_getaffinity(0))
    if 1 < len(usable) <= of:
        with suppress(OSError):
            os.sched_setaffinity(0, {usable[number % len(usable)]})


def give_way_to_short_tasks() -> None:
    """Have this process interrupted by what has little to do: it computes for milliseconds on end, while the database needs a fraction of
    one to store what another worker waits for.

    With it 99 of 100 checks were stored within 23 ms, without it within 28 (the middle of three runs each).
    """
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def rehearse_in(plan: Plan, holding: Holding) -> None:
    """Have what the layers give rise to in memory before processes are forked, so that they share that, too. Starts no thread."""
    direct: Any = Direct(plan.url)
    snapshots = Snapshots(direct, epsg=plan.settings.epsg, enabled=plan.settings.snapshot, holding=holding)
    checker = Checker(direct, snapshots, plan.settings)
    rehearse(checker, checker.basis(Moment.now()))
    settle()


@dataclass(frozen=True)
class Direct:
    """Stands for a pool of connections where there must be no threads: each connection is made when it is asked for."""

    url: str

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection with a transaction that ends with the block."""
        with database.connect(self.url, role=APP, timeout_s=CONNECT_WITHIN_S) as conn:
            yield conn


def do_jobs(plan: Plan, holding: Holding, service_began: float, ready: Ready) -> None:
    """Do queued jobs until told to stop; told to leave, end after the job at hand."""
    told = {signal.SIGTERM, signal.SIGINT, LEAVE}
    signal.pthread_sigmask(signal.SIG_BLOCK, told)
    call_process("jobs")
    plan.listening.close()
    acting.begin(acting.SERVICE)
    random.seed()
    os.nice(JOBS_NICENESS)
    with database.pool(plan.url, role=APP, max_size=4) as pool:
        snapshots = Snapshots(pool, epsg=plan.settings.epsg, enabled=plan.settings.snapshot, holding=holding)
        workshop = Workshop(plan.settings, pool, snapshots, Checker(pool, snapshots, plan.settings))
        tidy_up(pool, plan.settings)
        runner = Runner(workshop, KINDS, service_began=service_began)
        runner.start()
        keeper = AuditKeeper(pool, plan.settings)
        keeper.start()
        ready()
        while runner.working:
            heard = signal.sigtimedwait(told, LOOK_EVERY_S)
            if heard is not None and heard.si_signo == LEAVE:
                runner.leave()
            elif heard is not None:
                runner.stop()
        keeper.stop()
