"""The radar of what already stands: houses and plots held against the house-building rules that need no application form.

No number or rule is copied: the pack's own rules are asked, those that the map and the registers alone can answer, as if each house were
to be rebuilt in place today. The radar says that a house touches a restriction, never that it is unlawful.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import shapely

from spatial.canonical import geojson
from spatial.engine import Outcome, Outcomes, judge
from spatial.findings import finding, place, reasons
from spatial.layer import LayerSet
from spatial.lazy import lazy
from spatial.measuring import Facts
from spatial.pieces import Geometries
from spatial.rules.model import RuleSpec
from spatial.rules.pack import Pack
from spatial.zone_shares import Shares, zone_shares

VERDICTS = ("conflict", "attention", "unclear", "clear")
"""Worst first. A subject with anything not checked is never `clear`."""

VERDICT_LABELS: Mapping[str, str] = {"conflict": "存在冲突", "attention": "须留意", "unclear": "未核清", "clear": "未发现问题"}

REGISTERED: Mapping[str, str] = {"building": "storeys", "parcel": "other_plots"}
"""What a register answers in place of the form: a house's storeys, a household's other plots."""

ASSUMED: Mapping[str, Mapping[str, Any]] = {"building": {"build_kind": "rebuild_in_place"}, "parcel": {"returns_old_plot": False}}
SAME_AREA = ("plot_area_m2", "old_plot_area_m2")
"""What the form would say of something that stands as it is: rebuilt in place and not larger, and no plot promised back."""

ZONES: Mapping[str, tuple[str, str]] = {"control_zone": ("zone", "boundary_noise_m2"), "planned_use": ("GHDLBM", "plan_use_noise_m2")}
"""For each layer of zones the field that names the zone, and the pack's parameter for what is only noise along a line."""

_FORM_ONLY = {"context", "layers_loaded", "missing_count", "points", "village_overlap"}
"""Measures that say nothing about what stands: those of the form, of the data as a whole, and where else one might have built."""

_UNKNOWN = {"building": "房屋登记中没有写明", "parcel": "户籍登记中没有持有这宗地的农户"}


@dataclass(frozen=True)
class Standing:
    """n existing houses (`kind` building) or plots (`kind` parcel) in the storage CRS.

    `registered` is an object array of what the register says of each (None: unknown): storeys, or the household's other plots.
    """

    kind: str
    names: tuple[str, ...]
    shapes: Geometries
    epsg: int
    registered: Any = None

    def __len__(self) -> int:
        return len(self.shapes)


def lasting_rules(pack: Pack, kind: str) -> tuple[RuleSpec, ...]:
    """Return the rules that can be answered without an application form, in the pack's order.

    For houses those over other layers and the building register; for plots those over the register of households. What is assumed
    may tell whether a rule applies, never whether it fails.
    """
    measured = _known(pack, kind, {REGISTERED[kind]})
    assumed = _known(pack, kind, {REGISTERED[kind], *ASSUMED[kind], *(SAME_AREA if kind == "building" else ())})
    rules = [rule for rule in pack.main.rules if isinstance(rule, RuleSpec)]
    return tuple(rule for rule in rules if _fails_on(rule) <= measured and _applies_on(rule) <= assumed and _about(rule, pack, kind))


def _fails_on(rule: RuleSpec) -> set[str]:
    return {name for leaf in rule.comparisons for name in (leaf.fact, leaf.than, rule.measured) if name}


def _applies_on(rule: RuleSpec) -> set[str]:
    leaves = rule.applies_when.comparisons() if rule.applies_when else []
    return {name for leaf in leaves for name in (leaf.fact, leaf.than) if name}


def _about(rule: RuleSpec, pack: Pack, kind: str) -> bool:
    """Whether a rule is about this kind: plots are held only against the rules on a household's plots."""
    return kind == "building" or any(pack.main.facts[name].property == REGISTERED[kind] for name in _fails_on(rule))


def _known(pack: Pack, kind: str, given: set[str]) -> set[str]:
    """The facts that can be told from the map and what is given, and do not ask a layer about its own features."""
    facts = pack.main.facts

    def known(name: str) -> bool:
        spec = facts[name]
        if spec.measure == "declared":
            return spec.property in given
        return spec.measure not in _FORM_ONLY and spec.layer != kind and all(known(other) for other in spec.of)

    return {name for name in facts if known(name)}


@dataclass(frozen=True)
class Sightings:
    """What the radar found about n subjects."""

    standing: Standing
    outcomes: Outcomes
    shares: tuple[Shares, ...] = ()

    @lazy
    def verdicts(self) -> Any:
        """An object array of n verdict slugs."""
        codes = self.outcomes.codes
        grave = np.array([rule.severity == "reject" for rule in self.outcomes.rules], dtype=bool)
        fails = codes == Outcome.FAIL
        gone = ((codes == Outcome.NO_DATA) | (codes == Outcome.ERROR)).any(axis=0)
        light = fails[~grave].any(axis=0)
        for share in self.shares:
            gone, light = gone | share.unclear, light | share.split
        picked = np.select([fails[grave].any(axis=0), light, gone], [0, 1, 2], default=3)
        return np.array(VERDICTS, dtype=object)[picked]

    def report(self, row: int) -> dict[str, Any]:
        """Return what was found about one subject, JSON-ready: `hits`, and the keys of what was `not_checked`."""
        codes = self.outcomes.codes[:, row]
        rules = self.outcomes.rules
        hits = [self._hit(int(index), row) for index in np.flatnonzero(codes == Outcome.FAIL)]
        gone = [rules[index].key for index in np.flatnonzero((codes == Outcome.NO_DATA) | (codes == Outcome.ERROR))]
        verdict = str(self.verdicts[row])
        return {
            "kind": self.standing.kind,
            "name": self.standing.names[row],
            "verdict": verdict,
            "verdict_label": VERDICT_LABELS[verdict],
            "hits": hits + [share.hit(row) for share in self.shares if share.split[row]],
            "not_checked": gone + [share.key for share in self.shares if share.unclear[row]],
        }

    def unchecked(self) -> dict[str, dict[str, Any]]:
        """Return for every rule that some subject could not be checked by: its title, how many, and one reason."""
        found = {}
        for index, rule in enumerate(self.outcomes.rules):
            rows = np.flatnonzero(np.isin(self.outcomes.codes[index], (Outcome.NO_DATA, Outcome.ERROR)))
            if len(rows):
                found[rule.key] = {"title": rule.title, "count": len(rows), "reason": self._reason(rule, int(rows[0]))}
        for share in self.shares:
            if share.unclear.any():
                found[share.key] = {"title": share.title, "count": int(share.unclear.sum()), "reason": share.reason}
        return found

    def _reason(self, rule: RuleSpec, row: int) -> str:
        """Why one subject could not be checked; where the register is silent, that and not an empty form is the reason."""
        specs = self.outcomes.facts.pack.main.facts
        kind = self.standing.kind
        if any(specs[leaf.fact or ""].property == REGISTERED[kind] for leaf in rule.comparisons):
            return _UNKNOWN[kind]
        return "；".join(reasons(rule, self.outcomes.facts, row)) or "所需数据不全"

    def _hit(self, index: int, row: int) -> dict[str, Any]:
        full = finding(self.outcomes, index, row, geometry=geojson(place(self.outcomes, index, row), epsg=self.standing.epsg))
        rule, facts = self.outcomes.rules[index], self.outcomes.facts
        title = facts[rule.measured or rule.leading.fact or ""].spec.title
        told = ("severity", "measured", "threshold", "estimated", "geometry", "dataset", "citations")
        message = f"{title}：{_said(full)}。" + ("（按中心线估算）" if full["estimated"] else "")
        return {"rule": rule.key, "title": rule.title, "message": message} | {name: full[name] for name in told}


def _said(found: Mapping[str, Any]) -> str:
    measured, threshold = found["measured"], found["threshold"]
    text = str(measured["label"]) if measured else "数值不明"
    if threshold and threshold["value"]:
        text += f"，界限 {threshold['value']:g} {'米' if threshold['unit'] == 'm' else '㎡' if threshold['unit'] == 'm2' else ''}".rstrip()
    return text


def radar(
    standing: Standing, layers: LayerSet, *, pack: Pack, valid_on: date, zone_names: Mapping[str, Mapping[str, str]] | None = None
) -> Sightings:
    """Hold existing houses or plots against the lasting rules in force on a day; plots also against the zones they lie in.

    `zone_names` are the Chinese names of the zones of each layer in ZONES.
    """
    own, rules = _own(pack, standing.kind)
    facts = Facts(standing.shapes, properties=_stated(standing), layers=layers, pack=own, valid_on=valid_on)
    outcomes = judge(rules, facts, valid_on=valid_on)
    if standing.kind != "parcel":
        return Sightings(standing, outcomes)
    shares = tuple(
        zone_shares(
            standing.shapes, layers.get(name), name=name, field=field, noise_m2=pack.parameter(noise, valid_on).number(),
            names=(zone_names or {}).get(name, {}),
        )
        for name, (field, noise) in ZONES.items()
    )
    return Sightings(standing, outcomes, shares)


def _own(pack: Pack, kind: str) -> tuple[Pack, tuple[RuleSpec, ...]]:
    """A copy of the pack for the radar with its rules: what is made ready for them does not displace what is ready for checks."""
    kept = _COPIES.get(kind)
    if kept is None or kept[0] is not pack:
        kept = _COPIES[kind] = (pack, replace(pack, programs={}), lasting_rules(pack, kind))
    return kept[1], kept[2]


_COPIES: dict[str, tuple[Pack, Pack, tuple[RuleSpec, ...]]] = {}


def _stated(standing: Standing) -> dict[str, Any]:
    stated = {name: _filled(value, len(standing)) for name, value in ASSUMED[standing.kind].items()}
    if standing.kind == "building":
        stated |= dict.fromkeys(SAME_AREA, np.round(shapely.area(standing.shapes), 2).astype(object))
    registered = _filled(None, len(standing)) if standing.registered is None else standing.registered
    return stated | {REGISTERED[standing.kind]: registered}


def _filled(value: Any, count: int) -> Any:
    column = np.empty(count, dtype=object)
    column[:] = value
    return column


def other_plots(plots: Sequence[str], households: Sequence[Sequence[str]]) -> tuple[Any, dict[str, tuple[str, ...]]]:
    """Return for each plot how many others its household holds (None: no household known), and for such plots which they are.

    `households` are the plots of each household. A plot of several households counts the others of all of them.
    """
    together: dict[str, set[str]] = {}
    for held in households:
        for plot in held:
            together.setdefault(plot, set()).update(held)
    others = {plot: tuple(sorted(held - {plot})) for plot, held in together.items()}
    counts = np.empty(len(plots), dtype=object)
    counts[:] = [len(others[plot]) if plot in others else None for plot in plots]
    return counts, {plot: held for plot, held in others.items() if held}
