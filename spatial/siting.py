"""Siting: where in a village or a drawn area a given house may be built, which place comes first, and why others are not proposed.

The buildable land is made of the rules of the house-building pack (`siting_land`); places are tried on it and on existing plots
(`siting_places`); each goes through the full check, together in one call. Only places with the best verdict found are proposed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from spatial.levers import SITE
from spatial.permit import VERDICTS, Checks
from spatial.pieces import Geometries
from spatial.proposals_trial import PASSED, Setting, drivers, published
from spatial.siting_land import Land, land
from spatial.siting_pack import SitingPack, load_siting
from spatial.siting_places import House, Places, existing_plots, free_places, joined
from spatial.siting_rank import Marks, marks

ENOUGH = 60
"""So many places free of approvals and second looks are enough; with fewer, the rest of the buildable land is tried too."""
MANY = 20
"""What so many places all break is not for the place."""


@dataclass(frozen=True)
class Request:
    """A house to be placed in an area (storage CRS), what its application states, and the household's existing plots."""

    area: Any
    house: House
    properties: Mapping[str, Any]
    own_parcels: tuple[str, ...] = ()
    limit: int = 10
    village_code: str | None = None
    village_name: str | None = None


@dataclass(frozen=True)
class Siting:
    """What was found. `checks` and `places` go together row by row; `proposed` and `rejected` are rows, the best first.
    `properties` are stated for each place, `properties_anywhere` for a place on free land.

    `everywhere` are the keys of rules that no place tried keeps although it is not the place that breaks them.
    """

    request: Request
    setting: Setting
    pack: SitingPack
    land: Land
    places: Places
    checks: Checks | None
    properties: Mapping[str, Any]
    properties_anywhere: Mapping[str, Any]
    marks: Marks
    proposed: tuple[int, ...]
    rejected: tuple[int, ...]
    rejected_by_rule: Mapping[str, int]
    reachable: str | None
    everywhere: tuple[str, ...]


def find_sites(request: Request, setting: Setting) -> Siting:
    """Find the buildable land of an area and rank the places in it.

    The layers must hold what lies within the usual search radius of the area.
    """
    pack = load_siting()
    properties = _properties(request, request.house)
    found = land(request.area, setting, properties, plot_m2=request.house.area_m2, pack=pack)
    places = _places(request, setting, pack, found)
    stated = _stated(places, properties, pack)
    if not len(places):
        return Siting(request, setting, pack, found, places, None, stated, properties, marks(places, setting, pack), (), (), {}, None, _everywhere(setting, properties, request))
    checks = setting.check(places.sites, stated)
    verdicts = checks.ranks.min(axis=0)
    best = int(verdicts.max())
    scored = marks(places, setting, pack)
    proposed = _proposed(places, scored, np.flatnonzero(verdicts == best), pack, request.limit)
    rejected = _rejected(places, verdicts, proposed, best, pack)
    counts = Counter(rule.key for row in np.flatnonzero(verdicts < best) for rule, rank in zip(setting.rules, checks.ranks[:, row], strict=True) if rank < best)
    placed = drivers(setting.pack)
    everywhere = tuple(
        rule.key for rule, ranks in zip(setting.rules, checks.ranks, strict=True)
        if (ranks < PASSED).all() and (SITE not in placed[rule.key] or len(places) >= MANY)
    )  # fmt: skip
    return Siting(request, setting, pack, found, places, checks, stated, properties, scored, proposed, rejected, dict(counts.most_common()), VERDICTS[best], everywhere)


def _properties(request: Request, house: House) -> dict[str, Any]:
    """What is stated for a place on free land; the area is that of the plot where nothing is said."""
    given = dict(request.properties)
    given["plot_area_m2"] = given.get("plot_area_m2") or round(house.area_m2, 2)
    given["build_kind"] = given.get("build_kind") or "new_site"
    return given


def _stated(places: Places, properties: Mapping[str, Any], pack: SitingPack) -> dict[str, Any]:
    """What is stated for each place: on an existing plot the kind of building is another, and the area at most that of the plot."""
    plots = np.isin(places.kinds.astype(str), ["own_plot", "idle_plot"])
    kinds, areas = np.empty(len(places), dtype=object), np.empty(len(places), dtype=object)
    kinds[:] = [pack.plots.build_kind if plot else properties["build_kind"] for plot in plots]
    drawn = np.floor(shapely.area(places.sites) * 100 + 0.1) / 100
    areas[:] = [min(float(properties["plot_area_m2"]), float(area)) if plot else float(properties["plot_area_m2"]) for plot, area in zip(plots, drawn, strict=True)]
    return {**properties, "build_kind": kinds, "plot_area_m2": areas}


def _places(request: Request, setting: Setting, pack: SitingPack, found: Land) -> Places:
    plots = existing_plots(request.area, setting.layers, pack, request.house, own=request.own_parcels)
    parts = [plots, free_places(found.clear, setting.layers, pack.placing, request.house)]
    if sum(len(part) for part in parts[1:]) < ENOUGH and found.buildable.area > found.clear.area:
        parts.append(free_places(found.buildable, setting.layers, pack.placing, request.house))
    every = joined(parts)
    return replace(every, sites=published(every.sites, epsg=setting.epsg)) if len(every) else every


def _everywhere(setting: Setting, properties: Mapping[str, Any], request: Request) -> tuple[str, ...]:
    """Without any place to check: what breaks a rule whatever the place."""
    site: Geometries = np.array([shapely.buffer(request.area.point_on_surface(), 0.5, cap_style="square")], dtype=object)
    found, ranks = drivers(setting.pack), setting.ranks(site, properties)[:, 0]
    return tuple(rule.key for rule, rank in zip(setting.rules, ranks, strict=True) if rank < PASSED and SITE not in found[rule.key])


def _order(places: Places, scored: Marks, pack: SitingPack) -> Any:
    """Rows from best to worst: the kinds in their order, then by points, then from west to east so that the answer is always the same."""
    order = np.array([pack.kinds[kind].order for kind in places.kinds], dtype=int)
    bounds = shapely.bounds(places.sites)
    return np.lexsort((bounds[:, 1], bounds[:, 0], -np.round(scored.total, 6), order))


def _proposed(places: Places, scored: Marks, rows: Any, pack: SitingPack, limit: int) -> tuple[int, ...]:
    """The best places that do not overlap each other."""
    wanted, kept = set(rows.tolist()), list[int]()
    for row in _order(places, scored, pack).tolist():
        if row in wanted and not (kept and shapely.intersects(places.sites[kept], places.sites[row]).any()):
            kept.append(row)
        if len(kept) == limit:
            break
    return tuple(kept)


def _rejected(places: Places, verdicts: Any, proposed: Sequence[int], best: int, pack: SitingPack) -> tuple[int, ...]:
    """Existing plots that are not proposed, and places on free land that fell short, the nearest to passing first."""
    fell = np.flatnonzero(verdicts < best)
    order = np.array([pack.kinds[kind].order for kind in places.kinds[fell]], dtype=int)
    return tuple(fell[np.lexsort((fell, -verdicts[fell], order))][: pack.placing.most_rejected].tolist())
