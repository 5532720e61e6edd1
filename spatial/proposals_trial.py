"""Trying changed applications: many at once through the full check, and what each rule then says about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.application_form import PROPERTIES
from spatial.applications import Applications
from spatial.crs import CRS84, reproject
from spatial.layer import LayerSet
from spatial.lazy import lazy
from spatial.levers import SITE
from spatial.permit import VERDICTS, Checks, VillageTypes, check
from spatial.pieces import Geometries
from spatial.rules.model import FactSpec, RuleFile, RuleSpec
from spatial.rules.pack import Pack

PASSED = len(VERDICTS) - 1
DECIMALS = 9
"""Degrees of a proposed site are published to 10⁻⁹ (0.1 mm)."""

Ranks = NDArray[np.int64]
"""Rules × applications: the index in VERDICTS of what each rule alone would make of each application."""


def published(sites: Geometries, *, epsg: int) -> Geometries:
    """Return sites as they come back when their published coordinates are sent in again: what is checked is what is offered."""
    degrees = shapely.transform(reproject(sites, source=epsg, target=CRS84), lambda xy: np.round(xy, DECIMALS))
    back: Geometries = shapely.transform(reproject(degrees, source=CRS84, target=epsg), lambda xy: np.round(xy, 6))
    return back


@dataclass(frozen=True)
class Setting:
    """What applications are checked against."""

    layers: LayerSet
    pack: Pack
    valid_on: date
    known_at: datetime
    village_types: VillageTypes | None
    epsg: int

    @lazy
    def rules(self) -> tuple[RuleSpec, ...]:
        """The rules of the pack."""
        assert isinstance(self.pack.main, RuleFile)
        return self.pack.main.rules

    def check(self, sites: Geometries, properties: Mapping[str, Any]) -> Checks:
        """Check n sites; a property is one value for all or an array of n."""
        columns = {name: _column(properties.get(name), len(sites)) for name in PROPERTIES}
        applications = Applications(tuple(columns["case_no"]), sites, columns, self.epsg)
        return check(applications, self.layers, pack=self.pack, valid_on=self.valid_on, known_at=self.known_at, village_types=self.village_types)

    def ranks(self, sites: Geometries, properties: Mapping[str, Any]) -> Ranks:
        """Check n sites and return what every rule makes of each."""
        found: Ranks = self.check(sites, properties).ranks
        return found


def _column(value: Any, count: int) -> Any:
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value
    column = np.empty(count, dtype=object)
    column[:] = list(value) if isinstance(value, np.ndarray) else [value] * count
    return column


def drivers(pack: Pack) -> dict[str, frozenset[str]]:
    """Tell for every rule which stated properties its facts rest on, and SITE where they are measured on the drawn site."""
    assert isinstance(pack.main, RuleFile)
    known: dict[str, frozenset[str]] = {}
    return {rule.key: frozenset().union(*(fact_drivers(name, pack.main.facts, known) for name in facts_of(rule))) for rule in pack.main.rules}


def facts_of(rule: RuleSpec) -> list[str]:
    """Return the facts a rule names, each once."""
    leaves = [*(rule.applies_when.comparisons() if rule.applies_when else []), *rule.fails_when.comparisons()]
    return list(dict.fromkeys(name for leaf in leaves for name in (leaf.fact, leaf.than) if name is not None))


def fact_drivers(name: str, facts: Mapping[str, FactSpec], known: dict[str, frozenset[str]] | None = None) -> frozenset[str]:
    """Tell which stated properties a fact rests on, and SITE where it is measured on the drawn site."""
    known = {} if known is None else known
    if name not in known:
        spec = facts[name]
        own = {spec.property} if spec.property else set()
        if spec.layer or not (spec.property or spec.of or spec.measure == "context"):
            own.add(SITE)
        known[name] = frozenset(own).union(*(fact_drivers(other, facts, known) for other in spec.of))
    return known[name]


def missing(rule: RuleSpec, setting: Setting, properties: Mapping[str, Any]) -> bool:
    """Tell whether a rule lacks a layer or a stated property: that is to be brought, not changed away."""
    facts = setting.pack.main.facts
    stack, seen = facts_of(rule), set[str]()
    while stack:
        name = stack.pop()
        if name not in seen:
            seen.add(name)
            spec = facts[name]
            if (spec.layer and spec.layer not in setting.layers) or (spec.property and properties.get(spec.property) is None):
                return True
            stack.extend(spec.of)
    return False
