"""Ground on which places for houses are looked for."""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st
from planning import COUNTY, EPSG, KNOWN_AT, PROPERTIES, VALID_ON, VILLAGE, VILLAGE_CODE, county_layers, here, layer

from spatial.application_form import PROPERTIES as FORM
from spatial.application_form import read_value
from spatial.layer import Layer
from spatial.permit import VillageTypes
from spatial.proposals_trial import Setting
from spatial.rules.pack import load_pack
from spatial.siting import Request, Siting, find_sites
from spatial.siting_land import Land, land
from spatial.siting_pack import load_siting
from spatial.siting_places import House

PACK = load_pack("house-building", county=COUNTY)
STATED = {name: read_value(FORM[name], value)[0] for name, value in PROPERTIES.items() if name not in ("case_no", "plot_area_m2")}
TWO_VILLAGES = VillageTypes({VILLAGE_CODE: "cluster_upgrade", "421223100002": "cluster_upgrade"}, "run-2")
AREA = here(-100, -100, 200, 200)


def setting(layers: dict[str, Layer] | None = None) -> Setting:
    return Setting(county_layers() if layers is None else layers, PACK, VALID_ON, KNOWN_AT, TWO_VILLAGES, EPSG)


def ground(layers: dict[str, Layer], area: Any = VILLAGE, **stated: Any) -> Land:
    return land(area, setting(layers), {**STATED, "plot_area_m2": 140.0, **stated}, plot_m2=140.0, pack=load_siting())


def sites(layers: dict[str, Layer] | None = None, area: Any = VILLAGE, *, house: House | None = None, own: tuple[str, ...] = (), limit: int = 10, **stated: Any) -> Siting:
    return find_sites(Request(area, house or House(10.0, 14.0), {**STATED, **stated}, own, limit), setting(layers))


def taken(found: Land, key: str) -> float:
    return next((item.area_m2 for item in found.taken if item.rule.key == key), 0.0)


def small(**changes: Layer | None) -> dict[str, Layer]:
    """A county where nothing lies near the site but what a test puts there."""
    return county_layers(**changes)


@st.composite
def villages(draw: st.DrawFn) -> dict[str, Layer]:
    """Things lying about in the area."""
    def boxes() -> Any:
        return draw(st.lists(st.builds(here, st.integers(-110, 100), st.integers(-110, 100), st.integers(5, 120), st.integers(5, 120)), min_size=1, max_size=3))

    changes: dict[str, Layer] = {}
    for name in draw(st.lists(st.sampled_from(["basic_farmland", "road", "river", "hazard", "parcel", "building", "water_source"]), max_size=4, unique=True)):
        shapes = boxes()
        fields: dict[str, list[Any]] = {
            "road": {"class": ["county"] * len(shapes)}, "hazard": {"zone": ["danger"] * len(shapes)}, "water_source": {"zone": ["primary"] * len(shapes)},
            "parcel": {"state": [draw(st.sampled_from(["used", "idle"])) for _ in shapes]}, "building": {"JGRQ": [date(2010, 5, 1)] * len(shapes)},
        }.get(name, {})  # fmt: skip
        changes[name] = layer(name, shapes, fields)
    return county_layers(**changes)
