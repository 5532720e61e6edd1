"""Changing an application by a lever: an amount is a whole number of the lever's steps, from the smallest change to the largest."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.application_form import PROPERTIES
from spatial.levers import Lever
from spatial.pieces import Geometries
from spatial.proposals_trial import published

Steps = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class State:
    """An application: its site in the storage CRS and what it states."""

    site: Any
    properties: Mapping[str, Any]
    epsg: int


@dataclass(frozen=True)
class Step:
    """One change: the lever, by how many of its steps, and the bearing in degrees for a shift or the side pulled in."""

    lever: Lever
    count: int = 1
    bearing: float | None = None


@dataclass(frozen=True)
class Variants:
    """n variants of one application."""

    sites: Geometries
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Way:
    """Changes one after the other, and the application they lead to."""

    steps: tuple[Step, ...]
    states: tuple[State, ...] = field(repr=False)

    @property
    def state(self) -> State:
        """The application after all changes."""
        return self.states[-1]

    @classmethod
    def of(cls, start: State, steps: tuple[Step, ...]) -> Way:
        """Make the changes in their order."""
        states = [start]
        for step in steps:
            states.append(one(vary(states[-1], step.lever, np.array([step.count]), step.bearing), states[-1].epsg))
        return cls(steps, tuple(states))


def one(variants: Variants, epsg: int) -> State:
    """Return the only variant as an application."""
    plain = {name: value[0] if isinstance(value, np.ndarray) else value for name, value in variants.properties.items()}
    return State(variants.sites[0], plain, epsg)


def most_steps(state: State, lever: Lever) -> int:
    """Return how many steps a lever can be moved from here; 0 where it cannot be used."""
    if lever.kind == "move":
        return round((lever.most or 0.0) / (lever.step or 1.0))
    value = state.properties.get(lever.property or "")
    if lever.kind == "restate":
        return int(value is not None and abs(float(value) - drawn_area(state)) >= 0.01)
    if lever.discrete:
        free = value is not None and value != lever.value and (not lever.when or value in lever.when)
        return int(free)
    if lever.kind == "outline":
        return _between(float(state.site.area), float(value) if value is not None else math.inf, lever)
    if lever.kind == "trim":
        return round(_width(state.site) * (1 - lever.least_share) / (lever.step or 1.0))
    if value is None:
        return 0
    if lever.up:
        return int((lever.most or 0.0) // (lever.step or 1.0))
    lowest = max(float(value) * lever.least_share, PROPERTIES[lever.property or ""].low)
    return max(0, _top(float(value), lever) - math.ceil(round(lowest / (lever.step or 1.0), 6)) + 1)


def _between(drawn: float, stated: float, lever: Lever) -> int:
    """Steps from the drawn area down to the stated one."""
    if drawn <= stated or stated < drawn * lever.least_share:
        return 0
    return max(0, _top(drawn, lever) - math.ceil(round(stated / (lever.step or 1.0), 6)) + 1)


def _top(value: float, lever: Lever) -> int:
    """The largest whole number of steps below a value."""
    return math.ceil(round(value / (lever.step or 1.0), 6)) - 1


def vary(state: State, lever: Lever, counts: Steps, bearing: float | Floats | None = None) -> Variants:
    """Change an application by so many steps of a lever, one variant for each count (and each bearing)."""
    if lever.kind == "restate":
        return Variants(_same(state.site, len(counts)), {**state.properties, lever.property or "": drawn_area(state)})
    if lever.discrete:
        return Variants(_same(state.site, len(counts)), {**state.properties, lever.property or "": lever.value, **lever.also})
    if lever.kind == "move":
        return Variants(_moved(state, counts * (lever.step or 1.0), bearing), state.properties)
    if lever.kind == "trim":
        return _trimmed(state, lever, counts, float(np.ravel(np.asarray(bearing, dtype=float))[0]))
    if lever.kind == "outline":
        areas = (_top(float(state.site.area), lever) + 1 - counts) * (lever.step or 1.0)
        return Variants(_scaled(state, areas), state.properties)
    return _fewer(state, lever, counts)


def drawn_area(state: State) -> float:
    """The area of the drawn site in m², rounded down to 0.01."""
    return float(_down(np.array([state.site.area]))[0])


def _same(site: Any, count: int) -> Geometries:
    sites = np.empty(count, dtype=object)
    sites[:] = [site] * count
    return sites


def _fewer(state: State, lever: Lever, counts: Steps) -> Variants:
    name = lever.property or ""
    before = state.properties[name]
    if isinstance(before, date):
        return Variants(_same(state.site, len(counts)), {**state.properties, name: _values([before + timedelta(days=int(count)) for count in counts])})
    values = (_top(float(before), lever) + 1 - counts) * (lever.step or 1.0)
    changed: dict[str, Any] = {name: _stated(name, values)}
    for other in lever.along:
        changed |= _along(state, other, values / float(before))
    changed |= _held(state, lever.holds, values)
    sites = _scaled(state, values * max(1.0, float(state.site.area) / float(before))) if lever.outline else _same(state.site, len(counts))
    return Variants(sites, {**state.properties, **changed})


def _along(state: State, name: str, shares: Floats) -> dict[str, Any]:
    """A number that changes in proportion, rounded down to 0.01."""
    value = state.properties.get(name)
    return {} if value is None else {name: _stated(name, np.floor(float(value) * shares * 100 + 1e-6) / 100)}


def _held(state: State, names: tuple[str, ...], ceilings: Floats) -> dict[str, Any]:
    """Numbers that cannot exceed another that became smaller."""
    return {
        name: _stated(name, np.minimum(float(state.properties[name]), ceilings)) for name in names if state.properties.get(name) is not None
    }


def _stated(name: str, values: Floats) -> Any:
    kind = PROPERTIES[name].kind
    return _values([kind(round(float(value), 2)) for value in values])


def _values(values: list[Any]) -> Any:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _repeat(site: Any, coordinates: Floats) -> Geometries:
    """Copies of a site with other coordinates, (n, vertices, 2)."""
    copies = _same(site, len(coordinates))
    sites: Geometries = shapely.set_coordinates(copies, coordinates.reshape(-1, 2))
    return sites


def _moved(state: State, metres: Floats, bearing: float | Floats | None) -> Geometries:
    turn = np.radians(np.asarray(bearing, dtype=float))
    away = np.column_stack([np.sin(turn) * metres, np.cos(turn) * metres])
    return published(_repeat(state.site, shapely.get_coordinates(state.site)[None] + away[:, None]), epsg=state.epsg)


def _scaled(state: State, areas: Floats) -> Geometries:
    """The site shrunk about its middle to areas in m², never above them; untouched where it is not larger."""
    area, middle = float(state.site.area), shapely.get_coordinates(state.site.centroid)[0]
    factor = np.sqrt(np.minimum(areas / area, 1.0)) * np.where(areas < area, 1 - 1e-6, 1.0)
    shape = shapely.get_coordinates(state.site)[None]
    sites = published(_repeat(state.site, middle + (shape - middle) * factor[:, None, None]), epsg=state.epsg)
    sites[areas >= area] = state.site
    return sites


def _trimmed(state: State, lever: Lever, counts: Steps, bearing: float) -> Variants:
    metres = counts * (lever.step or 1.0)
    sites = published(shapely.intersection(state.site, _halves(state.site, bearing, metres)), epsg=state.epsg)
    name = lever.property or ""
    stated = state.properties.get(name)
    whole = float(state.site.area) if stated is None else float(stated)
    areas = _down(whole - (float(state.site.area) - shapely.area(sites)))
    changed = {} if stated is None else {name: _stated(name, areas)}
    return Variants(sites, {**state.properties, **changed, **_held(state, lever.holds, areas)})


def _down(areas: Floats) -> Floats:
    """Areas rounded down to 0.01 m²; what the rounding of coordinates takes is not counted."""
    rounded: Floats = np.floor(areas * 100 + 0.1) / 100
    return rounded


def _halves(site: Any, bearing: float, metres: Floats) -> Geometries:
    """Boxes that hold the site but for so many metres at the side that looks towards the bearing."""
    turn = np.radians(bearing)
    out, along = np.array([np.sin(turn), np.cos(turn)]), np.array([np.cos(turn), -np.sin(turn)])
    points = shapely.get_coordinates(site)
    middle = points.mean(axis=0)
    reach, wide = (points - middle) @ out, np.abs((points - middle) @ along).max() + 1.0
    far, near = reach.max() - metres, np.full(len(metres), reach.min() - 1.0)
    corners = np.stack([np.column_stack([side, np.full(len(metres), end)]) for side, end in ((near, -wide), (near, wide), (far, wide), (far, -wide))], axis=1)
    boxes: Geometries = shapely.polygons(middle + corners[..., :1] * out + corners[..., 1:] * along)
    return boxes


def _width(site: Any) -> float:
    """The shorter side of the smallest rectangle about a site."""
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(site))
    return float(np.hypot(*np.diff(ring[:3], axis=0).T).min())


def sides(site: Any) -> list[float]:
    """Return the bearings towards which the four sides of the smallest rectangle about a site look."""
    ring = shapely.get_coordinates(shapely.minimum_rotated_rectangle(site))
    if len(ring) < 4:
        return []
    east, north = ring[1] - ring[0]
    first = float(np.degrees(np.arctan2(east, north)))
    return sorted(round((first + quarter) % 360, 1) % 360 for quarter in (0, 90, 180, 270))
