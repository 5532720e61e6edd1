"""Land-use patches: the faces with slivers merged away, each with its village, survey code and settlement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.demo.blocks import Blocks
from layers.demo.classes import Uses
from layers.demo.corridors import Corridors
from layers.demo.faces import Faces
from layers.demo.facts import ellipsoid_factor
from layers.demo.grid import Floats, Ints
from layers.demo.sites import COUNTY_TOWN, INDUSTRY, TOWN, Sites
from layers.demo.units import dissolve

SLIVER_M2 = 60.0


@dataclass(frozen=True)
class Patches:
    """Patches that tile the county. `site` is the settlement a patch belongs to or -1; `area_m2` is ellipsoidal.

    `code` is the survey class (DLBM), `czcsxm` the settlement attribute or None, `strip` and `block` as in `Faces`.
    """

    polygons: NDArray[np.object_]
    cell: Ints
    strip: Ints
    block: Ints
    village: Ints
    site: Ints
    code: NDArray[np.object_]
    czcsxm: NDArray[np.object_]
    area_m2: Floats


def merge_slivers(faces: Faces, region: Ints) -> Faces:
    """Give every face under 60 m² to the neighbour in the same region with the longest common border."""
    for _ in range(3):
        area = shapely.area(faces.polygons)
        group = np.where(faces.block >= 0, -2 - faces.block, region[faces.cell])
        tiny = np.flatnonzero((area < SLIVER_M2) & (faces.block < 0))
        target = _hosts(faces, tiny, area, group)
        if not len(tiny) or (target < 0).all():
            break
        faces = _absorb(faces, tiny[target >= 0], target[target >= 0])
    return _whole_blocks(faces)


def _whole_blocks(faces: Faces) -> Faces:
    """Make one face of each block."""
    unions, blocks = dissolve(faces.polygons, faces.block)
    single = faces.block < 0
    _, first = np.unique(faces.block[~single], return_index=True)
    cell = faces.cell[~single][first]
    return Faces(
        polygons=np.r_[faces.polygons[single], unions],
        cell=np.r_[faces.cell[single], cell],
        strip=np.r_[faces.strip[single], np.full(len(blocks), -1)],
        block=np.r_[faces.block[single], blocks],
    )


def _hosts(faces: Faces, tiny: Ints, area: Floats, group: Ints) -> Ints:
    """Return the face each tiny one should join, or -1."""
    near, other = shapely.STRtree(faces.polygons).query(faces.polygons[tiny], predicate="touches")
    keep = (group[other] == group[tiny[near]]) & (area[other] >= SLIVER_M2)
    near, other = near[keep], other[keep]
    border = shapely.length(shapely.intersection(faces.polygons[tiny[near]], faces.polygons[other]))
    alike = (faces.strip[other] >= 0) == (faces.strip[tiny[near]] >= 0)
    order = np.lexsort((border * np.where(alike, 1.0, 0.4), near))
    target = np.full(len(tiny), -1, dtype=np.int64)
    shared = border[order] > 0.005
    target[near[order][shared]] = other[order][shared]
    return target


def _absorb(faces: Faces, tiny: Ints, target: Ints) -> Faces:
    polygons = faces.polygons.copy()
    order = np.argsort(target, kind="stable")
    tiny, target = tiny[order], target[order]
    starts = np.flatnonzero(np.r_[True, np.diff(target) > 0])
    for start, end in zip(starts, np.r_[starts[1:], len(target)], strict=True):
        polygons[target[start]] = shapely.coverage_union_all([polygons[target[start]], *polygons[tiny[start:end]]])
    keep = np.ones(len(polygons), dtype=bool)
    keep[tiny] = False
    return Faces(polygons=polygons[keep], cell=faces.cell[keep], strip=faces.strip[keep], block=faces.block[keep])


def make_patches(faces: Faces, village: Ints, uses: Uses, corridors: Corridors, blocks: Blocks, sites: Sites) -> Patches:
    """Give each face its village, survey code and settlement; strips of roads and rivers override the cell's own use."""
    code, site = uses.code[faces.cell].copy(), uses.site[faces.cell].copy()
    on_strip = faces.strip >= 0
    kind = np.where(on_strip, corridors.kind[faces.strip], "")
    river, small = kind == "river", np.isin(kind, ["township", "village", "track"])
    trunk = on_strip & ~river & ~small
    code[river], site[river] = np.where(corridors.half_m[faces.strip[river]] > 3.5, "1101", "1107"), -1
    code[trunk], site[trunk] = "1003", -1
    code[small] = np.where(site[small] >= 0, "1004", "1006")
    x, y = shapely.get_coordinates(shapely.centroid(faces.polygons)).T
    return Patches(
        polygons=faces.polygons,
        cell=faces.cell,
        strip=faces.strip,
        block=faces.block,
        village=np.where(faces.block >= 0, np.r_[blocks.village, -1][faces.block], village[faces.cell]),
        site=site,
        code=code,
        czcsxm=settlement_attribute(code, site, sites),
        area_m2=shapely.area(faces.polygons) * ellipsoid_factor(x, y),
    )


def settlement_attribute(code: NDArray[np.object_], site: Ints, sites: Sites) -> NDArray[np.object_]:
    """Return the 城镇村属性码 (CZCSXM): 202 in towns, 203 in villages, with A for separate industry; 204 mines, 205 special land."""
    kind = np.where(site >= 0, sites.kind[site], -1)
    town = np.isin(kind, [TOWN, COUNTY_TOWN, INDUSTRY])
    factory = np.isin(code, ["0601", "0508"])
    inside = np.where(town, np.where(factory & (kind == INDUSTRY), "202A", "202"), "203").astype(object)
    result = inside.copy()
    result[site < 0] = None
    result[code == "0602"] = "204"
    result[code == "09"] = "205"
    return np.asarray(result)
