from __future__ import annotations

import threading

import numpy as np
import shapely

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
    both = threading.Barrier(2, timeout=10)

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
