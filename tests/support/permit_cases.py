"""House-building cases as they stand in `tests/cases/permit_rules*.yaml`, and the county each of them speaks of."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import shapely
import yaml
from planning import (
    COUNTY,
    COVERAGE,
    VALID_ON,
    VILLAGE,
    VILLAGE_CODE,
    application,
    checked,
    county_layers,
    here,
    layer,
    line,
    live_applications,
    village_row,
)

from spatial.layer import Layer
from spatial.open_applications import REGISTER
from spatial.permit import Checks, VillageTypes
from spatial.rules.pack import Pack

CASES = Path(__file__).parents[1] / "cases"
CODE_SYSTEMS = {"land_use": "survey", "planned_use": "ydyh2023"}
EVERYWHERE = {"village", "land_use", "village_boundary", "planned_use", "control_zone"}
"""Layers that cover the whole village; the others hold single things."""


@cache
def written_cases() -> list[dict[str, Any]]:
    """The cases of all files `permit_rules*.yaml`."""
    paths = sorted(CASES.glob("permit_rules*.yaml"))
    assert paths
    return [case for path in paths for case in yaml.safe_load(path.read_text(encoding="utf-8"))]


def shape(given: Any) -> Any:
    """A rectangle [east, north, width, height] from the site's corner, a line of four numbers under `line`, or a `point`."""
    if isinstance(given, dict):
        return line(*given["line"]) if "line" in given else shapely.Point(here(*given["point"]).bounds[:2])
    return VILLAGE if given == "village" else here(*given)


def built_layer(name: str, given: dict[str, Any]) -> Layer:
    """A layer of a case: `features` are rows [shape, attributes], `coverage` cuts the coverage, `code_system` gives another one."""
    rows = given["features"]
    names = {key for _, attributes in rows for key in attributes}
    return layer(
        name, [shape(where) for where, _ in rows], {key: [attributes.get(key) for _, attributes in rows] for key in sorted(names)},
        coverage=here(*given["coverage"]) if "coverage" in given else COVERAGE, code_system=given.get("code_system", CODE_SYSTEMS.get(name)),
        valid_from=given.get("valid_from", date(2024, 1, 1)), survey_date=given.get("survey_date", date(2025, 12, 31)),
    )  # fmt: skip


def layers_of(case: dict[str, Any]) -> dict[str, Layer]:
    changes: dict[str, Layer | None] = {name: built_layer(name, given) for name, given in case.get("layers", {}).items()}
    changes.update(dict.fromkeys(case.get("without", [])))
    if "register" in case:
        sites, cases, households = zip(*case["register"], strict=True)
        changes[REGISTER] = live_applications([shape(site) for site in sites], case_no=cases, household_id=households)
    if "village" in case:
        changes["village"] = layer("village", [VILLAGE], village_row(**case["village"]))
    return county_layers(**changes)


def feature_of(case: dict[str, Any]) -> dict[str, Any]:
    """The case's application; a property written as `~` is left out."""
    return application(here(*case["site"]) if "site" in case else None, **case.get("properties", {}))


def checked_case(
    case: dict[str, Any], *, layers: dict[str, Layer] | None = None, feature: dict[str, Any] | None = None, pack: Pack | None = None
) -> Checks:
    """Check the case's application, or another one, over other layers or by other rules."""
    types = VillageTypes({VILLAGE_CODE: case.get("village_type", "cluster_upgrade")}, "run-1")
    return checked(
        [feature or feature_of(case)], layers_of(case) if layers is None else layers, county=str(case.get("county", COUNTY)), types=types,
        valid_on=case.get("valid_on", VALID_ON), pack=pack,
    )  # fmt: skip
