"""Missing data never turns a village into another type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from planning import COUNTY, KNOWN_AT, VALID_ON, VILLAGE, VILLAGE_CODE, column, county_layers, here, layer, village_row
from worlds import SLOW, clipped

from spatial.layer import Layer
from spatial.rules.pack import load_pack
from spatial.village_types import classify

TYPES_PACK = load_pack("village-types", county=COUNTY)
FIGURES: dict[str, tuple[Any, ...]] = {
    "status": ("normal", "urbanized", None), "heritage_lists": ("", "中国传统村落", None), "county_heritage_list": (False, True, None),
    "in_relocation_plan": (False, True, None), "major_project": (False, None), "pop_reg": (300, 1000, None), "pop_res": (80, 700, 1600, None),
    "houses": (100, None), "houses_vacant": (10, 30, 55, None), "hh_resident": (12, 200, None), "collective_income": (5.0, 50.0, None),
    "has_lead_industry": (True, False, None), "time_town_min": (10.0, 30.0, None), "time_county_min": (10.0, 60.0, None), "is_town_seat": (True, False, None),
    "is_central_village": (False, None), "seismic_intensity": (6, 7, None), "fault_dist_m": (50.0, 5000.0, None), "pop_trend_5y": (-0.1, 0.1, None),
}  # fmt: skip
AROUND = ("hazard", "ecological_redline", "water_source", "urban_boundary")


@st.composite
def typed_worlds(draw: st.DrawFn) -> dict[str, Layer]:
    """One village with any figures, two patches of settlement, and things lying over them."""
    figures = {name: draw(st.sampled_from(values)) for name, values in FIGURES.items() if draw(st.booleans())}
    layers = county_layers(village=layer("village", [VILLAGE], village_row(**figures)))
    patches = [here(-200, -200, 200, 200), here(100, 100, 100, 200)]
    kinds = draw(st.lists(st.sampled_from(["203", "203A", "202"]), min_size=2, max_size=2))
    layers["settlement"] = layer("settlement", patches, {"CZCDM": [VILLAGE_CODE + "0000000"] * 2, "CZCSXM": kinds})
    for name in draw(st.lists(st.sampled_from(AROUND), max_size=3, unique=True)):
        shape = draw(st.builds(here, st.integers(-300, 300), st.integers(-300, 300), st.integers(10, 400), st.integers(10, 400)))
        fields = {"zone": [draw(st.sampled_from({"hazard": ("danger", "high"), "water_source": ("primary", "quasi")}.get(name, ("other",))))]}
        layers[name] = layer(name, [shape], fields)
    return layers


def village_type(layers: dict[str, Layer]) -> tuple[str, bool]:
    found = classify(layers, pack=TYPES_PACK, valid_on=VALID_ON, known_at=KNOWN_AT)
    return str(found.types[0]), bool(found.decided[0])


@SLOW
@given(st.data())
def test_taking_data_away_never_turns_a_village_into_another_type(data: st.DataObject) -> None:
    layers = data.draw(typed_worlds())
    before, decided = village_type(layers)
    name = data.draw(st.sampled_from(["village", "village", *AROUND, "settlement"]))
    found = layers[name]
    kind = data.draw(st.sampled_from(["layer", "coverage", "clip", "value", "column"] if name != "village" else ["value", "column"]))
    if kind == "layer":
        fewer = {key: value for key, value in layers.items() if key != name}
    elif kind in ("coverage", "clip"):
        hole = data.draw(st.builds(here, st.integers(-300, 200), st.integers(-300, 200), st.integers(10, 400), st.integers(10, 400)))
        coverage = found.coverage.difference(hole)
        fewer = layers | {name: clipped(found, coverage) if kind == "clip" else replace(found, coverage=coverage)}
    else:
        fields = [field for field in found.attributes if field not in ("ZLDWDM",)]
        columns = dict(found.attributes)
        for field in data.draw(st.lists(st.sampled_from(fields), min_size=1, max_size=3)) if fields else []:
            if kind == "column":
                columns.pop(field, None)
            elif field in columns and len(columns[field]):
                columns[field] = column([*columns[field][:-1], None])
        fewer = layers | {name: replace(found, attributes=columns)}
    after, still = village_type(fewer)
    assert after in (before, "undetermined"), (before, after)
    assert decided or not still
