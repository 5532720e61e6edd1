"""What a report says about the site itself beside the rules: land taken by class, zones it is split over, slivers, neighbours it only touches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from spatial.layer import Layer
from spatial.measures import DECIMALS, Overlay
from spatial.measuring import Facts
from spatial.overlap_table import TOUCHING

NOISE = {
    "basic_farmland": "basic_farmland_noise_m2", "planned_use": "plan_use_noise_m2", "control_zone": "boundary_noise_m2",
    "parcel": "neighbour_noise_m2", "building": "neighbour_noise_m2",
}  # fmt: skip
"""Layers whose rules leave out overlaps up to a noise limit, and the parameter that sets it."""

SPLIT = {"village": ("ZLDWDM", "ZLDWMC"), "control_zone": ("zone", None), "planned_use": ("GHDLBM", None)}
"""Layers that divide the land, with the fields of a division's code and of its name."""

ZONE_NAMES = {"concentrated": "集中建设区", "restricted": "限制建设区", "prohibited": "禁止建设区"}

FARMLAND = "农用地"


def site_facts(facts: Facts, row: int) -> dict[str, Any]:
    """Return the sections `land_taken`, `split`, `slivers`, `touching` and `tolerances` of one subject's report, JSON-ready.

    Areas are planar m² in the county's zone, to 1 cm². Slivers are overlaps that a rule leaves out as drawing noise; what only
    touches the site shares a border of no area with it.
    """
    met = facts.met(row)
    return {
        "land_taken": _land_taken(facts, row),
        "split": [section for name in SPLIT if (section := _split(facts, name, row)) is not None],
        "slivers": [sliver for name in NOISE if name in met for sliver in _slivers(facts, name, row)] + _outside(facts, row),
        "touching": [entry for name in TOUCHING if name in met for entry in _touching(facts, name, row)],
        "tolerances": _tolerances(facts),
    }


def _land_taken(facts: Facts, row: int) -> dict[str, Any]:
    """The land classes under the site, which of them are farmland that has to be converted first (农用地转用)."""
    over = _overlay(facts, "land_use")
    if over is None:
        return {"state": "not_loaded", "classes": [], "unknown_m2": round(float(facts.areas[row]), DECIMALS), "conversion_m2": None, "conversion_ha": None}
    known = over.layer.dataset.code_system == "survey"
    classes = [_land_class(facts, code, area, known=known) for code, area in _by_code(over, "DLBM", row).items()]
    unclear = float(over.uncovered[row]) + sum(entry["area_m2"] for entry in classes if entry["conversion"] is None)
    farmland = round(sum(entry["area_m2"] for entry in classes if entry["conversion"]), DECIMALS)
    return {
        "state": "partly_covered" if over.uncovered[row] > 0 else "loaded",
        "version": over.layer.dataset.version,
        "classes": classes,
        "unknown_m2": round(unclear, DECIMALS),
        "conversion_m2": farmland,
        "conversion_ha": hectares(farmland),
    }


def hectares(area_m2: float) -> float:
    """Return m² as hectares, to the same resolution."""
    return round(area_m2 / 10_000, DECIMALS + 4)


def _land_class(facts: Facts, code: str | None, area: float, *, known: bool) -> dict[str, Any]:
    """One class: `conversion` says whether it is farmland; None where the code says nothing."""
    row = facts.pack.codes["survey"].codes.get(code or "") if known else None
    group = row.group if row else None
    return {"code": code, "name": row.name if row else None, "group": group, "area_m2": area, "area_ha": hectares(area),
            "conversion": None if group is None else group == FARMLAND}  # fmt: skip


def _split(facts: Facts, name: str, row: int) -> dict[str, Any] | None:
    """The divisions of one layer the site lies in, where these are two or more."""
    over = _overlay(facts, name)
    if over is None:
        return None
    field, label = SPLIT[name]
    parts = _by_code(over, field, row)
    if len(parts) < 2:
        return None
    names = _names(over.layer, field, label)
    limit = _limit(facts, name) or 0.0
    entries = [{"code": code, "name": _division(facts, name, code, names), "area_m2": area, "sliver": area <= limit} for code, area in parts.items()]
    return {"layer": name, "title": over.layer.dataset.title, "version": over.layer.dataset.version, "parts": entries}


def _division(facts: Facts, layer: str, code: str | None, names: Mapping[str, str]) -> str | None:
    if layer == "control_zone":
        return ZONE_NAMES.get(code or "")
    if layer == "planned_use":
        row = facts.pack.codes["ydyh2023"].codes.get(code or "") if "ydyh2023" in facts.pack.codes else None
        return row.name if row else None
    return names.get(code or "")


def _names(layer: Layer, field: str, label: str | None) -> dict[str, str]:
    if label is None or label not in layer.attributes or field not in layer.attributes:
        return {}
    return {str(code): str(name) for code, name in zip(layer.attributes[field], layer.attributes[label], strict=True) if name is not None}


def _slivers(facts: Facts, name: str, row: int) -> Iterable[dict[str, Any]]:
    """Overlaps with one layer that are within its noise limit as a whole (zones and planned uses: class by class)."""
    over, limit = _overlay(facts, name), _limit(facts, name)
    if over is None or not limit:
        return
    field = SPLIT[name][0] if name in SPLIT else None
    found = over.overlap_by_feature(row)
    codes = {feature: _code(over.layer, field, feature) for feature in found}
    totals: dict[str | None, float] = {}
    for feature, area in found.items():
        totals[codes[feature]] = totals.get(codes[feature], 0.0) + area
    for feature, area in found.items():
        if totals[codes[feature]] <= limit:
            yield _sliver(over.layer, "overlap", str(over.layer.ids[feature]), area, limit)


def _outside(facts: Facts, row: int) -> list[dict[str, Any]]:
    """What of the site lies outside the village's construction boundary by no more than the noise limit."""
    over, limit = _overlay(facts, "village_boundary"), facts.parameter("boundary_noise_m2").number()
    if over is None or not limit:
        return []
    outside = round(float(over.areas[row]) - sum(over.overlap_by_feature(row).values()), DECIMALS)
    return [_sliver(over.layer, "outside", None, outside, limit)] if 0 < outside <= limit else []


def _sliver(layer: Layer, kind: str, feature: str | None, area: float, limit: float) -> dict[str, Any]:
    return {"layer": layer.dataset.layer, "title": layer.dataset.title, "version": layer.dataset.version, "kind": kind, "feature": feature,
            "area_m2": area, "limit_m2": limit}  # fmt: skip


def _touching(facts: Facts, name: str, row: int) -> Iterable[dict[str, Any]]:
    """Features of one layer that meet the site and share no area with it."""
    over = _overlay(facts, name)
    if over is None:
        return []
    beside = over.touching(row)
    dataset = over.layer.dataset
    return [{"layer": name, "title": dataset.title, "version": dataset.version, "feature": str(over.layer.ids[feature])} for feature in beside]


def _tolerances(facts: Facts) -> list[dict[str, Any]]:
    """The noise limits that the rules apply, with the ground of each; the same for every site of a day."""
    kept, key = facts.table.tolerances, facts.valid_on
    if key not in kept:
        kept[key] = _limits_applied(facts)
    return kept[key]


def _limits_applied(facts: Facts) -> list[dict[str, Any]]:
    names = dict.fromkeys([*NOISE.values(), "boundary_noise_m2"])
    values = [(name, facts.parameter(name)) for name in names]
    return [
        {"parameter": name, "title": value.title, "value": value.number(), "unit": value.unit, "citation": value.single.row.citation.report}
        for name, value in values
        if value.single is not None
    ]


def _overlay(facts: Facts, name: str) -> Overlay | None:
    """The site over one layer of the pack: other layers may be in memory or not, and must not change a report."""
    return facts.overlay(name) if name in facts.pack.layers else None


def _limit(facts: Facts, name: str) -> float | None:
    return facts.parameter(NOISE[name]).number() if name in NOISE else None


def _by_code(over: Overlay, field: str, row: int) -> dict[str | None, float]:
    """The m² of the subject by the features' code, largest first; None for features without one."""
    sums: dict[str | None, float] = {}
    for feature, area in over.overlap_by_feature(row).items():
        code = _code(over.layer, field, feature)
        sums[code] = sums.get(code, 0.0) + area
    return {code: round(area, DECIMALS) for code, area in sorted(sums.items(), key=lambda item: (-item[1], item[0] or ""))}


def _code(layer: Layer, field: str | None, feature: int) -> str | None:
    column = layer.attributes.get(field or "")
    value = None if column is None else column[feature]
    return None if value is None else str(value).strip() or None
