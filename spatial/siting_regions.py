"""Conditions of a pack over ground: where a site surely fulfils one, and where it may for all that is known.

A condition becomes two nested areas, `sure` within `maybe`; what is not known lies between them, and the connectives are those of
three-valued logic (Kleene): and is intersection, or is union, not swaps the complements. A fact of overlap holds where the chosen
features lie, a fact outside where they do not, a clearance or distance within their buffers; what lies outside a layer's coverage, or
on features without the attribute, is "maybe". Facts that do not depend on the place are the same everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely

from spatial.choosing import Choice, choose
from spatial.facts import Fact
from spatial.layer import Layer
from spatial.lazy import lazy
from spatial.levers import SITE
from spatial.measuring import Facts
from spatial.open_applications import REGISTER
from spatial.proposals_trial import Setting, fact_drivers
from spatial.rules.model import Condition, FactSpec, RuleSpec
from spatial.siting_answers import UnmappedError, compare, holds, of_value
from spatial.siting_buffers import COARSE_QUAD_SEGS, QUAD_SEGS, Gaps, clearance_areas, outward
from spatial.siting_shapes import NOTHING, cut, meeting, overlap, united, without

VILLAGE_FACT = "village_code"
"""The fact that says in which village a site lies; the check itself reads village types by it."""


@dataclass(frozen=True)
class Region:
    """Two nested areas in the storage CRS."""

    sure: Any
    maybe: Any

    @property
    def known(self) -> bool:
        """Whether there is no doubt anywhere."""
        return self.maybe is self.sure

    @lazy
    def open(self) -> Any:
        """Where it is not known."""
        return without(self.maybe, self.sure)


@dataclass(frozen=True)
class Regions:
    """Conditions over one piece of ground, all of it in one village (or in none). `constant` are the facts of a site there, for those that do not depend on the place;
    `gaps` are those of the whole part the ground lies in."""

    setting: Setting
    constant: Facts
    ground: Any
    plot_m2: float
    gaps: Gaps
    quad_segs: int = QUAD_SEGS
    _kept: dict[tuple[str, bytes | None], Any] = field(default_factory=dict, compare=False, repr=False)

    def on(self, ground: Any) -> Regions:
        """The same on another ground in the part."""
        return self if ground is self.ground else replace(self, ground=ground, _kept={})

    def coarse(self) -> Regions:
        """The same with distances drawn with fewer corners, a little too wide: for what is only weighed."""
        return replace(self, quad_segs=COARSE_QUAD_SEGS)

    def of_rule(self, rule: RuleSpec) -> Region:
        """Return where a site fails a rule; raises UnmappedError.

        A rule that may also fail for something that is the same everywhere (a household's other application) takes land for what
        depends on the place alone: the rest is not the land's doing, and every place that is checked tells it.
        """
        if rule.applies_when is None or self._same_everywhere(rule.applies_when):
            fails = tuple(part for part in rule.fails_when.any if not self._same_everywhere(part))
        else:
            fails = ()
        applies = self.of(rule.applies_when) if rule.applies_when else Region(self.ground, self.ground)
        if applies.maybe is not self.ground and not overlap(self.ground, applies.maybe):
            return Region(NOTHING, NOTHING)
        return self._both(applies, self._fold(fails, self._either) if fails else self.of(rule.fails_when))

    def _same_everywhere(self, condition: Condition) -> bool:
        return all(self._constant(name) for leaf in condition.comparisons() for name in (leaf.fact, leaf.than) if name)

    def _constant(self, name: str) -> bool:
        """Whether a fact does not depend on the place in the village: what is stated, and attributes of the village itself."""
        facts = self.setting.pack.main.facts
        spec, village = facts[name], facts.get(VILLAGE_FACT)
        of_village = spec.measure == "dominant" and village is not None and spec.layer == village.layer
        return of_village or SITE not in fact_drivers(name, facts)

    def of(self, condition: Condition) -> Region:
        """Return where a condition holds; raises UnmappedError."""
        if condition.all:
            return self._fold(condition.all, self._both)
        if condition.any:
            return self._fold(condition.any, self._either)
        if condition.negate is not None:
            return self._not(self.of(condition.negate))
        return self._leaf(condition)

    def _fold(self, parts: tuple[Condition, ...], join: Callable[[Region, Region], Region]) -> Region:
        found = self.of(parts[0])
        for part in parts[1:]:
            found = join(found, self.of(part))
        return found

    def _both(self, a: Region, b: Region) -> Region:
        return self._joined(self._meet, a, b)

    def _either(self, a: Region, b: Region) -> Region:
        return self._joined(self._join, a, b)

    @staticmethod
    def _joined(join: Callable[[Any, Any], Any], a: Region, b: Region) -> Region:
        sure = join(a.sure, b.sure)
        return Region(sure, sure if a.known and b.known else join(a.maybe, b.maybe))

    def _meet(self, a: Any, b: Any) -> Any:
        if a is self.ground or b.is_empty:
            return b
        return a if b is self.ground or a.is_empty else cut(a, b)

    def _join(self, a: Any, b: Any) -> Any:
        if a is self.ground or b.is_empty:
            return a
        return b if b is self.ground or a.is_empty else united([a, b])

    def _not(self, a: Region) -> Region:
        sure = self._rest(a.maybe)
        return Region(sure, sure if a.known else self._rest(a.sure))

    def _rest(self, a: Any) -> Any:
        """The ground outside an area that lies on it: nothing where it is the whole ground, which a difference of the two takes long to find out."""
        return without(self.ground, a)

    def _leaf(self, leaf: Condition) -> Region:
        spec = self.setting.pack.main.facts[leaf.fact or ""]
        if self._same_everywhere(leaf):
            return self._everywhere(leaf, self.constant[leaf.fact or ""])
        if leaf.than is not None or spec.measure not in _AREAS:
            raise UnmappedError(spec.measure)
        return _AREAS[spec.measure](self, leaf, spec)

    def _everywhere(self, leaf: Condition, fact: Fact) -> Region:
        """A fact that does not depend on the place: everywhere or nowhere, or not known."""
        answer = holds(leaf, fact, self.constant)
        if answer is None:
            return Region(NOTHING, self.ground)
        return Region(self.ground, self.ground) if answer else Region(NOTHING, NOTHING)

    def number(self, leaf: Condition) -> float | None:
        """The number a comparison compares with."""
        if isinstance(leaf.value, bool):
            return float(leaf.value)
        return self.constant.parameter(leaf.param or "").number()

    def layer(self, spec: FactSpec) -> tuple[Layer, Choice] | None:
        """The layer of a fact with the features it speaks of; None where it is not loaded or its codes are of another system."""
        name = REGISTER if spec.measure == "other_application_area" else spec.layer
        layer = self.setting.layers.get(name or "")
        if layer is None or (spec.code_system is not None and layer.dataset.code_system != spec.code_system):
            return None
        return layer, choose(layer, spec.where, layers=self.setting.layers, codes=self.setting.pack.codes, code_system=spec.code_system)

    def covered_by(self, layer: Layer, chosen: Any) -> Any:
        """What some features of a layer cover, of those that meet the ground. Several rules ask for the same."""
        near = self._near(layer)
        near = near[chosen[layer.piece_feature[near]]]
        key = (layer.dataset.layer, near.tobytes())
        if key not in self._kept:
            self._kept[key] = united(layer.pieces[near])
        return self._kept[key]

    def _near(self, layer: Layer) -> Any:
        """The pieces of a layer's areas that meet the ground."""
        key = (layer.dataset.layer, None)
        if key not in self._kept:
            near = meeting(layer.tree, self.ground)
            self._kept[key] = near[shapely.get_dimensions(layer.pieces[near]) == 2]
        return self._kept[key]


def _overlap(regions: Regions, leaf: Condition, spec: FactSpec) -> Region:
    """Overlap with features: on them there is as much of it as the plot has, beside them none."""
    if spec.measure == "other_application_area" and REGISTER not in regions.setting.layers:
        raise UnmappedError(spec.measure)
    found, number = regions.layer(spec), regions.number(leaf)
    if found is None or number is None:
        return Region(NOTHING, regions.ground)
    layer, choice = found
    sure = regions.covered_by(layer, choice.certain)
    maybe = regions.covered_by(layer, choice.possible) if choice.in_doubt else sure
    maybe = regions._join(maybe, regions.gaps.within(regions.ground, layer))
    inside = Region(sure, maybe)
    if spec.measure == "outside_area":
        inside = regions._not(inside)
    most = 1.0 if spec.measure == "overlap_share" else regions.plot_m2
    answers = [compare(leaf, amount, number, regions.constant) for amount in (most, 0.0)]
    return _two_valued(regions, inside, on=bool(answers[0]), off=bool(answers[1]))


def _two_valued(regions: Regions, where: Region, *, on: bool, off: bool) -> Region:
    """A condition that is `on` within an area and `off` outside it."""
    if on == off:
        return Region(regions.ground, regions.ground) if on else Region(NOTHING, NOTHING)
    return where if on else regions._not(where)


def _distance(regions: Regions, leaf: Condition, spec: FactSpec) -> Region:
    found, number = regions.layer(spec), regions.number(leaf)
    if found is None or number is None:
        return Region(NOTHING, regions.ground)
    layer, choice = found
    sure = outward(regions.ground, layer, np.where(choice.certain, number, np.nan), quad_segs=regions.quad_segs)
    maybe = outward(regions.ground, layer, np.where(choice.possible, number, np.nan), quad_segs=regions.quad_segs) if choice.in_doubt else sure
    near = Region(sure, regions._join(maybe, regions.gaps.within(regions.ground, layer, within_m=number)))
    return _two_valued(regions, near, on=leaf.op in ("lt", "le"), off=leaf.op in ("gt", "ge"))


def _clearance(regions: Regions, leaf: Condition, spec: FactSpec) -> Region:
    found, number = regions.layer(spec), regions.number(leaf)
    if found is None or number is None:
        return Region(NOTHING, regions.ground)
    layer, choice = found
    sure, maybe = clearance_areas(regions.ground, layer, choice, spec, regions.constant.parameter, regions.gaps, beyond_m=number, quad_segs=regions.quad_segs)
    return _two_valued(regions, Region(sure, maybe), on=leaf.op in ("lt", "le"), off=leaf.op in ("gt", "ge"))


def _attribute(regions: Regions, leaf: Condition, spec: FactSpec) -> Region:
    """The attribute of the feature a site lies on."""
    found = regions.layer(spec)
    if found is None:
        return Region(NOTHING, regions.ground)
    layer, _ = found
    column = layer.attributes.get(spec.field or "")
    values = np.full(len(layer.features), None, dtype=object) if column is None else column
    answers = np.array([of_value(leaf, value) for value in values], dtype=object)
    sure = regions.covered_by(layer, np.array([answer is True for answer in answers], dtype=bool))
    false = regions.covered_by(layer, np.array([answer is False for answer in answers], dtype=bool))
    return Region(sure, regions._rest(false))


def _loaded(regions: Regions, leaf: Condition, spec: FactSpec) -> Region:
    """Whether every layer is loaded and complete here: surely where all coverages are, else not known, never no."""
    wanted, layers = regions.setting.pack.layers, regions.setting.layers
    if any(name not in layers for name in wanted):
        known = NOTHING
    else:
        gaps = {layers[name].extent: regions.gaps.within(regions.ground, layers[name]) for name in wanted}
        known = regions._rest(united(list(gaps.values())))
    return Region(NOTHING, regions._rest(known)) if leaf.value is False else Region(known, regions.ground)


_AREAS: Mapping[str, Callable[[Regions, Condition, FactSpec], Region]] = {
    "overlap_area": _overlap, "overlap_share": _overlap, "outside_area": _overlap, "other_application_area": _overlap,
    "distance": _distance, "building_gap": _distance, "clearance": _clearance, "strip_clearance": _clearance,
    "dominant": _attribute, "layers_loaded": _loaded,
}  # fmt: skip
