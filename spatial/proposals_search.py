"""The search for the smallest changes: along every lever the least amount that helps, then the next rule, cheapest first."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.levers import SITE, Lever, LeverFile
from spatial.proposals_change import State, Step, Way, most_steps, sides, vary
from spatial.proposals_rays import Rays, bearings, fineness
from spatial.proposals_trial import PASSED, Setting, drivers, missing

MOST_EXPANDED = 16
MOST_CHANGES = 5
KEPT_RAYS = 2
TOO_FAR = 3.0
"""Changes that already ask so many times as much as the least that passes are not followed."""

Column = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Found:
    """An application reached by some changes, what every rule makes of it, and how much the changes ask."""

    way: Way
    ranks: Column
    effort: float


@dataclass
class Search:
    """Everything the search knows about one application."""

    setting: Setting
    levers: LeverFile
    start: State
    before: Column
    visited: dict[tuple[Any, ...], Found] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = [rule.key for rule in self.setting.rules]
        found = drivers(self.setting.pack)
        self.driven = [found[key] for key in keys]
        self.usable = [lever for lever in self.levers.levers if self._usable(lever)]
        reach = frozenset().union(*(lever.moves for lever in self.usable)) if self.usable else frozenset[str]()
        fixed = np.array([not driven & reach for driven in self.driven], dtype=bool)
        lacking = np.array([missing(rule, self.setting, self.start.properties) for rule in self.setting.rules], dtype=bool)
        self.aside = (self.before < PASSED) & (fixed | (self._unknown() & (lacking | ~self._helped())))
        """Rules that no change can help: nothing they rest on can be changed, or what they ask for is missing (wherever one looks)."""

    def _unknown(self) -> Bools:
        checks = self.setting.check(np.array([self.start.site], dtype=object), self.start.properties)
        return np.array([str(checks.outcomes(rule.key)[0]) in ("no_data", "error") for rule in self.setting.rules], dtype=bool)

    def _helped(self) -> Bools:
        """The rules that some change helps, of every lever moved a little, half and all of its way."""
        helped = np.zeros(len(self.before), dtype=bool)
        for lever in self.usable:
            most = most_steps(self.start, lever)
            if most == 0:
                continue
            counts = np.unique(np.array([1, most // 10, most // 2, most]).clip(1))
            looks = np.repeat(np.arange(0.0, 360.0, 45.0), len(counts)) if lever.kind == "move" else None
            variants = vary(self.start, lever, np.tile(counts, 8) if looks is not None else counts, looks if looks is not None else 0.0)
            helped |= (self.setting.ranks(variants.sites, variants.properties) > self.before[:, None]).any(axis=1)
        return helped

    def _usable(self, lever: Lever) -> bool:
        if lever.needs is None:
            return True
        layer = self.setting.layers.get(lever.needs)
        return layer is not None and bool(len(layer.tree.query(self.start.site, predicate="intersects")))

    def goal(self, ranks: Column) -> int:
        """The verdict apart from the rules that no change can help."""
        return int(ranks[~self.aside].min(initial=PASSED))

    def run(self) -> list[Found]:
        """Explore changes and return every application reached, the one as applied first."""
        first = Found(Way.of(self.start, ()), self.before, 0.0)
        waiting, reached, order = [(0.0, 0, first)], [first], 1
        best = np.inf
        for _ in range(fineness(self.start.site, MOST_EXPANDED)):
            if not waiting:
                break
            effort, _, here = heapq.heappop(waiting)
            if effort > TOO_FAR * (best + 1) or len(here.way.steps) >= MOST_CHANGES:
                continue
            for child in self._children(here):
                reached.append(child)
                if self.goal(child.ranks) == PASSED:
                    best = min(best, child.effort)
                else:
                    heapq.heappush(waiting, (child.effort, order, child))
                order += 1
        return reached

    def _children(self, here: Found) -> list[Found]:
        """Changes that help the worst rule that can be helped at all."""
        bad = [row for row in np.argsort(here.ranks, kind="stable") if here.ranks[row] < PASSED and not self.aside[row]]
        tried: set[str] = set()
        children: list[Found] = []
        for row in bad:
            for lever in self.usable:
                if lever.id not in tried and self.driven[row] & lever.moves and self._free(here.way, lever):
                    tried.add(lever.id)
                    children += self._along(here, lever)
            if children:
                break
        return children

    def _free(self, way: Way, lever: Lever) -> bool:
        """Each lever once, and no property changed back and forth."""
        used = {step.lever.property for step in way.steps if step.lever.discrete}
        return all(step.lever.id != lever.id for step in way.steps) and not (lever.discrete and lever.property in used)

    def _along(self, here: Found, lever: Lever) -> Iterator[Found]:
        state = here.way.state
        if most_steps(state, lever) == 0:
            return
        looks: Sequence[float | None] = [None]
        if lever.kind == "move":
            looks = bearings(self.setting, state.site, [self.setting.rules[row] for row in np.argsort(here.ranks, kind="stable") if here.ranks[row] < PASSED])
        elif lever.kind == "trim":
            looks = sides(state.site)
        rays = Rays(self.setting, state, lever, tuple(looks))
        seen: set[tuple[int, float | None]] = set()
        for mask in self._masks(here, lever):
            for count, bearing in rays.least(mask, int(here.ranks[mask].min(initial=PASSED)), keep=KEPT_RAYS):
                if (count, bearing) not in seen:
                    seen.add((count, bearing))
                    yield from self._made(here, Step(lever, count, bearing))

    def _masks(self, here: Found, lever: Lever) -> list[Bools]:
        """The rules a lever should put right: all it has to do with, and those of them that no other number could put right."""
        all_of = np.array([bool(driven & lever.moves) for driven in self.driven]) & ~self.aside
        others = frozenset().union(*(
            other.moves - {SITE} for other in self.usable
            if other.id != lever.id and other.kind not in ("outline", "move", "trim") and not other.moves & lever.moves - {SITE} and self._free(here.way, other)
        )) if self.usable else frozenset[str]()  # fmt: skip
        otherwise = np.array([bool(driven & others) for driven in self.driven]) & (here.ranks < PASSED)
        masks = [all_of] if not (all_of & otherwise).any() else [all_of, all_of & ~otherwise]
        return [mask for mask in masks if mask.any()]

    def _made(self, here: Found, step: Step) -> Iterator[Found]:
        way = Way.of(self.start, (*here.way.steps, step))
        key = same_as(way.state)
        if key in self.visited:
            return
        ranks = self.setting.ranks(np.array([way.state.site], dtype=object), way.state.properties)[:, 0]
        self.visited[key] = Found(way, ranks, effort(way))
        yield self.visited[key]


def same_as(state: State) -> tuple[Any, ...]:
    """Return a key that equal applications share."""
    return shapely.to_wkb(state.site), tuple(sorted((name, str(value)) for name, value in state.properties.items()))


def effort(way: Way) -> float:
    """How much the changes of a way ask, by the costs of their levers."""
    total = 0.0
    for step, before, after in zip(way.steps, way.states, way.states[1:], strict=False):
        total += step.lever.cost + step.lever.per * _share(step, before, after)
    return round(total, 3)


def _share(step: Step, before: State, after: State) -> float:
    lever = step.lever
    if lever.kind == "move":
        return step.count * (lever.step or 0.0)
    if lever.kind in ("trim", "outline"):
        return 1.0 - float(after.site.area) / float(before.site.area)
    if lever.up:
        return step.count * (lever.step or 0.0) / (lever.most or 1.0)
    if lever.kind == "restate":
        return abs(float(after.properties[lever.property or ""]) / float(before.properties[lever.property or ""]) - 1.0)
    if lever.discrete:
        return 0.0
    name = lever.property or ""
    return 1.0 - float(after.properties[name]) / float(before.properties[name])
