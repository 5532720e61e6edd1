"""Along one lever (a number, or the site in many directions): the least amount from which the verdict of some rules is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.levers import Lever
from spatial.proposals_change import State, most_steps, vary
from spatial.proposals_trial import Ranks, Setting, facts_of
from spatial.rules.model import RuleSpec

FIRST_LOOK = 32
CLOSER_LOOK = 14
BEARINGS = 24
LEAST_LOOK = 8
PLAIN_VERTICES = 64
"""The looks are as fine as said here for sites of up to so many vertices, and coarser for others, so that the work stays the same."""
NEAR_M = 40.0
"""Edges of what stands in the way are looked for so far around a site; the shortest way out is square to one of them."""

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Floats = NDArray[np.floating[Any]]


@dataclass
class Rays:
    """A lever moved from an application on, in one direction or several (None: the lever has no direction)."""

    setting: Setting
    state: State
    lever: Lever
    looks: tuple[float | None, ...]
    _seen: tuple[Ints, Ranks] | None = field(default=None, init=False)

    @property
    def most(self) -> int:
        """The largest number of steps."""
        return most_steps(self.state, self.lever)

    def ranks(self, counts: Ints, looks: Sequence[float | None]) -> Ranks:
        """What every rule makes of the application changed by so many steps in such a direction."""
        if self.lever.kind == "trim":
            return np.hstack([self._one(counts[[row]], look) for row, look in enumerate(looks)])
        return self._one(counts, None if looks[0] is None else np.array(looks, dtype=float))

    def _one(self, counts: Ints, look: Any) -> Ranks:
        variants = vary(self.state, self.lever, counts, look)
        return self.setting.ranks(variants.sites, variants.properties)

    def first_look(self) -> tuple[Ints, Ranks]:
        """Try amounts over the whole range in every direction: finer near nothing."""
        if self._seen is None:
            counts = spread(self.most, fineness(self.state.site, FIRST_LOOK))
            if self.lever.kind == "move":
                every = self.ranks(np.tile(counts, len(self.looks)), np.repeat(np.array(self.looks, dtype=float), len(counts)).tolist())
                tried = np.split(every, len(self.looks), axis=1)
            else:
                tried = [self._one(counts, look) for look in self.looks]
            self._seen = counts, np.stack(tried, axis=1)
        return self._seen

    def least(self, mask: Bools, now: int, *, keep: int) -> list[tuple[int, float | None]]:
        """Return for every better verdict of the masked rules the least steps that lead to it, in the `keep` shortest directions."""
        counts, ranks = self.first_look()
        verdicts = ranks[mask].min(axis=0)
        found: list[tuple[int, float | None]] = []
        for level in sorted(set(np.unique(verdicts).tolist()) - set(range(now + 1))):
            hits = verdicts >= level
            rays = np.flatnonzero(hits.any(axis=1))
            at = hits[rays].argmax(axis=1)
            shortest = np.argsort(at, kind="stable")[: keep + 2]
            low = np.where(at[shortest] > 0, counts[at[shortest] - 1], 0)
            looks = [self.looks[ray] for ray in rays[shortest].tolist()]
            closer = self._closer(mask, level, low, counts[at[shortest]], looks)
            if self.lever.kind == "move" and shapely.get_num_coordinates(self.state.site) <= PLAIN_VERTICES:
                closer = self._turned(mask, level, closer)
            found += apart(sorted(closer, key=lambda item: (item[0], item[1] or 0.0)), keep)
        return found

    def _closer(self, mask: Bools, level: int, low: Ints, high: Ints, looks: Sequence[float | None]) -> list[tuple[int, float | None]]:
        """Narrow every bracket (low fails, high does not) down to one step."""
        low, high = low.copy(), high.copy()
        while (wide := np.flatnonzero(high - low > 1)).size:
            tries = [np.unique(np.linspace(low[ray], high[ray], CLOSER_LOOK + 2).astype(np.int64)[1:-1]) for ray in wide]
            tries = [counts[(counts > low[ray]) & (counts < high[ray])] for ray, counts in zip(wide, tries, strict=True)]
            ranks = self.ranks(np.concatenate(tries), [looks[ray] for ray, counts in zip(wide.tolist(), tries, strict=True) for _ in counts])
            holds = ranks[mask].min(axis=0) >= level
            for ray, counts, held in zip(wide, tries, np.split(holds, np.cumsum([len(counts) for counts in tries])[:-1]), strict=True):
                first = int(held.argmax()) if held.any() else len(counts)
                high[ray] = counts[first] if first < len(counts) else high[ray]
                low[ray] = counts[first - 1] if first > 0 else low[ray]
        return list(zip(high.tolist(), looks, strict=True))

    def _turned(self, mask: Bools, level: int, found: list[tuple[int, float | None]]) -> list[tuple[int, float | None]]:
        """Look whether a direction a little off the shortest one is shorter still."""
        best = min(found, key=lambda item: item[0])
        for spread_deg in (12.0, 4.0, 1.3):
            turns = [round(((best[1] or 0.0) + share * spread_deg) % 360, 1) for share in (-1.0, -0.5, 0.5, 1.0)]
            counts = np.unique(np.linspace(best[0] * 0.6, best[0] - 1, 6).astype(np.int64))
            counts = counts[counts > 0]
            if not len(counts):
                break
            ranks = self.ranks(np.tile(counts, len(turns)), np.repeat(turns, len(counts)).tolist())
            holds = (ranks[mask].min(axis=0) >= level).reshape(len(turns), len(counts))
            rays = np.flatnonzero(holds.any(axis=1))
            if rays.size:
                at = holds[rays].argmax(axis=1)
                low = np.where(at > 0, counts[at - 1], 0)
                better = self._closer(mask, level, low, counts[at], [turns[ray] for ray in rays])
                best = min([best, *better], key=lambda item: item[0])
        return [best, *found]


def fineness(site: Any, most: int) -> int:
    """Return how many looks a site can be given: `most`, or fewer for one of many vertices."""
    return int(np.clip(most * PLAIN_VERTICES / max(1, shapely.get_num_coordinates(site)), min(LEAST_LOOK, most), most))


def spread(most: int, looks: int) -> Ints:
    """So many whole numbers from 1 to `most`, close together at first."""
    if most <= looks:
        return np.arange(1, most + 1)
    return np.unique(np.concatenate([np.rint(np.linspace(0, 1, looks) ** 1.6 * (most - 1)).astype(np.int64) + 1, [1, most]]))


def apart(found: list[tuple[int, float | None]], keep: int) -> list[tuple[int, float | None]]:
    """Keep the shortest of directions that differ by less than 30°."""
    kept: list[tuple[int, float | None]] = []
    for count, look in found:
        near = [other for _, other in kept if look is not None and other is not None and abs((look - other + 180) % 360 - 180) < 30]
        if not near and len(kept) < keep:
            kept.append((count, look))
    return kept


def bearings(setting: Setting, site: Any, rules: Sequence[RuleSpec]) -> list[float]:
    """Return the directions to try: eight of the compass, and square to the longest edges near the site of what the rules speak of."""
    looks = [45.0 * eighth for eighth in range(8)]
    facts = setting.pack.main.facts
    layers = dict.fromkeys(facts[name].layer for rule in rules for name in facts_of(rule))
    for name in layers:
        if name is not None and name in setting.layers:
            layer = setting.layers[name]
            near = layer.pieces[layer.tree.query(site, predicate="dwithin", distance=NEAR_M)]
            looks += _square_to(near, grown_box(site, NEAR_M))
    return list(dict.fromkeys(round(look % 360, 1) % 360 for look in looks))[: fineness(site, BEARINGS)]


def grown_box(site: Any, metres: float) -> Any:
    """Return the box about a site, grown: a buffer of a site of many corners takes minutes."""
    west, south, east, north = shapely.bounds(site).tolist()
    return shapely.box(west - metres, south - metres, east + metres, north + metres)


def _square_to(pieces: Any, around: Any) -> list[float]:
    lines = shapely.intersection(np.where(shapely.get_dimensions(pieces) == 2, shapely.boundary(pieces), pieces), around)
    parts = shapely.get_parts(lines)
    parts = parts[shapely.get_dimensions(parts) == 1]
    if not len(parts):
        return []
    points, owner = shapely.get_coordinates(parts, return_index=True)
    legs = np.diff(points, axis=0)[owner[1:] == owner[:-1]]
    length, turn = np.hypot(*legs.T), np.degrees(np.arctan2(legs[:, 0], legs[:, 1])) % 180
    total = np.bincount((turn // 2).astype(int), weights=length, minlength=90)
    edges = [float(turn[(turn // 2).astype(int) == best][length[(turn // 2).astype(int) == best].argmax()]) for best in np.argsort(-total)[:3] if total[best] > 0]
    return [(edge + square) % 360 for edge in edges for square in (90, 270)]
