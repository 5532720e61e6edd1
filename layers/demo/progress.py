"""Twenty-four months of invented clean-up figures (农村人居环境整治) by village."""

from __future__ import annotations

import numpy as np
import pandas as pd

MONTHS = pd.date_range("2024-12-01", "2026-11-01", freq="MS")

_INDICATORS: dict[str, tuple[str, tuple[float, float], float]] = {
    "R01": ("month", (0.62, 0.90), 0.12),
    "R03": ("month", (0.70, 1.00), 0.15),
    "R05": ("quarter", (0.30, 0.70), 0.25),
    "R09": ("year", (0.16, 0.30), 0.04),
    "R10": ("quarter", (0.30, 0.60), 0.25),
    "R13": ("half-year", (0.0, 0.0), -0.03),
    "R15a": ("month", (0.70, 0.95), 0.10),
    "R15b": ("month", (0.55, 0.85), 0.12),
}
"""Cadence, range of the rate at the start, and its change over the two years. R15 is kept weekly and reported by month."""

_DUE = {"month": range(1, 13), "quarter": (3, 6, 9, 12), "half-year": (6, 12), "year": (12,)}
_UNREPORTED = 0.03


def progress_figures(villages: pd.DataFrame, footprint_m2: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Return village_code, indicator, period (first day of the month, text), numerator, denominator.

    Rows exist only for months the indicator's cadence asks for; about three in a hundred are not reported: the row is absent,
    as it is where there is nothing to count.
    """
    parts = []
    problems = rng.integers(4, 19, (len(villages), len(MONTHS))).astype(float)
    for indicator, (cadence, start, gain) in _INDICATORS.items():
        months = [month for month in MONTHS if month.month in _DUE[cadence]]
        share = np.array([(month - MONTHS[0]).days for month in months]) / (MONTHS[-1] - MONTHS[0]).days
        rate = rng.uniform(*start, len(villages))[:, None] + gain * share[None] * rng.uniform(0.4, 1.5, (len(villages), 1))
        rate = np.clip(rate + rng.normal(0, 0.008, rate.shape), 0, 1)
        parts.append(_table(indicator, villages, months, rate, _denominator(indicator, villages, footprint_m2, len(months), problems)))
    table = pd.concat(parts, ignore_index=True)
    _keep_on_time_below_closed(table)
    table = table[table["denominator"] > 0]
    return table[rng.uniform(0, 1, len(table)) >= _UNREPORTED].reset_index(drop=True)


def _denominator(indicator: str, villages: pd.DataFrame, footprint_m2: np.ndarray, months: int, problems: np.ndarray) -> np.ndarray:
    resident = pd.to_numeric(villages["hh_resident"]).fillna(150).to_numpy(dtype=float)
    houses = pd.to_numeric(villages["houses"]).fillna(200).to_numpy(dtype=float)
    hamlets = np.clip(np.rint(houses / 38), 2, 30)
    if indicator in ("R15a", "R15b"):
        return problems
    base = {"R03": hamlets, "R05": hamlets, "R09": np.rint(footprint_m2), "R13": houses}.get(indicator, resident)
    return np.repeat(base[:, None], months, axis=1)


def _table(indicator: str, villages: pd.DataFrame, months: list[pd.Timestamp], rate: np.ndarray, denominator: np.ndarray) -> pd.DataFrame:
    if indicator == "R13":
        vacant = pd.to_numeric(villages["houses_vacant"]).fillna(45).to_numpy(dtype=float)
        houses = pd.to_numeric(villages["houses"]).fillna(200).to_numpy(dtype=float)
        rate = np.clip((vacant / houses)[:, None] + 0.03 + rate, 0.01, 0.95)
    return pd.DataFrame(
        {
            "village_code": np.repeat(villages["ZLDWDM"].to_numpy(), len(months)),
            "indicator": indicator,
            "period": np.tile([month.strftime("%Y-%m-%d") for month in months], len(villages)),
            "numerator": np.rint(rate * denominator).ravel(),
            "denominator": denominator.ravel(),
        }
    )


def _keep_on_time_below_closed(table: pd.DataFrame) -> None:
    """A problem closed on time is closed: R15b never exceeds R15a (same problems, same month)."""
    closed, on_time = (table["indicator"] == name for name in ("R15a", "R15b"))
    table.loc[on_time, "numerator"] = np.minimum(table.loc[on_time, "numerator"].to_numpy(), table.loc[closed, "numerator"].to_numpy())
