"""Progress of the rural clean-up: figures by village, rolled up to town and county with how complete they are.

A village that has not reported (未报) is never zero: it takes no part in a sum, and what it would have brought stays open.
Rates roll up as Σ numerators ÷ Σ denominators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spatial.errors import CuntuError, InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Texts = NDArray[Any]


class EmptyRosterError(CuntuError):
    """应报名单是空的：没有加载村级调查区，无法知道哪些村应报。"""


@dataclass(frozen=True)
class Roster:
    """The villages that have to report, with their towns: n entries each. Denominators are lists, not numbers."""

    village_codes: Texts
    village_names: Texts
    town_codes: Texts
    town_names: Texts
    county_code: str
    county_name: str

    def __post_init__(self) -> None:
        if len(self.village_codes) == 0:
            raise EmptyRosterError
        codes, counts = np.unique(self.village_codes.astype(str), return_counts=True)
        if (counts > 1).any():
            raise InputError(problems=[f"应报名单：村代码 {code} 出现两次" for code in codes[counts > 1]])

    def __len__(self) -> int:
        return len(self.village_codes)


@dataclass(frozen=True)
class Figures:
    """What the villages of a roster reported for one indicator and one period; NaN is not reported (未报).

    `unlisted` are the codes of figures whose village is not on the roster: they take no part, and are named.
    `synthetic` says that some of them are made up (示例数据).
    """

    numerator: Floats
    denominator: Floats
    unlisted: tuple[str, ...] = ()
    synthetic: bool = False

    @classmethod
    def align(
        cls, roster: Roster, *, codes: Sequence[str], numerators: Sequence[Any], denominators: Sequence[Any], synthetic: bool = False
    ) -> Figures:
        """Bring reported figures into the roster's order. A figure with one of its two numbers missing is not reported.

        Raises InputError where a village comes twice, or a number is negative or not finite.
        """
        values = np.column_stack([np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)]).reshape(-1, 2)
        refused = [f"村 {code}：数字为负或无穷" for code, pair in zip(codes, values, strict=True) if (pair < 0).any() or np.isinf(pair).any()]
        if len(set(codes)) != len(codes):
            refused.append("同一个村报了两次")
        if refused:
            raise InputError(problems=refused)
        rows = {code: row for row, code in enumerate(roster.village_codes)}
        aligned = np.full((len(roster), 2), np.nan)
        listed = [index for index, code in enumerate(codes) if code in rows]
        aligned[[rows[codes[index]] for index in listed]] = values[listed]
        aligned[np.isnan(aligned).any(axis=1)] = np.nan
        return cls(aligned[:, 0], aligned[:, 1], tuple(sorted(set(codes) - set(rows))), synthetic)


@dataclass(frozen=True)
class Units:
    """Figures of n units (villages, towns or the county). Sums run over what was reported; where nothing was, they are NaN.

    `rate_sum` is the sum of the village rates and `rated` the number of villages that have one (a denominator of zero
    means that the village has nothing to count). `due` and `reported` count villages.
    """

    codes: Texts
    names: Texts
    numerator: Floats
    denominator: Floats
    rate_sum: Floats
    rated: Ints
    reported: Ints
    due: Ints

    @property
    def rate(self) -> Floats:
        """Σ numerators ÷ Σ denominators (0–1); NaN where nothing was reported or there is nothing to count."""
        return _divide(self.numerator, self.denominator)

    @property
    def mean_rate(self) -> Floats:
        """The mean of the village rates (0–1), each village weighing the same; NaN where there is none."""
        return _divide(self.rate_sum, self.rated.astype(np.float64))

    @property
    def complete(self) -> NDArray[np.bool_]:
        """Whether every village that has to report has done so."""
        return np.equal(self.reported, self.due)

    @property
    def completeness(self) -> list[str]:
        """How complete each figure is: `18/20`."""
        return [f"{reported}/{due}" for reported, due in zip(self.reported, self.due, strict=True)]

    def __len__(self) -> int:
        return len(self.codes)

    def merge(self, parent_codes: Texts, parent_names: Texts) -> Units:
        """Roll up to the units' parents, given for each unit; parents come in the order of their codes."""
        codes, first, group = np.unique(parent_codes.astype(str), return_index=True, return_inverse=True)
        reported = self.reported > 0

        def total(values: Floats) -> Floats:
            return np.bincount(group, weights=np.where(reported, values, 0.0), minlength=len(codes)).astype(np.float64)

        def count(values: Ints) -> Ints:
            return np.bincount(group, weights=values, minlength=len(codes)).astype(np.int64)

        counted = count(self.reported)
        numerator, denominator, rate_sum = (
            np.where(counted > 0, total(values), np.nan) for values in (self.numerator, self.denominator, self.rate_sum)
        )
        return Units(codes.astype(object), parent_names[first], numerator, denominator, rate_sum, count(self.rated), counted, count(self.due))


def villages(roster: Roster, figures: Figures) -> Units:
    """Return the figures of the villages of a roster, each a unit of its own."""
    reported = ~np.isnan(figures.numerator)
    rates = _divide(figures.numerator, figures.denominator)
    return Units(
        roster.village_codes,
        roster.village_names,
        figures.numerator,
        figures.denominator,
        np.where(reported, np.nan_to_num(rates), np.nan),
        (~np.isnan(rates)).astype(np.int64),
        reported.astype(np.int64),
        np.ones(len(roster), dtype=np.int64),
    )


def towns(roster: Roster, of_villages: Units) -> Units:
    """Roll the villages of a roster up to their towns."""
    return of_villages.merge(roster.town_codes, roster.town_names)


def county(roster: Roster, units: Units) -> Units:
    """Roll villages or towns up to the county, always one unit."""
    names = np.full(len(units), roster.county_name, dtype=object)
    return units.merge(np.full(len(units), roster.county_code, dtype=object), names)


def percent(rate: float) -> float:
    """Round a share to per cent with two decimals, half up (四舍五入). For showing and ranking only: lines are judged unrounded."""
    return float(np.floor(rate * 10_000 + 0.5 + 1e-9) / 100)


def ranks(values: Floats, *, ranked: NDArray[np.bool_], better: str) -> list[int | None]:
    """Rank by per cent with two decimals: equal values share a rank, and the next rank is left out (1, 1, 3).

    Only the `ranked` take part. The caller leaves out units that have not fully reported: else hiding a poor village would help.
    """
    sign = 1 if better == "higher" else -1
    shown = [sign * percent(value) if take else None for value, take in zip(values, ranked, strict=True)]
    return [None if own is None else 1 + sum(1 for other in shown if other is not None and other > own) for own in shown]


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    quotient = np.full(len(numerator), np.nan)
    np.divide(numerator, denominator, out=quotient, where=denominator > 0)
    return quotient
