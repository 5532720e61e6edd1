"""Settlement sites: where people live, how large each place is, which way it faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from layers.demo.divisions import Divisions
from layers.demo.facts import COUNTY_SEAT, PARK
from layers.demo.grid import Floats, Ints
from layers.demo.spread import spread_points
from layers.demo.terrain import Terrain
from layers.demo.waters import Reservoirs

RURAL, TOWN, COUNTY_TOWN, INDUSTRY = 0, 1, 2, 3


@dataclass(frozen=True)
class Sites:
    """Settlements with centre, village, kind (rural, town, county town, industry), and weight: the area each should have in m²."""

    xy: Floats
    village: Ints
    kind: Ints
    area_m2: Floats


def choose_sites(
    terrain: Terrain, divisions: Divisions, reservoirs: Reservoirs, *, count: int, area_m2: float, rng: np.random.Generator
) -> Sites:
    """Spread settlements along valleys, at least one in every village; areas add up to `area_m2` in square metres."""
    centres, kinds, areas = _towns(divisions, area_m2)
    grid = terrain.grid
    dry = reservoirs.locate(grid.xy, spare_m=180.0) < 0
    chance = _habitable(terrain) * terrain.inside * dry
    for centre, area in zip(centres, areas, strict=True):
        chance[np.hypot(*(grid.xy - centre).T) < 1.15 * np.sqrt(area / np.pi) + 260] = 0
    shaken = grid.xy + rng.uniform(-60, 60, grid.xy.shape)
    rural = shaken[spread_points(shaken, chance, count=count - len(centres), apart=345, rng=rng, taken=centres)]
    rural = np.vstack([rural, _missing(divisions, np.vstack([centres, rural]), shaken, chance)])
    size = rng.lognormal(0, 0.62, len(rural)) * (0.55 + _habitable_at(terrain, rural))
    size[cKDTree(rural).query(divisions.centres)[1]] *= 1.9
    size = np.clip(size / np.median(size), 0.22, 4.5)
    size *= (area_m2 - areas.sum()) / size.sum()
    xy = np.vstack([centres, rural])
    return Sites(
        xy=xy,
        village=divisions.locate(xy),
        kind=np.concatenate([kinds, np.full(len(rural), RURAL)]),
        area_m2=np.concatenate([areas, size]),
    )


def _habitable(terrain: Terrain) -> Floats:
    near = np.clip((terrain.river_m - 130) / 180, 0, 1) * np.exp(-np.maximum(terrain.river_m - 500, 0) / 1100)
    return np.asarray((near + 0.04) * np.exp(-terrain.slope / 0.055) * np.exp(-np.maximum(terrain.height_m - 70, 0) / 420))


def _habitable_at(terrain: Terrain, xy: Floats) -> Floats:
    return terrain.grid.sample(_habitable(terrain), xy)


def _towns(divisions: Divisions, area_m2: float) -> tuple[Floats, Ints, Floats]:
    """Return centres, kinds and areas of the county town, the industrial park and the town seats."""
    villages = divisions.villages
    chosen = villages["is_town_seat"].to_numpy() | (villages["town_code"] == PARK).to_numpy()
    kinds = np.where(villages["town_code"] == PARK, INDUSTRY, np.where(villages["town_code"] == COUNTY_SEAT, COUNTY_TOWN, TOWN))
    share = {COUNTY_TOWN: 0.19, INDUSTRY: 0.04, TOWN: 0.011}
    areas = np.array([share[int(kind)] for kind in kinds]) * area_m2
    return divisions.centres[chosen], kinds[chosen], areas[chosen]


def _missing(divisions: Divisions, xy: Floats, candidates: Floats, chance: Floats) -> Floats:
    """Return a site for every village that has none yet: the best place near its centre."""
    empty = np.setdiff1d(np.arange(len(divisions.villages)), divisions.locate(xy))
    extra = []
    for village in empty:
        away = np.hypot(*(candidates - divisions.centres[village]).T)
        extra.append(candidates[int(np.argmax((chance + 1e-4) * np.exp(-away / 300)))] if away.min() < 400 else divisions.centres[village])
    return np.array(extra).reshape(-1, 2)


def axis_angles(xy: Floats, lines_xy: Floats, lines_angle: Floats, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the direction in radians each settlement is laid out in: that of the nearest way, a little off."""
    nearest = cKDTree(lines_xy).query(xy)[1]
    return lines_angle[nearest] + rng.normal(0, 0.06, len(xy))
