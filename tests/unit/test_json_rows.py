"""Rows as JSON objects put together by Arrow: the bytes are those that each row by itself would have, whatever is missing in it."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.columns import Column
from layers.json_rows import JsonRows

VALUES = {
    "MC": st.none() | st.text(max_size=5),
    "MJ": st.none() | st.floats(allow_nan=False, allow_infinity=False).map(lambda number: number + 0.0),  # no -0.0: it equals 0.0
    "SL": st.none() | st.integers(-9, 9),
}


def column(values: list) -> Column:
    distinct = list(dict.fromkeys(values))
    of = np.array([distinct.index(value) for value in values], dtype=np.int64)
    read = np.empty(len(distinct), dtype=object)
    read[:] = distinct
    return Column(item=None, of=of, raw=distinct, read=read, wrong=[None] * len(distinct))


def expected(row: dict) -> bytes:
    return orjson.dumps({name: value for name, value in row.items() if value is not None})


@given(st.sets(st.sampled_from(sorted(VALUES))), st.data())
def test_every_row_is_written_as_by_itself(names, data):
    count = data.draw(st.integers(0, 6))
    told = {name: data.draw(st.lists(VALUES[name], min_size=count, max_size=count)) for name in sorted(names)}
    rows = JsonRows({name: column(values) for name, values in told.items()}, count)
    wanted = data.draw(st.lists(st.integers(0, count - 1), max_size=8)) if count else []
    found = rows.of(np.array(wanted, dtype=np.int64)).to_pylist()
    assert found == [expected({name: values[row] for name, values in told.items()}) for row in wanted]


@pytest.mark.parametrize("names", [["MC"], ["MC", "MJ"], []])
def test_a_row_in_which_all_is_missing_keeps_its_place(names):
    told = {"MC": ["甲", None, "乙"], "MJ": [1.5, None, None]}
    rows = JsonRows({name: column(told[name]) for name in names}, 3)
    found = rows.of(np.arange(3)).to_pylist()
    assert found == [expected({name: told[name][row] for name in names}) for row in range(3)]
    assert found[1] == b"{}"
