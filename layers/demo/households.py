"""Invented households: numbers only, no names."""

from __future__ import annotations

import numpy as np
import pandas as pd


def household_list(buildings: pd.DataFrame, villages: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return household_id, village_code, persons, resident, zddm (parcel code): one household for each inhabited homestead."""
    homes = buildings.loc[buildings["ZDDM"].notna() & (buildings["vacant"] != True), ["ZLDWDM", "ZDDM"]]  # noqa: E712  None is unknown
    count = len(homes)
    code = homes["ZLDWDM"].to_numpy()
    known = dict(zip(villages["ZLDWDM"], pd.to_numeric(villages["hh_resident"]) / villages["households"].astype(float), strict=True))
    share = np.array([known[village] for village in code], dtype=float)
    return pd.DataFrame(
        {
            "household_id": [f"HH{number:07d}" for number in range(1, count + 1)],
            "village_code": code,
            "persons": rng.choice([1, 2, 3, 4, 5, 6, 7], count, p=[0.10, 0.20, 0.20, 0.23, 0.15, 0.09, 0.03]),
            "resident": rng.uniform(0, 1, count) < np.nan_to_num(share, nan=0.6),
            "zddm": homes["ZDDM"].to_numpy(),
        }
    )
