from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import many_batches
import numpy as np
import planning
import pytest
import shapely

from spatial import permit
from spatial.batches import spatial_order
from spatial.lazy import lazy


def test_neighbours_stand_together_and_nobody_is_lost():
    rng = np.random.default_rng(1)
    points = rng.uniform(0, 10_000, (2_000, 2))
    boxes = shapely.box(points[:, 0], points[:, 1], points[:, 0] + 10, points[:, 1] + 10)
    order = spatial_order(boxes)
    assert sorted(order) == list(range(2_000))
    steps = np.linalg.norm(np.diff(points[order], axis=0), axis=1)
    assert np.median(steps) < np.median(np.linalg.norm(np.diff(points, axis=0), axis=1)) / 10


def test_empty_subjects_come_last():
    boxes = np.array([shapely.Polygon(), shapely.box(0, 0, 1, 1), shapely.Polygon(), shapely.box(5, 5, 6, 6)], dtype=object)
    assert list(spatial_order(boxes)) == [1, 3, 0, 2]


def test_two_threads_work_out_their_lazy_answers_at_the_same_time():
    both = threading.Barrier(2, timeout=60)

    class Slow:
        @lazy
        def answer(self) -> int:
            return both.wait() * 0 + 42

    found: list[int] = []
    workers = [threading.Thread(target=lambda: found.append(Slow().answer)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [42, 42]


def test_a_lazy_answer_is_worked_out_once():
    class Counted:
        count = 0

        @lazy
        def answer(self) -> int:
            self.count += 1
            return self.count

    counted = Counted()
    assert (counted.answer, counted.answer) == (1, 1)


def _scattered(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(7)
    return [planning.application(planning.here(*rng.uniform(-850, 850, size=2)), case_no=f"S-{row}") for row in range(count)]


def test_a_large_batch_gives_the_bytes_of_single_checks_in_the_order_of_the_applications():
    count = permit.CHUNK + 300
    applications = _scattered(count)
    checks = planning.checked(applications, threads=2)
    assert len(checks) == len(checks.verdicts) == count
    for row in (0, 1, 2, permit.CHUNK - 1, permit.CHUNK, count - 1):
        alone = planning.checked([applications[row]])
        assert checks.report_bytes(row) == alone.report_bytes(0)
        assert checks.verdict(row) == checks.verdicts[row] == alone.verdict(0)
        assert checks.outcomes("HB-004")[row] == alone.outcomes("HB-004")[0]
        assert [side[row] for side in checks.numbers("basic_farmland_m2")] == [side[0] for side in alone.numbers("basic_farmland_m2")]
        assert (checks.ranks[:, row] == alone.ranks[:, 0]).all()


def test_two_threads_over_the_same_pieces_never_crash_and_always_say_the_same():
    program = Path(many_batches.__file__)
    paths = os.pathsep.join([str(program.parent), str(Path(permit.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, str(program)], env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = done.stdout.split()
    assert len(told) == many_batches.RUNS
    assert len(set(told)) == 1


def test_a_place_outside_a_batch_is_no_place():
    checks = planning.checked(_scattered(3))
    with pytest.raises(IndexError):
        checks.verdict(3)
    with pytest.raises(IndexError):
        checks.verdict(-1)
