"""The fixed figures of the domain: coordinates, zones, areas, homestead limits, the housing guide, land codes."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
import yaml

from spatial.crs import county_epsg, reproject, zone_3deg, zone_of_easting
from spatial.housing_matrix import judge
from spatial.logic import FALSE, TRUE
from spatial.plot_limits import LAND_KINDS, limits
from spatial.rules.pack import code_name, load_pack

FIGURES = yaml.safe_load((Path(__file__).parent / "spatial_figures.yaml").read_text(encoding="utf-8"))
PACK = load_pack("house-building", county="421223")


def cases(topic: str) -> list[Any]:
    return [pytest.param(case, id=f"{case['id']} {case['name']}") for case in FIGURES[topic]]


@pytest.mark.parametrize("case", cases("project"))
def test_a_point_in_its_zone(case: dict[str, Any]) -> None:
    (moved,) = reproject(np.array([shapely.Point(case["lon"], case["lat"])], dtype=object), source=4326, target=case["epsg"])
    assert (moved.x, moved.y) == pytest.approx((case["east"], case["north"]), abs=0.001)


@pytest.mark.parametrize("case", cases("zone"))
def test_the_zone_of_a_longitude(case: dict[str, Any]) -> None:
    assert (zone_3deg(case["lon"]), county_epsg(case["lon"])) == (case["zone"], case["epsg"])


@pytest.mark.parametrize("case", cases("easting"))
def test_the_zone_an_easting_carries(case: dict[str, Any]) -> None:
    assert zone_of_easting(case["east"]) == (tuple(case["zone"]) if case["zone"] else None)


@pytest.mark.parametrize("case", cases("area"))
def test_planar_and_ellipsoidal_area_of_one_plot(case: dict[str, Any]) -> None:
    (middle,) = reproject(np.array([shapely.Point(case["lon"], 31.28)], dtype=object), source=4326, target=4547)
    east, north = middle.x - case["width"] / 2, middle.y - case["height"] / 2
    plot = shapely.box(east, north, east + case["width"], north + case["height"])
    assert plot.area == pytest.approx(case["planar"], abs=1e-6)
    (degrees,) = reproject(np.array([plot], dtype=object), source=4547, target=4490)
    assert abs(pyproj.Geod(ellps="GRS80").geometry_area_perimeter(degrees)[0]) == pytest.approx(case["ellipsoid"], abs=case["tolerance"])


@pytest.mark.parametrize("case", cases("limit"))
def test_a_homesteads_area_limit(case: dict[str, Any]) -> None:
    found = limits(
        PACK.limits, province=case["province"], on=date(2026, 11, 1), terrain=np.array([case["terrain"]], dtype=object),
        land={kind: np.array([TRUE if kind in case["land"] else FALSE]) for kind in LAND_KINDS}, persons=np.array([float(case["persons"])]),
        farmland_per_head_m2=np.array([float(case["farmland"])]) if "farmland" in case else None, applies_to=case["applies_to"],
    )  # fmt: skip
    if case["m2"] is None:
        assert (found.low[0], found.high[0], found.row[0]) == (-np.inf, np.inf, -1)
    else:
        assert (found.low[0], found.high[0]) == (case["m2"], case["m2"])


@pytest.mark.parametrize("case", cases("code"))
def test_a_land_code_means_what_its_system_says(case: dict[str, Any]) -> None:
    assert code_name(PACK, case["system"], case["code"]) == case["text"]


# The table of the housing guide: multi-storey, low-rise, single-storey houses; rebuilding in place; building on a new site.
GUIDE = {
    ("suburban_integration", "concentrated"): ("OK", "REVIEW", "REVIEW", "OK", "OK"),
    ("suburban_integration", "none"): ("OK", "OK", "OK", "OK", "REVIEW"),
    ("cluster_upgrade", "joint_community"): ("OK", "OK", "REVIEW", "OK", "OK"),
    ("cluster_upgrade", "none"): ("NO", "OK", "OK", "OK", "OK"),
    ("characteristic_protection", "none"): ("NO", "NO", "OK", "OK", "REVIEW"),
    ("retain_improve", "none"): ("NO", "OK", "OK", "OK", "REVIEW"),
    ("relocation_merger", "none"): ("NO", "NO", "NO", "REVIEW", "NO"),
    ("undetermined", "none"): ("NO", "REVIEW", "REVIEW", "OK", "REVIEW"),
}  # fmt: skip
RANK = ("OK", "REVIEW", "NO")


@pytest.mark.parametrize("storeys", [1, 2, 3, 4, 6, 7])
@pytest.mark.parametrize("build_kind", ["rebuild_in_place", "extend", "new_site"])
@pytest.mark.parametrize(("village_type", "scheme"), GUIDE)
def test_the_worse_of_form_and_kind_of_building_decides(village_type: str, scheme: str, build_kind: str, storeys: int) -> None:
    multi, low, single, rebuild, new = GUIDE[village_type, scheme]
    form = "NO" if storeys > 6 else multi if storeys > 3 else low if storeys > 1 else single
    kind = new if build_kind == "new_site" else rebuild
    expected = max(form, kind, key=RANK.index)
    if village_type == "relocation_merger" and build_kind == "rebuild_in_place" and storeys <= 3:
        expected = "REVIEW"  # a repair for safety in place is the one thing left open
    assert judge(PACK.matrix, village_type=village_type, scheme=scheme, storeys=storeys, build_kind=build_kind) == expected


@pytest.mark.parametrize("gone", ["village_type", "scheme", "storeys", "build_kind"])
def test_the_housing_guide_needs_every_input(gone: str) -> None:
    inputs: dict[str, Any] = {"village_type": "cluster_upgrade", "scheme": "none", "storeys": 2, "build_kind": "new_site"}
    assert judge(PACK.matrix, **inputs) == "OK"
    assert judge(PACK.matrix, **(inputs | {gone: None})) is None
