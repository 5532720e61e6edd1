"""The lawful way: the smallest changes under which an application that was not passed would be, each checked in full.

Which rule depends on what is read off the pack (`proposals_trial.drivers`), which changes there are off the levers, and whether a
change helps is asked of the check itself, so that no rule and no number of law stands here. A proposal is minimal: one per cent
less of any of its amounts (at least one rounding step) does not lead to the same verdict.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely

from spatial.applications import Applications
from spatial.errors import InputError
from spatial.layer import LayerSet
from spatial.levers import load_levers
from spatial.permit import VERDICTS, Checks, VillageTypes
from spatial.pieces import Geometries
from spatial.proposals_change import State, Step, Way
from spatial.proposals_rays import grown_box
from spatial.proposals_search import Column, Found, Search, effort, same_as
from spatial.proposals_trial import PASSED, Setting
from spatial.rules.pack import Pack

MOST_VERTICES = 1_000
"""Hundreds of variants of a site are tried; a plot of a house has some ten corners."""
MOST_PROPOSALS = 6
MOST_LESSER = 3
FAR_FETCHED = 8.0
"""Changes that ask so many times as much as the least are not offered."""
WORTH_LESS = 0.8
"""A change that leads less far is offered only where it asks at most this share of what the best asks."""


@dataclass(frozen=True)
class Proposal:
    """Changes checked in full together; `row` is their place in the checks of all proposals."""

    way: Way
    effort: float
    verdict: str
    minimal: bool | None
    row: int


@dataclass(frozen=True)
class Proposals:
    """What leads to the best verdict that can be reached, by effort; smaller changes that lead less far; and what no change helps.

    `checks` are those of the application as it is (row 0) and of all proposals. `aside` are the keys of the rules that no change of
    the application can help, worst first.
    """

    setting: Setting
    start: State
    checks: Checks
    verdict: str
    reachable: str
    best: tuple[Proposal, ...]
    lesser: tuple[Proposal, ...]
    aside: tuple[str, ...]


def propose(
    application: Applications, layers: LayerSet, *, pack: Pack, valid_on: date, known_at: datetime, village_types: VillageTypes | None
) -> Proposals:
    """Search the changes that make one application lawful, or lead to the best verdict that can be reached.

    Raises InputError for a site of more than MOST_VERTICES vertices. The layers must hold what lies within the usual search radius of all ground the site may be shifted over (`reach`).
    """
    corners = int(shapely.get_num_coordinates(application.sites[0]))
    if corners > MOST_VERTICES:
        raise InputError(f"图形有 {corners} 个顶点，超过 {MOST_VERTICES} 个，不能试算改法：请先简化边界。")
    setting = Setting(layers, pack, valid_on, known_at, village_types, application.epsg)
    properties = {name: column[0] for name, column in application.properties.items()}
    start = State(application.sites[0], properties, application.epsg)
    before = setting.ranks(application.sites[:1], properties)[:, 0]
    search = Search(setting, load_levers(), start, before)
    reached = [] if before.min() == PASSED else [item for item in search.run() if item.way.steps]
    return _chosen(search, reached)


def reach(sites: Geometries) -> Geometries:
    """Return the ground that proposals about sites may touch: the boxes about the sites grown by the farthest shift."""
    farthest = max((lever.most or 0.0 for lever in load_levers().levers if lever.kind == "move"), default=0.0)
    return np.array([grown_box(site, farthest + 1.0) for site in sites], dtype=object)


def _chosen(search: Search, reached: Sequence[Found]) -> Proposals:
    now = search.goal(search.before)
    better = [item for item in reached if search.goal(item.ranks) > now]
    top = max((search.goal(item.ranks) for item in better), default=now)
    reaching = _diverse(sorted((item for item in better if search.goal(item.ranks) == top), key=lambda item: item.effort), MOST_PROPOSALS + 2)
    goal = _diverse(_minimal(search, reaching), MOST_PROPOSALS)
    goal = [item for item in goal if item.effort <= FAR_FETCHED * (goal[0].effort + 1)]
    least = WORTH_LESS * goal[0].effort if goal else math.inf
    small = [item for item in _diverse(sorted(better, key=lambda item: item.effort), len(better)) if search.goal(item.ranks) < top and item.effort < least]
    lesser = _diverse(_minimal(search, _front(search, small)), MOST_LESSER)
    return _checked(search, goal, lesser)


def _checked(search: Search, goal: Sequence[Found], lesser: Sequence[Found]) -> Proposals:
    """Check everything that is offered once more, in full and together, and read the verdicts off that."""
    states = [search.start, *(item.way.state for item in (*goal, *lesser))]
    checks = check_states(search.setting, states)
    verdicts = [str(verdict) for verdict in checks.verdicts]
    offered = [
        Proposal(item.way, item.effort, verdicts[row], True if any(not step.lever.discrete for step in item.way.steps) else None, row)
        for row, item in enumerate((*goal, *lesser), start=1)
    ]
    rules = search.setting.rules
    order = np.argsort(search.before, kind="stable")
    aside = tuple(rules[row].key for row in order if search.aside[row])
    best = max((verdicts[item.row] for item in offered[: len(goal)]), key=VERDICTS.index, default=verdicts[0])
    return Proposals(search.setting, search.start, checks, verdicts[0], best, tuple(offered[: len(goal)]), tuple(offered[len(goal) :]), aside)


def check_states(setting: Setting, states: Sequence[State]) -> Checks:
    """Check applications given one by one."""
    sites = np.empty(len(states), dtype=object)
    sites[:] = [state.site for state in states]
    return setting.check(sites, {name: _column([state.properties[name] for state in states]) for name in states[0].properties})


def _column(values: list[Any]) -> Any:
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def _ranks(search: Search, ways: Sequence[Way]) -> list[Column]:
    if not ways:
        return []
    found = check_states(search.setting, [way.state for way in ways]).ranks
    return [found[:, row] for row in range(len(ways))]


def _minimal(search: Search, found: Sequence[Found]) -> list[Found]:
    """Leave out changes that are not needed, and take back from each amount what is not needed."""
    kept = [_reduced(search, _without_idle(search, item)) for item in found]
    return _different(sorted(kept, key=lambda item: item.effort))


def _without_idle(search: Search, item: Found) -> Found:
    aim, steps = search.goal(item.ranks), item.way.steps
    fewer = [Way.of(search.start, steps[:place] + steps[place + 1 :]) for place in range(len(steps))] if len(steps) > 1 else []
    for way, ranks in zip(fewer, _ranks(search, fewer), strict=True):
        if search.goal(ranks) >= aim:
            return _without_idle(search, Found(way, ranks, effort(way)))
    return item


def _reduced(search: Search, item: Found) -> Found:
    """Bring every amount down until one per cent less, at least one step, no longer leads to the verdict."""
    aim = search.goal(item.ranks)
    for place, step in enumerate(item.way.steps):
        while step.count > 1 or not step.lever.discrete:
            high = step.count
            tries = [count for count in _less(high) if count > 0]
            ways = [Way.of(search.start, _with(item.way.steps, place, count)) for count in tries]
            holding = [(count, way, ranks) for count, way, ranks in zip(tries, ways, _ranks(search, ways), strict=True) if search.goal(ranks) >= aim]
            if not holding:
                break
            count, way, ranks = min(holding, key=lambda found: found[0])
            item, step = Found(way, ranks, effort(way)), replace(step, count=count)
    return item


def _less(count: int) -> list[int]:
    """Amounts to try below one: a step, one per cent, and a coarse look further down."""
    one = max(1, round(count / 100))
    return sorted({count - 1, count - one, *(int(count * share) for share in (0.25, 0.5, 0.75, 0.9, 0.97))} - {count, 0})


def _with(steps: tuple[Step, ...], place: int, count: int) -> tuple[Step, ...]:
    return (*steps[:place], replace(steps[place], count=count), *steps[place + 1 :])


def _diverse(found: Sequence[Found], most: int) -> list[Found]:
    """Keep the least of each kind of change, two of a shift in different directions; nothing that only adds to what is enough."""
    kept: list[Found] = []
    for item in found:
        same = [other for other in kept if _kind(other) == _kind(item)]
        if any(set(_kind(other)) < set(_kind(item)) for other in kept):
            continue
        if len(same) < (2 if any(step.lever.kind == "move" for step in item.way.steps) else 1):
            kept.append(item)
    return kept[:most]


def _kind(item: Found) -> tuple[str, ...]:
    """What is changed; two levers that only correct the same number count as one."""
    found = []
    for step, before, after in zip(item.way.steps, item.way.states, item.way.states[1:], strict=False):
        found.append(step.lever.id if after.site is not before.site else step.lever.property or step.lever.id)
    return tuple(sorted(found))


def _different(found: Sequence[Found]) -> list[Found]:
    """Leave out what leads to the same application."""
    kept: dict[tuple[Any, ...], Found] = {}
    for item in found:
        kept.setdefault(same_as(item.way.state), item)
    return list(kept.values())


def _front(search: Search, found: Sequence[Found]) -> list[Found]:
    """Of smaller changes only those no other is both smaller and better than."""
    return [
        item for item in found
        if not any(other.effort < item.effort and search.goal(other.ranks) >= search.goal(item.ranks) for other in found)
    ]  # fmt: skip
