"""How far around a site a layer's features can matter: what lies beyond may be left out without changing a byte of the report."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from planning import application, checked, county_layers, here, layer, line

from spatial.canonical import canonical_json
from spatial.layer import Layer
from spatial.permit import search_radius
from spatial.rules.pack import load_pack

COUNTIES = ("421223", "340100")


def around(found: Layer, site: Any, metres: float) -> Layer:
    """The features whose box touches the site's box grown by so many metres, as a search in the database gives them."""
    west, south, east, north = site.bounds
    left, low, right, high = shapely.bounds(found.features).T if len(found.features) else np.empty((4, 0))
    keep = (right >= west - metres) & (left <= east + metres) & (high >= south - metres) & (low <= north + metres)
    columns = {name: values[keep] for name, values in found.attributes.items()}
    kept = found.features[keep]
    return replace(found, features=kept, ids=found.ids[keep], attributes=columns, pieces=kept, piece_feature=np.arange(len(kept)))


def reports(layers: dict[str, Layer], county: str) -> tuple[bytes, bytes]:
    """The report with all features, and with those within the radius alone."""
    radius = search_radius(load_pack("house-building", county=county))
    near = {name: around(found, here(), radius.get(name, 0.0)) if math.isfinite(radius.get(name, 0.0)) else found for name, found in layers.items()}
    whole, pruned = (canonical_json(checked([application()], given, county=county).report(0)) for given in (layers, near))
    return whole, pruned


THINGS = {
    "road": {"class": ["expressway", "national", "county", "village", None]}, "railway": {"class": ["high_speed", "other", None]},
    "power_line": {"kv": [10.0, 500.0, 400.0, None]}, "cable": {"kv": [10.0]}, "pipeline": {"medium": ["gas"]}, "dyke": {"grade": ["1", "4", None]},
    "reservoir": {"scale": ["large", None]}, "old_tree": {"grade": ["1", None]}, "geological_risk": {"kind": ["fault", "mined_out", None]},
}  # fmt: skip


@pytest.mark.parametrize("county", COUNTIES)
@pytest.mark.parametrize("name", THINGS)
def test_what_lies_beyond_the_search_radius_changes_no_byte(name: str, county: str) -> None:
    ((field, values),) = THINGS[name].items()
    for value in values:
        for gap in (31.0, 55.0, 75.0, 119.0):
            shape = line(-500, 14 + gap, 500, 14 + gap) if name in ("cable", "pipeline", "power_line") else here(-500, 14 + gap, 1_000, 6)
            thin = line(-500, 14 + gap, 500, 14 + gap)
            for form in {shape, thin}:
                village = layer("new_village_area", [here(-50, -50, 200, 200)])
                whole, pruned = reports(county_layers(new_village_area=village, **{name: layer(name, [form], {field: [value]})}), county)
                assert whole == pruned, (value, gap, form.geom_type)


def test_the_radius_of_a_layer_is_what_its_rules_ask_for() -> None:
    radius = search_radius(load_pack("house-building", county="421223"))
    assert radius["geological_risk"] > 100
    assert radius["pipeline"] > 50
    assert radius["road"] >= 30 + 20 + 50
    assert radius["basic_farmland"] < 5
    assert search_radius(load_pack("house-building", county="340100"))["dyke"] >= 110 + 20 > radius["dyke"]
