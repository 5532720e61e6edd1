"""Facts: measured or declared values of every subject, as intervals.

A number is kept as the interval [low, high] of what it may be, given what is not known: a missing layer, a part outside the
coverage, a feature without the attribute a rule asks for. Taking data away can only widen an interval, so no condition over
facts can be turned from "unknown" to "holds" by it: missing data never helps, by construction.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spatial.layer import DatasetVersion
from spatial.measures import Bools, Floats
from spatial.rules.model import FactSpec
from spatial.rules.parameters import Value

Reason = Callable[[int], str | None]
Shape = Callable[[int], Any]


def _nothing(_: int) -> None:
    return None


@dataclass(eq=False, slots=True)
class Fact:
    """One fact of n subjects; never changed once it is made (frozen it would take four times as long to make, and a check makes seventy).

    Numbers and booleans (0, 1) have `low` and `high`; categories have `values`, None where unknown. `reason(i)` says why subject
    i's value is not known exactly; `geometry(i)` is what caused it, in the storage CRS; `threshold(i)` and `shown(i)` serve
    facts that carry their own limit (a clearance is a distance against the distance required for that class of road).
    """

    name: str
    spec: FactSpec
    low: Floats | None = None
    high: Floats | None = None
    values: Any = None
    dataset: DatasetVersion | None = None
    error: Bools | None = None
    reason: Reason = _nothing
    geometry: Shape = _nothing
    threshold: Callable[[int], tuple[float, Value] | None] = _nothing
    shown: Callable[[int], float | None] | None = None
    detail: Callable[[int], str | None] = _nothing
    estimated: Callable[[int], bool] = lambda _: False
    version: str | None = None

    def known(self, row: int) -> bool:
        """Tell whether subject `row`'s value is known exactly."""
        if self.values is not None:
            return self.values[row] is not None
        assert self.low is not None and self.high is not None
        low = float(self.low[row])
        return low == float(self.high[row]) and math.isfinite(low)

    def number(self, row: int) -> float | None:
        """The measured value of one subject: exact, or the part that is certain; None where nothing is known."""
        if self.low is None or self.high is None:
            return None
        if self.shown is not None:
            return self.shown(row)
        low = float(self.low[row])
        return low if math.isfinite(low) and (low > 0 or low == float(self.high[row])) else None

    def category(self, row: int) -> Any:
        """The category of one subject, or None."""
        return self.values[row] if self.values is not None else None


def exact(name: str, spec: FactSpec, values: Floats, **more: Any) -> Fact:
    """Make a fact from numbers; NaN is "not known"."""
    missing = np.isnan(values)
    low, high = np.where(missing, -np.inf, values), np.where(missing, np.inf, values)
    return Fact(name, spec, low=low, high=high, **more)


def unknown(name: str, spec: FactSpec, count: int, *, reason: Reason, **more: Any) -> Fact:
    """Make a fact of which nothing is known."""
    if spec.unit == "code":
        return Fact(name, spec, values=np.full(count, None, dtype=object), reason=reason, **more)
    return Fact(name, spec, low=np.full(count, -np.inf), high=np.full(count, np.inf), reason=reason, **more)
