"""Buildable land: the ground that no blocking rule takes, for a given application; and what is not known about the rest.

Rule by rule of the house-building pack, and village by village, because what depends on the village (its type) is the same all over
it. What a rule surely forbids is taken away; what it may forbid for all that is known is never buildable either, and counted apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from spatial.findings import reasons
from spatial.levers import SITE
from spatial.measuring import Facts
from spatial.proposals_trial import Setting, fact_drivers, facts_of
from spatial.rules.model import RuleSpec
from spatial.siting_answers import UnmappedError
from spatial.siting_buffers import Gaps
from spatial.siting_pack import SitingPack
from spatial.siting_regions import VILLAGE_FACT, Region, Regions
from spatial.siting_shapes import NOTHING, cut, filled, meeting, united, without

SHAPED_BY = ("outside_area", "overlap_area")
"""Facts whose rules come first, for they leave little for the others to be cut out of."""


@dataclass(frozen=True)
class Taken:
    """What one rule takes from what the rules before it left, and what it leaves open."""

    rule: RuleSpec
    area_m2: float
    open_m2: float
    reason: str | None


@dataclass(frozen=True)
class Land:
    """Areas in the storage CRS. `clear` is the buildable land on which no approval is needed and no rule asks for a second look (of
    those that not all of the land falls under)."""

    buildable: Any
    approval: Any
    unknown: Any
    clear: Any
    taken: tuple[Taken, ...]
    beyond: tuple[str, ...]


def land(area: Any, setting: Setting, properties: Mapping[str, Any], *, plot_m2: float, pack: SitingPack) -> Land:
    """Return the buildable land of an area in the storage CRS for what an application states."""
    found = [_of_part(part, setting, properties, plot_m2, pack) for part in _villages(area, setting)]
    return Land(
        buildable=united([item.buildable for item in found]), approval=united([item.approval for item in found]),
        unknown=united([item.unknown for item in found]), clear=united([item.clear for item in found]),
        taken=_added([entry for item in found for entry in item.taken], setting), beyond=found[0].beyond if found else (),
    )  # fmt: skip


def _villages(area: Any, setting: Setting) -> Iterator[Any]:
    """The parts of an area by village, and what lies in none."""
    spec = setting.pack.main.facts.get(VILLAGE_FACT)
    layer = setting.layers.get(spec.layer or "") if spec else None
    rest = area
    if layer is not None:
        for row in np.unique(layer.piece_feature[layer.tree.query(area, predicate="intersects")]).tolist():
            part = cut(layer.features[row], rest)
            if part.area > 0:
                rest = without(rest, layer.features[row])
                yield part
    if rest.area > 0:
        yield rest


def _of_part(part: Any, setting: Setting, properties: Mapping[str, Any], plot_m2: float, pack: SitingPack) -> Land:
    constant = _constant(part, setting, properties)
    regions = Regions(setting, constant, part, plot_m2, Gaps(part))
    rest, opened, taken, beyond = part, [], [], []
    for rule in _spatial(setting, pack.blocking):
        found = _region(regions, rule)
        if found is None:
            beyond.append(rule.key)
        elif not found.maybe.is_empty:
            opened.append(cut(found.open, rest))
            left = without(rest, found.sure)
            taken.append(_entry(rule, constant, float(rest.area - left.area), float(opened[-1].area)))
            regions, rest = regions.on(left), left
        if rest.is_empty:
            break
    for item in pack.occupied:
        rest = _without_layer(rest, item.layer, setting, opened)
    unknown = cut(united(opened), rest)
    buildable = without(rest, unknown)
    # What is only weighed is read without the holes that houses leave, which are most of the outline.
    bare, holes = filled(buildable)
    regions = regions.on(bare)
    asked = {pack.approval: regions, pack.caution: regions.coarse()}
    touched = {severity: _touched(on, _spatial(setting, severity)) for severity, on in asked.items()}
    approval = without(cut(united(touched[pack.approval]), bare), holes)
    clear = without(_clear(bare, [shape for shapes in touched.values() for shape in shapes]), holes)
    return Land(buildable, approval, unknown, clear, tuple(taken), tuple(beyond))


def _constant(part: Any, setting: Setting, properties: Mapping[str, Any]) -> Facts:
    """The facts of a small site in the part, for those that do not depend on the place in it."""
    site = np.array([shapely.buffer(part.point_on_surface(), 0.5, cap_style="square")], dtype=object)
    return setting.check(site, properties).parts[0].outcomes.facts


def _spatial(setting: Setting, severities: Sequence[str]) -> list[RuleSpec]:
    """The rules of some severities that depend on the place, those about being inside or on something first.

    Of rules that do not refuse, those whose failing itself is about the place: what is to be put right about the house takes no land.
    """
    facts = setting.pack.main.facts

    def placed(rule: RuleSpec) -> bool:
        names = facts_of(rule) if rule.severity == "reject" else [name for leaf in rule.comparisons for name in (leaf.fact, leaf.than) if name]
        return any(SITE in fact_drivers(name, facts) for name in names)

    rules = [rule for rule in setting.rules if rule.severity in severities and placed(rule)]
    shaped = {rule.key: min((SHAPED_BY.index(facts[name].measure) for name in facts_of(rule) if facts[name].measure in SHAPED_BY), default=len(SHAPED_BY)) for rule in rules}
    return sorted(rules, key=lambda rule: shaped[rule.key])


def _region(regions: Regions, rule: RuleSpec) -> Region | None:
    if regions.ground.is_empty or not in_force(rule, regions.setting):
        return Region(NOTHING, NOTHING)
    try:
        return regions.of_rule(rule)
    except UnmappedError:
        return None


def in_force(rule: RuleSpec, setting: Setting) -> bool:
    """Tell whether a rule holds on the day and in the county."""
    on = setting.valid_on
    dated = (rule.in_force_from is None or rule.in_force_from <= on) and (rule.in_force_to is None or on <= rule.in_force_to)
    placed = not rule.jurisdictions or bool(set(rule.jurisdictions) & set(setting.pack.chain))
    made = rule.where_set is None or setting.pack.parameter(rule.where_set, on).number() is not None
    return dated and placed and made


def _touched(regions: Regions, rules: Sequence[RuleSpec]) -> list[Any]:
    """For each of some rules where it is not surely kept: the ground itself where that is everywhere."""
    found = [_region(regions, rule) for rule in rules]
    return [region.maybe for region in found if region is not None and not region.maybe.is_empty]


def _clear(ground: Any, weighed: Sequence[Any]) -> Any:
    """The land that nothing weighs on, but for what weighs on all of it. The largest area goes last: putting it together with the others takes longer."""
    *small, largest = sorted((shape for shape in weighed if shape is not ground), key=shapely.get_num_coordinates) or [NOTHING]
    return without(without(ground, united(small)), largest)


def _without_layer(rest: Any, name: str, setting: Setting, opened: list[Any]) -> Any:
    """Take away what stands on the ground; where that is not known, nothing is buildable."""
    layer = setting.layers.get(name)
    if layer is None or rest.is_empty:
        opened.append(rest)
        return rest
    return without(rest, united(layer.pieces[meeting(layer.tree, rest)]))


def _entry(rule: RuleSpec, constant: Facts, area: float, open_: float) -> Taken:
    """What a rule takes; less than 1 cm² is the noise of cutting."""
    area, open_ = (amount if amount >= 1e-4 else 0.0 for amount in (area, open_))
    return Taken(rule, area, open_, _why(rule, constant) if open_ else None)


def _why(rule: RuleSpec, constant: Facts) -> str | None:
    return "；".join(reasons(rule, constant, 0)) or "数据覆盖不全，或要素缺少属性"


def _added(taken: Sequence[Taken], setting: Setting) -> tuple[Taken, ...]:
    """Add up what a rule takes in several villages; in the order of the pack."""
    order = {rule.key: row for row, rule in enumerate(setting.rules)}
    found: dict[str, Taken] = {}
    for item in taken:
        old = found.get(item.rule.key)
        found[item.rule.key] = item if old is None else Taken(item.rule, old.area_m2 + item.area_m2, old.open_m2 + item.open_m2, old.reason or item.reason)
    return tuple(sorted((item for item in found.values() if item.area_m2 or item.open_m2), key=lambda item: order[item.rule.key]))
