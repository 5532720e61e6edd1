"""Places to try in an area: existing plots first, then along roads, beside houses, and on a grid over the rest of the land."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.layer import Layer, LayerSet
from spatial.pieces import Geometries
from spatial.siting_pack import PlaceKind, Placing, SitingPack
from spatial.siting_room import Room

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class House:
    """The plot a house needs, in metres: width along the road, depth away from it."""

    width_m: float
    depth_m: float

    @property
    def area_m2(self) -> float:
        """Its area in m²."""
        return self.width_m * self.depth_m

    @classmethod
    def of_area(cls, area_m2: float, *, depth_per_width: float) -> House:
        """A plot of which only the area is known."""
        width = (area_m2 / depth_per_width) ** 0.5
        return cls(round(width, 2), round(area_m2 / round(width, 2), 4))


@dataclass(frozen=True)
class Places:
    """n places: rectangles (or whole existing plots) in the storage CRS, of a kind, `turn` the bearing of their width in degrees, `parcel` an identifier."""

    sites: Geometries
    kinds: NDArray[Any]
    turns: Floats
    parcels: NDArray[Any]

    def __len__(self) -> int:
        return len(self.sites)

    def some(self, rows: Any) -> Places:
        """Return some of the places."""
        return Places(self.sites[rows], self.kinds[rows], self.turns[rows], self.parcels[rows])


def joined(parts: Sequence[Places]) -> Places:
    """Put places together."""
    return Places(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("sites", "kinds", "turns", "parcels")))


def _places(sites: Geometries, kind: PlaceKind, turns: Any, parcels: Any = None) -> Places:
    count = len(sites)
    names = np.full(count, None, dtype=object)
    if parcels is not None:
        names[:] = list(parcels)
    return Places(sites, np.full(count, kind, dtype=object), np.broadcast_to(np.asarray(turns, dtype=float), (count,)).copy(), names)


def rectangles(centres: Floats, house: House, turns: Any) -> Geometries:
    """Return plots about centres (n, 2), their width along bearings in degrees."""
    turn = np.radians(np.broadcast_to(np.asarray(turns, dtype=float), (len(centres),)))[:, None]
    corner = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) * (house.width_m, house.depth_m)
    east = centres[:, :1] + corner[:, 0] * np.sin(turn) + corner[:, 1] * np.cos(turn)
    north = centres[:, 1:] + corner[:, 0] * np.cos(turn) - corner[:, 1] * np.sin(turn)
    shapes: Geometries = np.asarray(shapely.polygons(np.stack([east, north], axis=2)))
    return shapes


def existing_plots(area: Any, layers: LayerSet, pack: SitingPack, house: House, *, own: Sequence[str]) -> Places:
    """Existing plots: the household's own, and idle ones. A plot larger than the house needs is used in part, about its middle."""
    layer = layers.get(pack.plots.layer)
    if layer is None:
        return _places(np.empty(0, dtype=object), "idle_plot", 0.0)
    near = np.unique(layer.piece_feature[layer.tree.query(area, predicate="intersects")])
    state = layer.attributes.get(pack.plots.field)
    idle = np.array([state is not None and str(state[row]) in pack.plots.idle for row in near], dtype=bool)
    mine = np.array([str(layer.ids[row]) in own for row in near], dtype=bool)
    near, mine = near[idle | mine], mine[idle | mine]
    near, mine = near[shapely.covered_by(layer.features[near], area)], mine[shapely.covered_by(layer.features[near], area)]
    turns = np.array([_turn(layer.features[row]) for row in near])
    found = _places(_within(layer.features[near], house, turns), "idle_plot", turns, layer.ids[near])
    found.kinds[mine] = "own_plot"
    return found


def _turn(shape: Any) -> float:
    """The bearing of the shorter side of the smallest rectangle about a shape."""
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(shape))
    legs = np.diff(ring[:3], axis=0)
    east, north = legs[np.hypot(*legs.T).argmin()]
    return float(np.degrees(np.arctan2(east, north)) % 180)


def _within(plots: Geometries, house: House, turns: Floats) -> Geometries:
    """The house's plot about the middle of an existing one where it fits, else as much of it as the existing one has."""
    if not len(plots):
        return plots
    middles = shapely.get_coordinates(shapely.centroid(plots))
    placed = rectangles(middles, house, turns)
    fits, small = shapely.covered_by(placed, plots), shapely.area(plots) <= house.area_m2
    found: Geometries = np.select([fits, small], [placed, plots], default=shapely.intersection(plots, placed))
    return found


def free_places(ground: Any, layers: LayerSet, placing: Placing, house: House) -> Places:
    """Places wholly on the ground: along roads, beside houses, along the ground's own edges, and on a grid."""
    parts = [part for part in shapely.get_parts(ground) if part.area >= house.area_m2]
    if not parts:
        return _places(np.empty(0, dtype=object), "open_land", 0.0)
    land: Any = shapely.buffer(shapely.MultiPolygon(parts), -placing.gap_m, join_style="mitre")
    shapely.prepare(land)
    room = Room.of(land, house.width_m, house.depth_m)
    share = placing.most_places // 4
    found = [
        *_along(land, room, layers.get(placing.road_layer), placing.road_reach_m, house, "along_road", share),
        *_along(land, room, layers.get(placing.house_layer), placing.house_reach_m, house, "beside_house", share),
        *_edges(land, house, share),
        *_grid(land, house, placing.grid_m, share),
    ]
    return joined(found) if found else _places(np.empty(0, dtype=object), "open_land", 0.0)


def _on(land: Any, centres: Floats, turns: Any, house: House, kind: PlaceKind, most: int) -> Iterator[Places]:
    """Of rectangles about centres those that lie wholly on the land, spread over it."""
    if not len(centres):
        return
    turns = np.broadcast_to(np.asarray(turns, dtype=float), (len(centres),))
    inside = np.flatnonzero(shapely.contains_xy(land, centres[:, 0], centres[:, 1]))
    inside = inside[:: max(1, len(inside) // (6 * most))]
    sites = rectangles(centres[inside], house, turns[inside])
    keep = np.flatnonzero(shapely.covers(land, sites))
    keep = keep[:: max(1, -(-len(keep) // most))]
    if len(keep):
        yield _places(sites[keep], kind, turns[inside][keep])


def _along(land: Any, room: Room, layer: Layer | None, reach_m: float, house: House, kind: PlaceKind, most: int) -> Iterator[Places]:
    """Places facing a road or a house: as near to it as the land allows, turned along its edges."""
    if layer is None:
        return
    near = layer.pieces[layer.tree.query(land, predicate="dwithin", distance=reach_m)]
    edges = np.where(shapely.get_dimensions(near) == 2, shapely.boundary(near), near)
    start, way, out = _stations(edges, house.width_m)
    if not len(start):
        return
    centres, turns = [], []
    for side in (1.0, -1.0):
        offsets = np.arange(house.depth_m / 2 + 1.0, reach_m, max(2.0, house.depth_m / 3))
        found, waiting = np.full_like(start, np.nan), np.arange(len(start))
        for offset in offsets:
            moved = start[waiting] + side * out[waiting] * offset
            inside = room.rows(moved, way[waiting])
            inside = inside[shapely.covers(land, rectangles(moved[inside], house, way[waiting[inside]]))]
            found[waiting[inside]] = moved[inside]
            waiting = np.delete(waiting, inside)
        hit = ~np.isnan(found[:, 0])
        centres.append(found[hit])
        turns.append(way[hit])
    yield from _on(land, np.concatenate(centres), np.concatenate(turns), house, kind, most)


def _stations(lines: Geometries, step: float) -> tuple[Floats, Floats, Floats]:
    """Points along lines, with the bearing of the line there and the unit vector square to it."""
    parts = shapely.get_parts(lines)
    parts = parts[(shapely.get_dimensions(parts) == 1) & (shapely.length(parts) > 0)]
    if not len(parts):
        return np.empty((0, 2)), np.empty(0), np.empty((0, 2))
    lengths = shapely.length(parts)
    counts = np.minimum(np.maximum(1, (lengths / step).astype(int)), 60)
    owner = np.repeat(np.arange(len(parts)), counts)
    share = (np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts) + 0.5) / counts[owner]
    here = shapely.get_coordinates(shapely.line_interpolate_point(parts[owner], share, normalized=True))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(parts[owner], np.minimum(share + 0.5 / lengths[owner], 1.0), normalized=True))
    back = shapely.get_coordinates(shapely.line_interpolate_point(parts[owner], np.maximum(share - 0.5 / lengths[owner], 0.0), normalized=True))
    leg = ahead - back
    leg = leg / np.maximum(np.hypot(*leg.T), 1e-9)[:, None]
    return here, np.degrees(np.arctan2(leg[:, 0], leg[:, 1])) % 180, np.column_stack([leg[:, 1], -leg[:, 0]])


def _edges(land: Any, house: House, most: int) -> Iterator[Places]:
    """Places flush with the longer edges of the land itself: narrow land is missed by a grid."""
    # Ring by ring: that rings do not cross takes long to heed, and every place is looked at anyway.
    rings = shapely.simplify(shapely.get_parts(shapely.boundary(land)), 0.2, preserve_topology=False)
    points, owner = shapely.get_coordinates(rings, return_index=True)
    same = owner[1:] == owner[:-1]
    legs = np.diff(points, axis=0)[same]
    starts, length = points[:-1][same], np.hypot(*legs.T)
    long = np.flatnonzero(length >= house.width_m)
    long = long[np.argsort(-length[long], kind="stable")][: 2 * most]
    unit = legs[long] / length[long][:, None]
    inward = np.column_stack([unit[:, 1], -unit[:, 0]])
    middle = starts[long] + legs[long] / 2 + inward * (house.depth_m / 2 + 0.3)
    other = starts[long] + legs[long] / 2 - inward * (house.depth_m / 2 + 0.3)
    turns = np.degrees(np.arctan2(unit[:, 0], unit[:, 1])) % 180
    yield from _on(land, np.concatenate([middle, other]), np.concatenate([turns, turns]), house, "open_land", most)


def _grid(land: Any, house: House, step: float, most: int) -> Iterator[Places]:
    """A grid over every part of the land, turned with it."""
    parts = shapely.get_parts(land)
    parts = parts[np.argsort(-shapely.area(parts), kind="stable")][: 4 * most]
    for part, share in zip(parts, np.maximum(1, most * shapely.area(parts) / shapely.area(parts).sum()), strict=True):
        west, south, east, north = part.bounds
        fine = max(step, ((east - west) * (north - south) / 4_000) ** 0.5)
        x, y = np.meshgrid(np.arange(west + fine / 2, east, fine), np.arange(south + fine / 2, north, fine))
        centres = np.concatenate([np.column_stack([x.ravel(), y.ravel()]), shapely.get_coordinates(part.point_on_surface())])
        yield from _on(part, centres, _turn(part), house, "open_land", int(np.ceil(share)))
