"""Facts measured for an array of subjects: every entry of a pack's `facts` turned into a `Fact`, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

import numpy as np
import shapely

from spatial.choosing import Choice, choose
from spatial.derived import DERIVED
from spatial.facts import Fact, unknown
from spatial.layer import LayerSet
from spatial.layer_facts import LAYER_MEASURES
from spatial.layer_titles import layer_title
from spatial.lazy import lazy
from spatial.measures import Bools, Floats, Overlay, edge_distance, uncovered
from spatial.overlap_table import (
    FAR,
    MEASURES,
    TOUCHING,
    Column,
    OverlapTable,
    asked_round,
    filling,
    form_numbers,
    kept_table,
    overlap_table,
)
from spatial.pieces import Extent, Geometries
from spatial.remembered import remember
from spatial.rules.model import FactSpec, RuleFile
from spatial.rules.pack import Pack
from spatial.rules.parameters import Resolved
from spatial.sweep import Sweep, ground, sweep
from spatial.vicinity import vicinity

_MOST_FAR = 500

Found = TypeVar("Found")


class Facts:
    """The facts of n subjects, measured when first asked for.

    `properties` maps a declared property to an object array of n values (None: not declared).
    `context` gives categories that come from elsewhere (the village type), with the version they carry.
    """

    def __init__(
        self,
        subjects: Geometries,
        *,
        properties: Mapping[str, Any],
        layers: LayerSet,
        pack: Pack,
        valid_on: date,
        context: Mapping[str, Callable[[Facts], tuple[Any, str | None]]] | None = None,
    ) -> None:
        self.subjects, self.properties, self.layers = subjects, properties, layers
        self.pack, self.valid_on, self.context = pack, valid_on, context or {}
        self.areas: Floats = shapely.area(subjects)
        self._facts: dict[str, Fact] = {}
        self._overlays: dict[str, Overlay] = {}
        self._shared: dict[Any, Any] = {}
        self._met: dict[int, frozenset[str]] = {}
        self._parameters: dict[str, Resolved] = {}
        self.any_error = False
        """Whether any fact asked for so far rests on wrong data."""

    def __len__(self) -> int:
        return len(self.subjects)

    def __getitem__(self, name: str) -> Fact:
        fact = self._facts.get(name)
        if fact is None:
            spec = self.pack.main.facts[name]
            fact = self._facts[name] = self._far(name, spec) if spec.measure in FAR else self._measure(name, spec)
        return fact

    def _far(self, name: str, spec: FactSpec) -> Fact:
        """A fact about what lies round the subjects. Where nothing does it is the same for all, and known from one asked before."""
        if spec.layer not in self._empty:
            return self._measure(name, spec)
        kept, key, count = self.table.far, (name, self.valid_on), len(self)
        fact = kept.get(key) or remember(kept, key, self._measure(name, spec), most=_MOST_FAR)
        assert fact.low is not None and fact.high is not None
        if len(fact.low) == count:
            return fact
        first = fact.reason(0)
        return Fact(name, spec, low=np.full(count, fact.low[0]), high=np.full(count, fact.high[0]), dataset=fact.dataset,
                    reason=lambda _: first, shown=None if fact.shown is None else lambda _: None)  # fmt: skip

    @lazy
    def _empty(self) -> frozenset[str]:
        """The layers that have nothing within their reach of any subject, and whose coverage does not end there."""
        grid = self.table.vicinity
        far = grid.metres.keys() - grid.near(shapely.bounds(self.subjects))
        return frozenset(name for name in far if self.covered_for(name, grid.metres[name]))

    def covered_for(self, name: str, metres: float) -> bool:
        """Tell whether a loaded layer's coverage goes on for so many metres round every subject."""
        return bool(len(self) and self.covered_round(name, metres).all())

    def covered_round(self, name: str, metres: float) -> Bools:
        """Return round which subjects a loaded layer's coverage goes on for so many metres."""
        edge = edge_distance(self.subjects, self.layers[name].extent, self._shared, within=metres)
        around: Bools = edge > metres
        return around

    def forget(self) -> None:
        """Let go of all that was measured, when nothing more is asked: facts and what they explain refer to each other, so that only the
        search for garbage would find them, which takes a tenth of the time of a check."""
        self._facts, self._overlays, self._shared = {}, {}, {}
        for name in ("swept", "_sums", "_stated", "_empty"):
            self.__dict__.pop(name, None)

    def once(self, key: tuple[str, ...], find: Callable[[], Found]) -> Found:
        """Return what several facts need, found for the first of them."""
        if key not in self._shared:
            self._shared[key] = find()
        found: Found = self._shared[key]
        return found

    def numbers(self, names: tuple[str, ...]) -> tuple[Floats, Floats]:
        """Return the least and the most of some numeric facts, as facts × subjects."""
        plan = filling(names, self.pack, self.table)
        low, high = np.empty((len(names), len(self))), np.empty((len(names), len(self)))
        low[plan.to], high[plan.to] = self._sums[0][plan.of], self._sums[1][plan.of]
        if len(plan.declared):
            low[plan.declared], high[plan.declared] = self.declared(plan.properties)
        for row, name in plan.others:
            fact = self[name]
            low[row], high[row] = fact.low, fact.high
        return low, high

    def declared(self, properties: tuple[str, ...]) -> tuple[Floats, Floats]:
        """Return what the form states of some numeric properties, as properties × subjects; an empty field is not known."""
        rows = [self.table.form[name] for name in properties]
        low, high = self._stated
        return low[rows], high[rows]

    def stated(self, name: str) -> tuple[Floats, Floats]:
        """Return what the form states of one numeric property, as `declared` does."""
        row = self.table.form[name]
        return self._stated[0][row], self._stated[1][row]

    @lazy
    def _stated(self) -> tuple[Floats, Floats]:
        """All numbers of the form, least and most, as properties × subjects."""
        nothing = np.full(len(self), None, dtype=object)
        stated = np.array([self.properties.get(name, nothing) for name in self.table.form], dtype=object).reshape(-1, len(self))
        gone = stated == np.array(None, dtype=object)
        low = np.where(gone, -np.inf, stated).astype(np.float64)
        return low, np.where(gone, np.inf, low)

    def bounds(self, name: str) -> tuple[Floats, Floats]:
        """Return the least and the most a fact about overlaps may be, one value for each subject."""
        place = self.table.place[name]
        return self._sums[0][place], self._sums[1][place]

    @lazy
    def table(self) -> OverlapTable:
        """Which features count for which fact about overlaps with the layers that are loaded."""
        return kept_table(self.pack, self.layers, self._table)

    def _table(self) -> OverlapTable:
        # What the report of a site tells of the neighbours it touches is found with the same look.
        beside = set(TOUCHING) & set(self.pack.layers) if isinstance(self.pack.main, RuleFile) else set()
        names = [name for name in sorted({*self.pack.swept, *beside}) if name in self.layers]
        columns = []
        for name, spec in self.pack.main.facts.items():
            if spec.measure in MEASURES and spec.layer in self.layers and not self._wrong_codes(spec):
                columns.append(Column(name, spec, self._choice(spec)))
        return overlap_table(ground(self.layers, names), columns, vicinity(self.layers, asked_round(self.pack, self.layers)), form_numbers(self.pack))

    @lazy
    def swept(self) -> Sweep:
        """The subjects laid over all layers whose overlaps are asked for."""
        return sweep(self.subjects, self.areas, self.table.ground)

    def met(self, row: int) -> frozenset[str]:
        """Return the layers that one subject touches or lies on, of those whose overlap is asked for and those not swept."""
        if row not in self._met:
            self._met[row] = self._meeting(row)
        return self._met[row]

    def _meeting(self, row: int) -> frozenset[str]:
        swept = self.swept
        start, end = np.searchsorted(swept.subject, [row, row + 1])
        names = self.table.ground.names
        return (self.table.unswept - self._empty) | {names[place] for place in set(swept.owner[start:end].tolist())}

    @lazy
    def _sums(self) -> tuple[Floats, Floats]:
        gaps = [self._gap(extent) for extent in self.table.extents]
        outside = np.array(gaps).reshape(len(gaps), len(self))[self.table.extent_of]
        return self.table.bounds(self.swept, self.areas, outside)

    def parameter(self, name: str) -> Resolved:
        """Return a parameter as in force on `valid_on`."""
        if name not in self._parameters:
            self._parameters[name] = self.pack.parameter(name, self.valid_on)
        return self._parameters[name]

    def uncovered(self, layer: str) -> Floats:
        """Return the m² of each subject outside the coverage of a layer that is loaded."""
        return self._gap(self.layers[layer].extent)

    @lazy
    def anything_uncovered(self) -> list[bool]:
        """Whether a layer of the pack that is loaded leaves some of a subject out, for each subject."""
        found: list[bool] = self.partly_outside.tolist()
        return found

    @lazy
    def partly_outside(self) -> Bools:
        """The same as an array."""
        extents = {id(layer.extent): layer.extent for name in self.pack.layers if (layer := self.layers.get(name)) is not None}
        gaps = [self._gap(extent) for extent in extents.values()]
        found: Bools = np.any(gaps, axis=0) if gaps else np.zeros(len(self), dtype=bool)
        return found

    def _gap(self, extent: Extent) -> Floats:
        return uncovered(self.subjects, extent, self._shared)

    def overlay(self, layer: str) -> Overlay | None:
        """Return the subjects laid over a layer, or None where it is not loaded."""
        if layer not in self.layers:
            return None
        if layer not in self._overlays:
            swept = self.swept if layer in self.table.ground.position else None
            reach = self.pack.reach.get(layer, 0.0)
            self._overlays[layer] = Overlay(self.subjects, self.layers[layer], self.areas, self._shared, swept, reach)
        return self._overlays[layer]

    def title(self, layer: str) -> str:
        """The Chinese name of a layer."""
        return self.layers[layer].dataset.title if layer in self.layers else layer

    def _measure(self, name: str, spec: FactSpec) -> Fact:
        if spec.measure in DERIVED:
            return DERIVED[spec.measure](self, name, spec)
        assert spec.layer is not None
        over = self.overlay(spec.layer)
        if over is None:
            return unknown(name, spec, len(self), reason=lambda _: f"图层“{layer_title(spec.layer)}”未入库")
        if self._wrong_codes(spec):
            self.any_error = True
            text = f"图层“{over.layer.dataset.title}”的代码体系是 {over.layer.dataset.code_system or '未说明'}，应为 {spec.code_system}"
            return unknown(name, spec, len(self), reason=lambda _: text, error=np.ones(len(self), dtype=bool), dataset=over.layer.dataset)
        return LAYER_MEASURES[spec.measure](self, name, spec, over, self._kept_choice(spec))

    def _choice(self, spec: FactSpec) -> Choice:
        layer = self.layers[spec.layer or ""]
        return choose(layer, spec.where, layers=self.layers, codes=self.pack.codes, code_system=spec.code_system)

    def _kept_choice(self, spec: FactSpec) -> Choice:
        """The features a fact chooses; remembered, since looking them up again takes longer than most measuring does."""
        kept = self.table.choices
        if id(spec) not in kept:
            kept[id(spec)] = self._choice(spec)
        return kept[id(spec)]

    def _wrong_codes(self, spec: FactSpec) -> bool:
        """Tell whether a loaded layer's codes are of another system than the fact speaks of."""
        return spec.code_system is not None and self.layers[spec.layer or ""].dataset.code_system != spec.code_system
