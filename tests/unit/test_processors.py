"""Which processor a worker keeps to."""

from __future__ import annotations

import os
import threading

import pytest

from api.processes.duties import give_way_to_short_tasks, keep_to_one_processor


def kept_to(monkeypatch, *, usable, workers):
    kept = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(usable))
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, chosen: kept.append(chosen))
    for number in range(workers):
        keep_to_one_processor(number, of=workers)
    return kept


@pytest.mark.parametrize(
    ("usable", "workers", "expected"),
    [
        ([0, 1], 2, [{0}, {1}]),
        ([2, 5, 7], 3, [{2}, {5}, {7}]),
        ([0, 1], 4, [{0}, {1}, {0}, {1}]),
        ([0, 1, 2, 3], 2, []),
        ([3], 2, []),
        ([0, 1], 1, []),
    ],
)
def test_each_worker_keeps_to_a_processor_where_there_is_one_for_every_processor(monkeypatch, usable, workers, expected):
    assert kept_to(monkeypatch, usable=usable, workers=workers) == expected


def test_where_it_is_not_allowed_the_worker_goes_without(monkeypatch):
    def refuse(_, __):
        raise PermissionError("not here")

    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    keep_to_one_processor(0, of=2)


def test_a_worker_and_its_threads_give_way_to_short_tasks():
    policies = []

    def look():
        policies.append(os.sched_getscheduler(0))

    def work():
        give_way_to_short_tasks()
        look()
        helper = threading.Thread(target=look)
        helper.start()
        helper.join()

    before = os.sched_getscheduler(0)
    worker = threading.Thread(target=work)
    worker.start()
    worker.join()
    look()
    assert policies == [os.SCHED_BATCH, os.SCHED_BATCH, before]
