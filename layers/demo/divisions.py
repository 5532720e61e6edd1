"""Towns and villages as regions of the plane: who a point belongs to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from layers.demo.facts import COUNTY_SEAT, PARK
from layers.demo.grid import Floats, Ints
from layers.demo.noise import Noise
from layers.demo.terrain import Terrain


@dataclass(frozen=True)
class Divisions:
    """Village k is row k of `villages` (code, name, town_code, town, unit_type, is_town_seat) with its centre `centres[k]`."""

    villages: pd.DataFrame
    centres: Floats
    seats: Floats
    weights: Floats
    town_of: Ints
    warp: tuple[Noise, Noise]

    def locate(self, xy: Floats) -> Ints:
        """Return the village each point lies in, before borders are drawn along patches."""
        bent = self._bend(xy)
        town = _power(bent, self.seats, self.weights)
        village = np.zeros(len(xy), dtype=np.int64)
        bent_centres = self._bend(self.centres)
        for number in range(len(self.seats)):
            here, members = town == number, np.flatnonzero(self.town_of == number)
            village[here] = members[cKDTree(bent_centres[members]).query(bent[here])[1]]
        return village

    def _bend(self, xy: Floats) -> Floats:
        return _bend(xy, self.warp)


def _bend(xy: Floats, warp: tuple[Noise, Noise]) -> Floats:
    return xy + 420 * np.column_stack([warp[0](xy), warp[1](xy)])


def _power(points: Floats, seats: Floats, weights: Floats) -> Ints:
    squared = ((points[:, None, :] - seats[None]) ** 2).sum(axis=2) - weights
    return np.asarray(squared.argmin(axis=1))


def divide(terrain: Terrain, towns: pd.DataFrame, villages: pd.DataFrame, rng: np.random.Generator) -> Divisions:
    """Share the county out among its towns by their number of villages, and each town among its villages."""
    warp = (Noise(rng, wavelength_m=3600, octaves=4), Noise(rng, wavelength_m=3600, octaves=4))
    seats = towns[["x", "y"]].to_numpy(dtype=float)
    codes = list(towns["code"])
    park = villages["town_code"] == PARK
    town_of = np.array([codes.index(COUNTY_SEAT if is_park else code) for is_park, code in zip(park, villages["town_code"], strict=True)])
    points = terrain.grid.xy[terrain.inside]
    bent, bent_seats = _bend(points, warp), _bend(seats, warp)
    weights = _balance(bent, bent_seats, np.bincount(town_of, minlength=len(seats)).astype(np.float64) ** 0.8)
    town = _power(bent, bent_seats, weights)
    low = np.exp(-(terrain.height_m[terrain.inside] - 60) / 220)
    ranked = _seat_first(villages, towns, town_of)
    centres = np.zeros((len(villages), 2))
    is_seat = np.zeros(len(villages), dtype=bool)
    for number, code in enumerate(codes):
        members = ranked[town_of[ranked] == number]
        fixed = _fixed_centres(villages.iloc[members], towns.iloc[number], code, rng)
        here = town == number
        draw = low[here] * _crowding(points[here], seats[number], code)
        centres[members] = _settle(points[here], draw, len(members), fixed, rng)
        is_seat[members[0]] = True
    frame = villages.assign(is_town_seat=is_seat).reset_index(drop=True)
    return Divisions(villages=frame, centres=centres, seats=bent_seats, weights=weights, town_of=town_of, warp=warp)


def _crowding(points: Floats, seat: Floats, code: str) -> Floats:
    """Return how much denser villages lie near the county town than elsewhere."""
    away = np.hypot(*(points - seat).T)
    return np.asarray(1 + (14.0 if code == COUNTY_SEAT else 1.0) * np.exp(-away / 2600))


def _seat_first(villages: pd.DataFrame, towns: pd.DataFrame, town_of: Ints) -> Ints:
    """Return the villages ordered so that communities come first, then the village called after its town."""
    stem = towns["town" if "town" in towns else "name"].str[:-1].to_numpy()[town_of]
    called = np.array([str(name).startswith(str(town)) for name, town in zip(villages["short_name"], stem, strict=True)])
    rank = np.where(villages["unit_type"] != "行政村", 0, np.where(called, 1, 2))
    return np.argsort(rank, kind="stable")


def _balance(points: Floats, seats: Floats, shares: Floats) -> Floats:
    """Return power-diagram weights that give every seat about its share of the points, and its own place for certain."""
    weights = np.zeros(len(seats))
    target = shares / shares.sum() * len(points)
    apart = ((seats[:, None] - seats[None]) ** 2).sum(axis=2)
    reach = np.ptp(points, axis=0).prod() / len(seats)
    for step in np.linspace(0.35, 0.05, 25):
        count = np.bincount(_power(points, seats, weights), minlength=len(seats))
        weights += step * reach * np.clip((target - count) / target, -1, 1)
        weights = np.maximum(weights, (weights[None] - 0.6 * apart).max(axis=1))
        weights -= weights.mean()
    return weights


def _fixed_centres(members: pd.DataFrame, town: pd.Series, code: str, rng: np.random.Generator) -> Floats:
    seat = np.array([town["x"], town["y"]], dtype=float)
    if code != COUNTY_SEAT:
        return seat[None] + 60.0
    count = int((members["unit_type"] != "行政村").sum())
    turn = np.arange(count) * 2.399963 + 0.4
    radius = 620 * np.sqrt(np.arange(count) + 0.3)
    spiral = seat + np.column_stack([radius * np.cos(turn), radius * np.sin(turn)]) + rng.normal(0, 60, (count, 2))
    spiral[(members["town_code"] == PARK).to_numpy()[:count]] = seat + np.array([3600.0, 1500.0])
    return np.asarray(spiral)


def _settle(points: Floats, low: Floats, count: int, fixed: Floats, rng: np.random.Generator) -> Floats:
    """Place `count` centres: the fixed ones first, the others drawn to low ground and evenly spread (Lloyd)."""
    free = count - len(fixed)
    if free <= 0:
        return fixed[:count]
    centres = np.vstack([fixed, points[rng.choice(len(points), free, replace=False, p=low / low.sum())]])
    for _ in range(8):
        nearest = cKDTree(centres).query(points)[1]
        mass = np.maximum(np.bincount(nearest, low, minlength=count), 1e-9)
        mean = np.column_stack([np.bincount(nearest, low * points[:, axis], minlength=count) / mass for axis in (0, 1)])
        filled = (mass > 1e-6) & (np.arange(count) >= len(fixed))
        centres[filled] = mean[filled]
    return centres
