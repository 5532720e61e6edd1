"""What each cell of the county is used for: suitability decides, the official totals set the amounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.demo.cells import Cells
from layers.demo.facts import LAND_CLASSES
from layers.demo.grid import Floats, Ints
from layers.demo.noise import Noise
from layers.demo.seeds import PLOT, Seeds, field_score
from layers.demo.sites import COUNTY_TOWN, INDUSTRY, RURAL, Sites
from layers.demo.terrain import Terrain

FARM, GARDEN, WOOD, GRASS, BUILT, TRANSPORT, WATER, OTHER = LAND_CLASSES


@dataclass(frozen=True)
class Uses:
    """Survey code (DLBM) of each cell, its settlement site or -1, its reservoir or -1, and its class of the official totals."""

    code: NDArray[np.object_]
    site: Ints
    reservoir: Ints
    group: NDArray[np.object_]


def assign_uses(
    cells: Cells,
    seeds: Seeds,
    sites: Sites,
    terrain: Terrain,
    reservoir: Ints,
    inside: NDArray[np.bool_],
    targets: dict[str, float],
    *,
    river_m2: float,
    rng: np.random.Generator,
) -> Uses:
    """Give every cell a use so that planar areas meet `targets` (m² by official class) as nearly as cells allow."""
    net = np.maximum(cells.area_m2 - seeds.lost_m2, 0)
    group = np.full(cells.count, WOOD, dtype=object)
    free = inside.copy()
    group[(reservoir >= 0) & free] = WATER
    free &= reservoir < 0
    built = _take(seeds.depth, cells.area_m2, free & (seeds.depth < 1.22), targets[BUILT])
    group[built] = BUILT
    free &= ~built
    coarse, fine = Noise(rng, wavelength_m=900, octaves=3), Noise(rng, wavelength_m=240, octaves=2)
    rough, dots = coarse(seeds.xy), fine(seeds.xy)
    fertile = field_score(terrain, seeds.xy) - 0.10 * np.maximum(seeds.depth - 2, 0) / 4
    random = rng.uniform(0, 1, cells.count)
    pond_left = targets[WATER] - river_m2 - net[group == WATER].sum()
    ponds = _take(-(fertile + 0.5 * dots + 0.5 * random), net, free & (cells.area_m2 < 26_000) & (seeds.kind != PLOT), pond_left)
    group[ponds] = WATER
    free &= ~ponds
    slope = terrain.grid.sample(terrain.slope, seeds.xy)
    height = terrain.grid.sample(terrain.height_m, seeds.xy)
    for name, score in (
        (FARM, fertile + 0.13 * rough + 0.05 * dots),
        (OTHER, 0.5 * dots + 0.8 * random + 0.4 * fertile),
        (GARDEN, 0.5 * fertile + 0.55 * rough - np.abs(slope - 0.14) * 1.5),
        (GRASS, rough + 0.3 * dots + height / 500),
    ):
        chosen = _take(-score, net, free, targets[name])
        group[chosen] = name
        free &= ~chosen
    site = np.where(built, seeds.site, -1)
    code = _codes(group, seeds, sites, slope, rough, dots, random, reservoir, site)
    return Uses(code=code, site=site, reservoir=np.where(group == WATER, reservoir, -1), group=group)


def _take(score: Floats, area: Floats, allowed: NDArray[np.bool_], amount: float) -> NDArray[np.bool_]:
    """Return the allowed cells of lowest score whose areas add up to `amount`."""
    chosen = np.zeros(len(score), dtype=bool)
    candidates = np.flatnonzero(allowed)
    order = candidates[np.argsort(score[candidates], kind="stable")]
    chosen[order[: int(np.searchsorted(np.cumsum(area[order]), max(amount, 0)))]] = True
    return chosen


def _codes(
    group: NDArray[np.object_], seeds: Seeds, sites: Sites, slope: Floats, rough: Floats, dots: Floats, random: Floats, reservoir: Ints, site: Ints
) -> NDArray[np.object_]:
    code = np.full(len(group), "0301", dtype=object)
    code[(group == WOOD) & (dots > 0.9)] = "0302"
    code[(group == WOOD) & (dots < -1.15)] = "0305"
    code[(group == WOOD) & (rough > 1.5)] = "0307"
    code[group == FARM] = np.where(slope < 0.075 + 0.03 * rough, "0101", "0103")[group == FARM]
    code[(group == FARM) & (dots > 1.5)] = "0102"
    code[group == GARDEN] = np.where(rough > 0.8, "0202", np.where(dots > 0.5, "0204", "0201"))[group == GARDEN]
    code[group == GRASS] = np.where(dots > 1.2, "0401", "0404")[group == GRASS]
    code[group == WATER] = np.where(reservoir >= 0, "1103", np.where(random > 0.86, "1104A", "1104"))[group == WATER]
    code[group == OTHER] = np.select([random > 0.8, random > 0.62, random > 0.5], ["1202", "1206", "1207"], "1203")[group == OTHER]
    built = site >= 0
    code[built] = _built_codes(sites.kind[site[built]], seeds.depth[built], random[built], dots[built])
    return code


def _built_codes(kind: Ints, depth: Floats, random: Floats, dots: Floats) -> NDArray[np.object_]:
    centre = depth < 0.35
    rural = np.select(
        [random > 0.985, random > 0.972, random > 0.955, random > 0.93, (random > 0.915) & centre, random > 0.88],
        ["0601", "08H1", "08H2", "05H1", "0810A", "1201"],
        "0702",
    )
    town = np.select(
        [dots > 1.3, random > 0.94, random > 0.88, random > 0.80, centre & (random > 0.45)], ["0601", "08H1", "08H2", "05H1", "05H1"], "0701"
    )
    city = np.select(
        [dots > 1.5, random > 0.965, random > 0.93, random > 0.87, random > 0.84, random > 0.74, centre & (random > 0.4)],
        ["0601", "0809", "0810", "08H2", "08H1", "05H1", "05H1"],
        "0701",
    )
    park = np.select([random > 0.93, random > 0.86], ["0508", "05H1"], "0601")
    fringe = (depth > 0.8) & (random < 0.5)
    town, city = np.where(fringe, "0702", town), np.where(fringe, "0702", city)
    return np.select([kind == RURAL, kind == COUNTY_TOWN, kind == INDUSTRY], [rural, city, park], town).astype(object)
