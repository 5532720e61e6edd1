"""All facts about overlaps of a pack at once: which features count for which facts, and the sums of a sweep over them.

Features that count for the same facts form a class, so that a pair of subject and feature adds its area to the right facts by
one look into a table, however many facts ask for the layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.choosing import Choice
from spatial.facts import Fact
from spatial.kept import Kept
from spatial.layer import LayerSet
from spatial.lazy import lazy
from spatial.measures import Floats, Ints, runs_of_several, to_resolution
from spatial.pieces import Extent
from spatial.rules.model import FactSpec
from spatial.rules.pack import Pack
from spatial.sweep import Ground, Sweep
from spatial.vicinity import Vicinity

MEASURES = ("overlap_area", "overlap_share", "outside_area")
"""The measures that are sums of overlaps."""


TOUCHING = (
    "basic_farmland", "ecological_redline", "urban_boundary", "parcel", "building", "road", "river", "hazard", "heritage", "water_source",
    "new_village_area", "flood_storage", "flood_risk", "reservoir", "historic_village", "traditional_village", "geological_risk",
    "nature_reserve", "scenic_area", "wetland", "forest", "enforcement",
)  # fmt: skip
"""Layers for which lying on is something else than lying beside."""


@dataclass(frozen=True)
class Column:
    """One fact of the table: its name, how it is measured, and the features of its layer that it chooses."""

    name: str
    spec: FactSpec
    choice: Choice


@dataclass(frozen=True, eq=False)
class _Members:
    """For each class of features the facts it counts for: those from `starts[c]` on, `counts[c]` of them, in `facts`."""

    starts: Ints
    counts: Ints
    facts: Ints

    def sums(self, classes: Ints, subject: Ints, areas: Floats, *, facts: int, subjects: int) -> Floats:
        """Add up the areas of pairs by fact and subject."""
        counts = self.counts[classes]
        ends = counts.cumsum()
        total = int(ends[-1]) if len(ends) else 0
        place = np.arange(total) + (self.starts[classes] - ends + counts).repeat(counts)
        key = self.facts[place] * subjects + subject.repeat(counts)
        sums: Floats = np.bincount(key, weights=areas.repeat(counts), minlength=facts * subjects).astype(np.float64, copy=False)
        return sums.reshape(facts, subjects)


def asked_round(pack: Pack, layers: LayerSet) -> dict[str, float]:
    """Return by how many metres the layers of a pack matter that facts ask about round a subject; those that matter everywhere are left out."""
    asked = {spec.layer for spec in pack.main.facts.values() if spec.measure in FAR}
    return {name: far for name, far in pack.reach.items() if name in layers and name in asked and math.isfinite(far)}


@dataclass(frozen=True, eq=False)
class OverlapTable:
    """The facts about overlaps with the layers of a ground, and the classes of their features."""

    ground: Ground
    columns: tuple[Column, ...]
    layer_of: NDArray[np.int64]
    feature_starts: Ints
    feature_class: Ints
    certain: _Members
    possible: _Members
    extents: tuple[Extent, ...]
    extent_of: Ints
    in_doubt: bool
    outside: NDArray[np.bool_]
    share: NDArray[np.bool_]
    _fillings: dict[tuple[str, ...], Filling] = field(default_factory=dict, init=False)
    form: dict[str, int] = field(kw_only=True)
    """The properties of the form that are numbers, each with its place among them."""
    vicinity: Vicinity = field(kw_only=True)
    """What lies round a subject, of the layers that facts ask about so."""
    far: dict[tuple[str, date], Fact] = field(default_factory=dict, init=False)
    """Facts about what lies round a subject where nothing does."""
    choices: dict[int, Choice] = field(default_factory=dict, init=False)
    """The features that facts choose, by the identity of what says how they are measured."""
    tolerances: dict[date, list[dict[str, Any]]] = field(default_factory=dict, init=False)
    """The noise limits of a day as reports show them."""
    writers: dict[Any, Any] = field(default_factory=dict, init=False)
    """Those who write reports over these layers, by the rules they write about."""
    unions: dict[tuple[int, ...], tuple[list[Any], Any]] = field(default_factory=dict, init=False)
    """Shapes put together to be shown, with their parts, by the identity of these."""

    @lazy
    def unswept(self) -> frozenset[str]:
        """Layers that facts ask about otherwise than by overlap."""
        return frozenset(self.vicinity.metres) - set(self.ground.names)

    @lazy
    def place(self) -> dict[str, int]:
        """The row of each fact."""
        return {column.name: row for row, column in enumerate(self.columns)}

    def bounds(self, swept: Sweep, areas: Floats, uncovered: Floats) -> tuple[Floats, Floats]:
        """Return the least and the most each fact may be, as facts × subjects; `uncovered` is layers × subjects in m²."""
        low = self._sums(self.certain, swept, areas, possible=False)
        high = self._sums(self.possible, swept, areas, possible=True) if self.in_doubt else low
        whole = to_resolution(areas)
        high = np.minimum(to_resolution(high + uncovered[self.layer_of]), whole)
        if self.outside.any():
            out = self.outside
            low[out], high[out] = (
                np.maximum(to_resolution(whole - high[out]), 0.0),
                np.maximum(to_resolution(whole - low[out]), 0.0),
            )
        if self.share.any():
            some = areas > 0
            divisor = np.where(some, areas, 1.0)
            low[self.share] = np.where(some, np.round(low[self.share] / divisor, 6), -np.inf)
            high[self.share] = np.where(some, np.round(high[self.share] / divisor, 6), np.inf)
        return low, high

    def _sums(self, members: _Members, swept: Sweep, areas: Floats, *, possible: bool) -> Floats:
        classes = self.feature_class[self.feature_starts[swept.owner] + swept.feature]
        total = members.sums(classes, swept.subject, swept.areas, facts=len(self.columns), subjects=len(areas))
        for name, columns in self._overlapping:
            self._count_once(total, columns, swept, name, possible=possible)
        return to_resolution(np.minimum(total, areas))

    @lazy
    def _overlapping(self) -> list[tuple[str, list[int]]]:
        """The layers whose features may overlap each other, with the facts about each."""
        found = [(name, np.flatnonzero(self.layer_of == place).tolist()) for place, name in enumerate(self.ground.names)]
        return [(name, columns) for name, columns in found if columns and not self.ground.layers[self.ground.position[name]].disjoint]

    def _count_once(self, total: Floats, columns: list[int], swept: Sweep, name: str, *, possible: bool) -> None:
        """Where several features of a layer lie on one subject, take the area of their union: overlapping features count once."""
        subject, feature, pairs, _ = swept.of(name)
        for start, end in runs_of_several(subject, feature):
            rows = feature[start:end]
            for column in columns:
                choice = self.columns[column].choice
                chosen = (choice.possible if possible else choice.certain)[rows]
                kept = rows[chosen]
                if len(kept) > 1 and kept.min() != kept.max():
                    total[column, subject[start]] = shapely.union_all(swept.parts(pairs[start:end][chosen])).area


@dataclass(frozen=True, eq=False)
class Filling:
    """Where the rows of a matrix of numeric facts come from: `to` from the table's rows `of`; `declared` from the form's
    `properties`; the others one by one."""

    to: Ints
    of: Ints
    declared: Ints
    properties: tuple[str, ...]
    others: tuple[tuple[int, str], ...]


def filling(names: tuple[str, ...], pack: Pack, table: OverlapTable) -> Filling:
    """Return where the facts of these names come from."""
    kept = table._fillings.get(names)
    if kept is None:
        specs = pack.main.facts
        summed = [row for row, name in enumerate(names) if name in table.place]
        stated = [row for row, name in enumerate(names) if specs[name].measure == "declared" and specs[name].unit in FORM_NUMBERS]
        rest = tuple((row, name) for row, name in enumerate(names) if row not in summed and row not in stated)
        kept = table._fillings[names] = Filling(
            np.array(summed, dtype=np.int64), np.array([table.place[names[row]] for row in summed], dtype=np.int64),
            np.array(stated, dtype=np.int64), tuple(specs[names[row]].property or "" for row in stated), rest,
        )  # fmt: skip
    return kept


FAR = frozenset({"clearance", "clearance_beyond", "placed_clearance", "sway_clearance", "strip_clearance", "distance", "count_within", "building_gap"})
"""Measures of what lies round a subject."""

FORM_NUMBERS = ("m2", "m", "share", "storey", "degree", "ha", "person", "household", "count", "bool", "days")
"""Units of form fields that are plain numbers (yes is 1, no is 0)."""


def form_numbers(pack: Pack) -> dict[str, int]:
    """Return the properties of the form that facts read as numbers, each with its place among them."""
    names = dict.fromkeys(spec.property or "" for spec in pack.main.facts.values() if spec.measure == "declared" and spec.unit in FORM_NUMBERS)
    return {name: place for place, name in enumerate(names)}


_KEPT: Kept[tuple[Any, OverlapTable]] = Kept(most=4)


def kept_table(pack: Pack, layers: LayerSet, make: Callable[[], OverlapTable]) -> OverlapTable:
    """Return the table of a pack over its layers; one made for the same pack and layers is used again."""
    mine = [layers.get(name) for name in pack.layers]
    key = (id(pack), *map(id, mine))
    kept = _KEPT.get(key)
    # Told apart by identity; what is kept holds pack and layers alive, so an id stands for the same one.
    if kept is None:
        kept = _KEPT.put(key, ((pack, mine), make()))
    return kept[1]


def overlap_table(over: Ground, columns: Sequence[Column], vicinity: Vicinity, form: dict[str, int]) -> OverlapTable:
    """Make the table of facts over a ground."""
    layer_of = np.array([over.position[column.spec.layer or ""] for column in columns], dtype=np.int64)
    feature_counts = [len(layer.features) for layer in over.layers]
    starts = np.concatenate([[0], np.cumsum(feature_counts)]).astype(np.int64)
    classes = np.zeros(int(starts[-1]), dtype=np.int64)
    certain: list[list[int]] = []
    possible: list[list[int]] = []
    for layer in range(len(over.layers)):
        mine = np.flatnonzero(layer_of == layer)
        masks = [mask for column in mine for mask in (columns[int(column)].choice.certain, columns[int(column)].choice.possible)]
        kinds, members = _kinds(masks, feature_counts[layer])
        classes[starts[layer] : starts[layer + 1]] = kinds + len(certain)
        certain += [[int(column) for place, column in enumerate(mine) if row[2 * place]] for row in members]
        possible += [[int(column) for place, column in enumerate(mine) if row[2 * place + 1]] for row in members]
    measures = np.array([column.spec.measure for column in columns], dtype=object)
    extents = tuple(dict.fromkeys(layer.extent for layer in over.layers))
    extent_of = np.array([extents.index(layer.extent) for layer in over.layers], dtype=np.int64)
    return OverlapTable(
        over, tuple(columns), layer_of, starts, classes, _members(certain), _members(possible), extents, extent_of, certain != possible,
        np.asarray(measures == "outside_area", dtype=bool), np.asarray(measures == "overlap_share", dtype=bool), vicinity=vicinity, form=form,
    )  # fmt: skip


def _kinds(masks: Sequence[NDArray[np.bool_]], count: int) -> tuple[Ints, NDArray[np.bool_]]:
    """Number the different columns of some masks: the number of each feature, and the masks' values for each number."""
    if not masks or not count:
        return np.zeros(count, dtype=np.int64), np.zeros((1, len(masks)), dtype=bool)
    stacked = np.array(masks)
    packed = np.packbits(stacked, axis=0)
    _, first, kinds = np.unique(packed, axis=1, return_index=True, return_inverse=True)
    return kinds.reshape(-1).astype(np.int64), stacked[:, first].T


def _members(rows: list[list[int]]) -> _Members:
    counts = np.array([len(row) for row in rows], dtype=np.int64)
    facts = np.array([fact for row in rows for fact in row], dtype=np.int64)
    return _Members(np.cumsum(counts) - counts, counts, facts)
