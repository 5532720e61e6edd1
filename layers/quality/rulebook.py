"""The checks and thresholds of the acceptance check as data: `checks.yaml`, `thresholds.yaml` and `survey_rules.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

from layers.catalog import CatalogLayer
from layers.quality.findings import LEVEL_LABELS, Level
from spatial.rules.pack import PACKS, CodeFile
from spatial.rules.yamlfile import read


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A number of the check with unit, source and confidence mark; `by` gives other values for single layers or roles."""

    id: str
    title: str
    value: float | None
    unit: str
    source: str
    confidence: str
    by: Mapping[str, float] = field(default_factory=dict)

    def of(self, layer: CatalogLayer) -> float | None:
        """The value for a layer; None where the layer is not held to it."""
        return self.by.get(layer.id, self.by.get(layer.role, self.value))


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check: its code, what it is about, its level, and which layers it applies to. See `checks.yaml`."""

    code: str
    title: str
    group: str
    level: Level
    source: str
    confidence: str
    by: Mapping[str, Level] = field(default_factory=dict)
    small: Level | None = None
    kinds: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    needs: str | None = None
    reference: tuple[str, ...] = ()
    thresholds: tuple[str, ...] = ()

    def applies_to(self, layer: CatalogLayer) -> bool:
        """Whether the check says anything about a layer."""
        return (
            (not self.kinds or bool(set(self.kinds) & set(layer.geometry)))
            and (not self.layers or layer.id in self.layers)
            and (not self.roles or layer.role in self.roles)
            and (not self.fields or bool(set(self.fields) & set(layer.fields)))
            and (self.needs is None or thresholds()[self.needs].of(layer) is not None)
            and layer.id not in self.reference
        )

    def level_for(self, layer: CatalogLayer) -> Level:
        """How much a finding matters in a layer."""
        return self.by.get(layer.id, self.by.get(layer.role, self.level))


@lru_cache(maxsize=1)
def thresholds() -> Mapping[str, Threshold]:
    """Return every threshold by id."""
    return MappingProxyType({name: Threshold(id=name, **entry) for name, entry in _yaml("thresholds").items()})


@lru_cache(maxsize=1)
def checks() -> Mapping[str, Check]:
    """Return every check by code, in the order they are listed."""
    return MappingProxyType({code: Check(code=code, **_tuples(entry)) for code, entry in _yaml("checks").items()})


@lru_cache(maxsize=1)
def survey_rules() -> Mapping[str, Any]:
    """Return how the attributes of survey patches hang together."""
    return MappingProxyType(_yaml("survey_rules"))


@lru_cache(maxsize=4)
def land_classes(system: str) -> Mapping[str, str] | None:
    """Return the names of the classes of a code system by code; None where the system's table is not kept."""
    path = PACKS / "codes" / f"{system}.yaml"
    if not path.is_file():
        return None
    file: CodeFile = read(path, CodeFile)
    return MappingProxyType({code: row.name for code, row in file.codes.items()})


def number(name: str, layer: CatalogLayer) -> float:
    """Return a threshold's value for a layer; raise KeyError where there is none."""
    value = thresholds()[name].of(layer)
    if value is None:
        raise KeyError(name)
    return float(value)


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    read_entry: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()
    }
    if {read_entry["level"], *read_entry.get("by", {}).values()} - set(LEVEL_LABELS):
        raise ValueError(f"unknown level: {entry}")
    return read_entry


def _yaml(name: str) -> dict[str, Any]:
    text = resources.files("layers.quality").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    return loaded
