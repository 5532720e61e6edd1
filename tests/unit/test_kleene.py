"""Kleene's logic of what is not known."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spatial.logic import FALSE, TRUE, UNKNOWN, all_of, any_of, negate, truth

truths = st.lists(st.sampled_from([TRUE, UNKNOWN, FALSE]), min_size=4, max_size=4).map(lambda values: np.array(values, dtype=np.int8))


@given(truths, truths, truths)
def test_kleenes_laws(a: Any, b: Any, c: Any) -> None:
    def same(left: Any, right: Any) -> None:
        np.testing.assert_array_equal(left, right)

    same(negate(negate(a)), a)
    same(negate(all_of([a, b])), any_of([negate(a), negate(b)]))
    same(negate(any_of([a, b])), all_of([negate(a), negate(b)]))
    same(all_of([a, b]), all_of([b, a]))
    same(any_of([a, all_of([b, c])]), all_of([any_of([a, b]), any_of([a, c])]))
    same(all_of([a, any_of([a, b])]), a)
    same(all_of([a, b, c]), all_of([all_of([a, b]), c]))


@given(truths, truths, st.data())
def test_knowing_less_never_decides_otherwise(a: Any, b: Any, data: st.DataObject) -> None:
    """Replace any value by "unknown": an answer may become unknown, it never turns round."""
    hidden = np.where(data.draw(st.lists(st.booleans(), min_size=4, max_size=4)), UNKNOWN, a)
    for join in (all_of, any_of):
        full, less = join([a, b]), join([hidden, b])
        assert np.all((less == full) | (less == UNKNOWN))
    assert np.all((negate(hidden) == negate(a)) | (hidden == UNKNOWN))


def test_the_table_of_kleene() -> None:
    t, u, f = TRUE, UNKNOWN, FALSE
    a, b = np.array([t, t, t, u, u, u, f, f, f], dtype=np.int8), np.array([t, u, f] * 3, dtype=np.int8)
    assert all_of([a, b]).tolist() == [t, u, f, u, u, f, f, f, f]
    assert any_of([a, b]).tolist() == [t, t, t, t, u, u, t, u, f]
    assert truth(np.array([True, False, False]), np.array([False, True, False])).tolist() == [t, f, u]
