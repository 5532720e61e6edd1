"""Why a place comes before another: what is measured on it, and the points that gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.choosing import choose
from spatial.layer import Layer
from spatial.pieces import Geometries
from spatial.proposals_trial import Setting
from spatial.siting_pack import Criterion, SitingPack
from spatial.siting_places import Places

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Marks:
    """Points of n places. `values` (criteria × n) are what was measured, NaN where not known, infinite where nothing is near."""

    criteria: tuple[Criterion, ...]
    values: Floats
    points: Floats
    total: Floats


def marks(places: Places, setting: Setting, pack: SitingPack) -> Marks:
    """Measure places and give them points: those of their kind and those of every criterion; none for what is not known."""
    values = np.array([_measured(places.sites, item, setting) for item in pack.criteria]).reshape(len(pack.criteria), len(places))
    points = np.array([_points(item, row) for item, row in zip(pack.criteria, values, strict=True)]).reshape(values.shape)
    kinds = np.array([pack.kinds[kind].points * pack.kind_weight for kind in places.kinds], dtype=float)
    return Marks(pack.criteria, values, points, kinds + points.sum(axis=0))


def _points(item: Criterion, values: Floats) -> Floats:
    share = np.clip((item.worst - values) / (item.worst - item.best), 0.0, 1.0)
    points: Floats = np.round(np.where(np.isnan(values), 0.0, share) * item.weight, 3)
    return points


def _measured(sites: Geometries, item: Criterion, setting: Setting) -> Floats:
    layer = setting.layers.get(item.layer)
    if layer is None or (item.code_system is not None and layer.dataset.code_system != item.code_system) or not len(sites):
        return np.full(len(sites), np.nan)
    choice = choose(layer, item.where, layers=setting.layers, codes=setting.pack.codes, code_system=item.code_system)
    values = _distance(sites, layer, item) if item.measure == "distance" else _share(sites, layer, choice.possible)
    return np.where(layer.extent.uncovered(sites) > 0, np.nan, values)


def _distance(sites: Geometries, layer: Layer, item: Criterion) -> Floats:
    """The metres to the nearest feature, infinite beyond the worst that counts."""
    values = np.full(len(sites), np.inf)
    if len(layer.pieces):
        rows, apart = layer.tree.query_nearest(sites, max_distance=max(item.worst, item.best), all_matches=False, return_distance=True)
        values[rows[0]] = np.round(apart, 2)
    return values


def _share(sites: Geometries, layer: Layer, chosen: Sequence[bool] | Any) -> Floats:
    site, piece = layer.tree.query(sites, predicate="intersects")
    keep = np.asarray(chosen, dtype=bool)[layer.piece_feature[piece]]
    site, piece = site[keep], piece[keep]
    areas = shapely.area(shapely.intersection(sites[site], layer.pieces[piece]))
    shares: Floats = np.minimum(np.round(np.bincount(site, weights=areas, minlength=len(sites)) / shapely.area(sites), 4), 1.0)
    return shares
