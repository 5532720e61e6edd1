"""The ground of the demo county: terrain, divisions, settlements, roads, waters and the patches they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.demo.blocks import Blocks, place_blocks
from layers.demo.cells import Cells, make_cells, without_exclaves
from layers.demo.classes import Uses, assign_uses
from layers.demo.corridors import Corridors, make_corridors
from layers.demo.curves import stations
from layers.demo.divisions import Divisions, divide
from layers.demo.faces import make_faces
from layers.demo.facts import PARK, read_facts
from layers.demo.grid import Ints
from layers.demo.noise import Noise
from layers.demo.outline import county_outline
from layers.demo.patches import Patches, make_patches, merge_slivers
from layers.demo.roads import Roads, field_tracks, lay_roads
from layers.demo.scale import Scale
from layers.demo.seeds import Seeds, Shapes, sow
from layers.demo.sites import RURAL, Sites, axis_angles, choose_sites
from layers.demo.terrain import Terrain, shape_terrain
from layers.demo.waters import Reservoirs, Rivers, dam_valleys, draw_rivers

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Ground:
    """Everything later layers are drawn from. Arrays over cells: `seeds`, `uses`, `cell_village`; over patches: `patches`."""

    outline: shapely.Polygon
    towns: pd.DataFrame
    terrain: Terrain
    divisions: Divisions
    sites: Sites
    shapes: Shapes
    roads: Roads
    rivers: Rivers
    reservoirs: Reservoirs
    corridors: Corridors
    blocks: Blocks
    seeds: Seeds
    uses: Uses
    patches: Patches


def lay_ground(scale: Scale, rng: np.random.Generator, report: Report) -> Ground:
    """Invent the ground; `report(fraction, text)` is told how far it is."""
    facts = read_facts()
    towns = facts.towns if scale.towns is None else facts.towns[facts.towns["code"].isin(scale.towns)].reset_index(drop=True)
    villages = facts.villages[facts.villages["town_code"].isin([*towns["code"], PARK])].reset_index(drop=True)
    targets = {name: area * scale.area_share for name, area in facts.land_m2.items()}
    seats = towns[["x", "y"]].to_numpy(dtype=float)
    outline = county_outline(seats, area_m2=sum(targets.values()), rng=rng)
    terrain = shape_terrain(outline, seats, towns["height_m"].to_numpy(), step=scale.grid_m, springs=scale.springs, rng=rng)
    reservoirs = dam_valleys(terrain, seats, area_m2=26e6 * scale.area_share, rng=rng)
    rivers = draw_rivers(terrain, rng)
    divisions = divide(terrain, towns, villages, rng)
    report(0.06, "地形与村界")
    sites = choose_sites(terrain, divisions, reservoirs, count=scale.settlements, area_m2=targets["城镇村及工矿用地"] * 1.012, rng=rng)
    roads = lay_roads(terrain, outline, seats, divisions.centres, sites.xy, reservoirs, rng)
    report(0.14, "道路与河流")
    tracks = field_tracks(terrain, sites.xy, length_m=450.0, rng=rng)
    lines = np.array([*roads.lines, *tracks], dtype=object)
    here, heading, line = stations(lines, 40.0)
    shapes = Shapes(sites, axis_angles(sites.xy, here, heading, rng), rng)
    built = np.bincount(line, shapes.nearest(here)[1] < 1, minlength=len(lines)) / np.bincount(line, minlength=len(lines))
    corridors = make_corridors(roads, tracks, rivers, outline=outline, transport_m2=targets["交通运输用地"], built=built)
    blocks = place_blocks(terrain, outline, divisions, shapes, corridors, reservoirs, count=scale.blocks, most=scale.blocks_in_village, rng=rng)
    report(0.20, "地块种子点")
    seeds = sow(terrain, outline, corridors, shapes, blocks.polygons, scale=scale, rng=rng)
    cells = make_cells(seeds.xy)
    report(0.32, "土地用途")
    uses, cell_village = _use(cells, seeds, sites, terrain, divisions, reservoirs, corridors, outline, targets, rng)
    region = cell_village * 2 + (uses.site >= 0)
    faces = make_faces(cells, seeds.xy, _patch_labels(seeds, uses, cell_village, rng), region, corridors, blocks.polygons, outline)
    report(0.62, "地类图斑")
    patches = make_patches(merge_slivers(faces, region), cell_village, uses, corridors, blocks, sites)
    report(0.68, "图斑整理")
    return Ground(
        outline=outline,
        towns=towns,
        terrain=terrain,
        divisions=divisions,
        sites=sites,
        shapes=shapes,
        roads=roads,
        rivers=rivers,
        reservoirs=reservoirs,
        corridors=corridors,
        blocks=blocks,
        seeds=seeds,
        uses=uses,
        patches=patches,
    )


def _use(
    cells: Cells,
    seeds: Seeds,
    sites: Sites,
    terrain: Terrain,
    divisions: Divisions,
    reservoirs: Reservoirs,
    corridors: Corridors,
    outline: shapely.Polygon,
    targets: dict[str, float],
    rng: np.random.Generator,
) -> tuple[Uses, Ints]:
    """Return the use of every cell and the village it lies in; a rural settlement lies in one village."""
    shapely.prepare(outline)
    inside = shapely.contains_xy(outline, seeds.xy[:, 0], seeds.xy[:, 1])
    water = float(shapely.area(corridors.areas[corridors.kind == "river"]).sum())
    reservoir = reservoirs.locate(seeds.xy)
    uses = assign_uses(cells, seeds, sites, terrain, reservoir, inside, targets, river_m2=water, rng=rng)
    rural = (uses.site >= 0) & (sites.kind[uses.site] == RURAL)
    village = np.where(rural, sites.village[uses.site], divisions.locate(seeds.xy))
    return uses, without_exclaves(cells, village, np.ones(cells.count, dtype=bool))


def _patch_labels(seeds: Seeds, uses: Uses, village: Ints, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return which cells make one patch: woods and grass join to larger pieces, a reservoir is one per village."""
    bend = (Noise(rng, wavelength_m=300), Noise(rng, wavelength_m=300))
    bent = np.floor((seeds.xy + 45 * np.column_stack([bend[0](seeds.xy), bend[1](seeds.xy)])) / 330.0).astype(np.int64)
    code = np.unique(uses.code.astype(str), return_inverse=True)[1]
    large = np.isin(uses.group, ["林地", "草地"])
    own = np.arange(len(village))
    key = np.where(large, bent[:, 0] * 1_000_000 + bent[:, 1], -own - 1)
    key = np.where(uses.reservoir >= 0, -len(own) - 1 - uses.reservoir, key)
    return np.asarray(np.unique(np.column_stack([key, np.where(large, code, -1), village]), axis=0, return_inverse=True)[1]).ravel()
