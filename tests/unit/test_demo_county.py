"""The demo county holds together: patches tile it, units nest, codes and fields are those of the catalogue, the seed decides all."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from layers.catalog import catalog
from layers.demo import DemoCounty, build
from layers.demo.facts import LAND_CLASSES, ellipsoid_factor, land_class, read_facts
from layers.demo.scale import SCALES


@cache
def county() -> DemoCounty:
    return build(scale="small")


def shapes(layer: str) -> np.ndarray:
    return county().layers[layer].geometry.to_numpy()


def test_every_layer_of_the_catalogue_is_built_with_its_fields_and_geometry():
    names = {"polygon": {"Polygon", "MultiPolygon"}, "line": {"LineString"}, "point": {"Point"}}
    assert set(county().layers) == set(catalog())
    for layer, frame in county().layers.items():
        item = catalog()[layer]
        assert set(frame.columns) - {"geometry"} <= set(item.fields), layer
        assert frame[item.identifier].is_unique and frame[item.identifier].notna().all(), layer
        assert set(frame.geom_type) <= set().union(*(names[kind] for kind in item.geometry)), layer
        assert frame.geometry.is_valid.all() and not frame.geometry.is_empty.any(), layer
        assert frame.crs.to_epsg() == 4547


@pytest.mark.parametrize("layer", ["land_use", "planned_use", "control_zone", "village", "town"])
def test_tiling_layers_have_neither_gap_nor_overlap(layer: str):
    assert shapely.coverage_is_valid(shapes(layer))
    assert shapely.area(shapes(layer)).sum() == pytest.approx(county().coverage.area, abs=0.01)


def test_every_place_has_one_slope_class():
    assert shapely.area(shapes("slope")).sum() == pytest.approx(county().coverage.area, abs=1.0)
    assert shapely.union_all(shapes("slope")).area == pytest.approx(county().coverage.area, abs=1.0)


def test_patches_nest_in_villages_villages_in_towns_and_towns_in_the_county():
    land, villages, towns = (county().layers[name] for name in ("land_use", "village", "town"))
    middle = shapely.point_on_surface(shapes("land_use"))
    by_code = villages.set_index("ZLDWDM").geometry
    assert shapely.contains(by_code.loc[land["ZLDWDM"]].to_numpy(), middle).all()
    area = pd.Series(shapely.area(shapes("land_use"))).groupby(land["ZLDWDM"].to_numpy()).sum()
    assert area.to_numpy() == pytest.approx(by_code.loc[area.index].area.to_numpy(), abs=0.01)
    of_town = towns.set_index("XZQDM").geometry.loc[villages["XZQDM"]].to_numpy()
    assert shapely.area(shapely.difference(shapes("village"), of_town)).max() < 1e-6


def test_buildings_stand_on_settlement_land_and_never_on_each_other():
    buildings = shapes("building")
    left, right = shapely.STRtree(buildings).query(buildings, predicate="intersects")
    assert (left == right).all()
    ground = county().layers["land_use"]
    built = ground.geometry.to_numpy()[ground["CZCSXM"].notna().to_numpy()]
    within = np.unique(shapely.STRtree(buildings).query(built, predicate="intersects")[1])
    assert len(within) == len(buildings)


def test_basic_farmland_is_cultivated_land():
    land = county().layers["land_use"]
    cultivated = land.geometry[land["DLBM"].str.startswith("01")].to_numpy()
    farmland = shapes("basic_farmland")
    index, tree = shapely.STRtree(cultivated).query(farmland, predicate="intersects")
    covered = np.bincount(index, shapely.area(shapely.intersection(farmland[index], cultivated[tree])), minlength=len(farmland))
    assert covered == pytest.approx(shapely.area(farmland), abs=1e-6)


def test_road_land_is_shown_as_road_by_land_use():
    land, roads = county().layers["land_use"], shapely.union_all(shapes("road"))
    ways = shapely.union_all(land.geometry[land["DLBM"].isin(["1003", "1004", "1006"])].to_numpy())
    assert shapely.difference(roads, ways).area < 0.03 * roads.area


def test_codes_are_real_and_belong_together():
    villages = county().layers["village"]
    official = read_facts().villages.set_index("code")
    assert villages["ZLDWDM"].isin(official.index).all()
    assert (villages["ZLDWDM"].str[:9] == villages["XZQDM"]).all()
    assert county().layers["parcel"]["ZDDM"].str.fullmatch(r"421223\d{6}JC\d{5}").all()
    assert county().layers["settlement"]["CZCDM"].str.fullmatch(r"421223\d{13}").all()


def test_areas_of_patches_are_ellipsoidal():
    land = county().layers["land_use"].iloc[::97].to_crs(4490)
    geod = pyproj.Geod(a=6378137.0, rf=298.257222101)
    exact = [abs(geod.geometry_area_perimeter(shape)[0]) for shape in land.geometry]
    assert land["TBMJ"].to_numpy() == pytest.approx(exact, rel=2e-6, abs=0.02)


def test_the_area_factor_is_the_projections():
    x, y = np.array([500_000.0, 520_000.0, 560_000.0]), np.array([3_260_000.0] * 3)
    factors = pyproj.Proj("EPSG:4547").get_factors(*pyproj.Transformer.from_crs(4547, 4490, always_xy=True).transform(x, y))
    assert ellipsoid_factor(x, y) == pytest.approx(1 / np.asarray(factors.areal_scale), rel=1e-9)


def test_figures_are_not_reported_by_some_and_only_in_the_months_asked_for():
    table = county().progress
    months = {name: set(part["period"].str[5:7]) for name, part in table.groupby("indicator")}
    assert months["R05"] == {"03", "06", "09", "12"} and months["R13"] == {"06", "12"} and months["R09"] == {"12"}
    assert table["period"].min() == "2024-12-01" and table["period"].max() == "2026-11-01"
    assert (table["numerator"] <= table["denominator"]).all() and (table["denominator"] > 0).all()
    monthly = table[table["indicator"] == "R01"]
    expected = 24 * county().layers["village"].shape[0]
    assert 0.90 * expected < len(monthly) < expected


def test_households_carry_no_names():
    assert list(county().households) == ["household_id", "village_code", "persons", "resident", "zddm", "other_zddm"]


def test_the_houses_on_farmland_are_those_written_down():
    buildings, farmland = county().layers["building"], shapes("basic_farmland")
    house, field = shapely.STRtree(farmland).query(shapes("building"), predicate="intersects")
    area = np.bincount(house, shapely.area(shapely.intersection(shapes("building")[house], farmland[field])), minlength=len(buildings))
    assert set(buildings["ZRZH"][area > 0.5]) == set(county().standing.farmland_houses) and len(county().standing.farmland_houses) > 10
    assert area[(area > 1e-6)].min() > 1.0


def test_the_plots_over_two_zones_are_those_written_down_and_no_plots_overlap_but_planted_ones():
    parcels, zones = county().layers["parcel"], county().layers["control_zone"]
    closed = zones.geometry.to_numpy()[(zones["zone"] != "concentrated").to_numpy()]
    plot, zone = shapely.STRtree(closed).query(shapes("parcel"), predicate="intersects")
    area = np.bincount(plot, shapely.area(shapely.intersection(shapes("parcel")[plot], closed[zone])), minlength=len(parcels))
    split = (area > 0.5) & (area < shapely.area(shapes("parcel")) - 0.5)
    assert set(parcels["ZDDM"][split]) == set(county().standing.split_plots) and split.sum() > 10
    ordinary = shapes("parcel")[(parcels["ZDDM"].str[-5:].astype(int) < 80_000).to_numpy()]
    assert shapely.STRtree(ordinary).query(ordinary, predicate="overlaps").size == 0


def test_the_households_with_several_plots_are_those_written_down_and_no_plot_has_two_households():
    table = county().households
    several = table["other_zddm"].str.len() > 0
    assert set(table["household_id"][several]) == set(county().standing.large_holders) and several.sum() > 10
    plots = [*table["zddm"], *[plot for held in table["other_zddm"] for plot in held]]
    assert len(plots) == len(set(plots)) and set(plots) <= set(county().layers["parcel"]["ZDDM"])


def test_the_houses_the_draft_plan_gives_up_stand_on_its_parks():
    buildings, draft = county().layers["building"], county().drafts["planned_use"]
    given_up = buildings[buildings["ZRZH"].isin(county().standing.given_up_houses)].geometry.to_numpy()
    parks = shapely.union_all(draft.geometry.to_numpy()[(draft["GHDLBM"] == "1401").to_numpy()])
    assert len(given_up) > 10 and shapely.covers(parks, given_up).all()


@pytest.mark.parametrize("layer", ["planned_use", "control_zone"])
def test_the_draft_plan_tiles_the_county_too(layer: str):
    draft = county().drafts[layer].geometry.to_numpy()
    assert shapely.coverage_is_valid(draft) and shapely.area(draft).sum() == pytest.approx(county().coverage.area, abs=0.01)


def test_what_other_departments_drew_keeps_clear_of_every_application_that_is_not_about_it():
    sites = county().applications.geometry.to_numpy()
    for layer in ("railway", "cable", "pipeline", "dyke", "flood_storage", "flood_risk", "reservoir", "geological_risk", "nature_reserve", "wetland"):
        frame = county().layers[layer]
        drawn = frame.geometry.to_numpy()[~frame[catalog()[layer].identifier].str.contains(r"9\d{4}$").to_numpy()]
        assert shapely.STRtree(drawn).query_nearest(sites, return_distance=True)[1].min() > 100, layer


def test_the_same_seed_gives_the_same_county_and_another_seed_another():
    again, other = build(scale="small"), build(seed=7, scale="small")
    for layer, frame in county().layers.items():
        assert (shapely.to_wkb(frame.geometry.to_numpy()) == shapely.to_wkb(again.layers[layer].geometry.to_numpy())).all()
        pd.testing.assert_frame_equal(frame.drop(columns="geometry"), again.layers[layer].drop(columns="geometry"))
    pd.testing.assert_frame_equal(county().progress, again.progress)
    pd.testing.assert_frame_equal(county().households, again.households)
    assert len(other.layers["land_use"]) != len(county().layers["land_use"])


def test_building_tells_how_far_it_is():
    told: list[tuple[float, str]] = []
    build(scale="small", progress=lambda share, text: told.append((share, text)))
    shares = [share for share, _ in told]
    assert shares == sorted(shares) and shares[-1] == 1.0 and all(text for _, text in told)


@pytest.mark.slow
def test_the_full_county_meets_the_official_totals_and_sizes():
    full = build(scale="full")
    land = full.layers["land_use"]
    names = np.array([land_class(code, attribute) for code, attribute in zip(land["DLBM"], land["CZCSXM"], strict=True)])
    for name in LAND_CLASSES:
        assert land["TBMJ"][names == name].sum() == pytest.approx(read_facts().land_m2[name], rel=0.02), name
    assert land["TBMJ"].sum() == pytest.approx(read_facts().area_m2, rel=1e-4)
    least = {"village": 203, "town": 12, "settlement": 2400, "land_use": 120_000, "building": 100_000}
    assert {name: len(full.layers[name]) for name in least if len(full.layers[name]) < least[name]} == {}
    assert shapely.coverage_is_valid(land.geometry.to_numpy())
    rings = shapely.get_num_coordinates(shapely.get_exterior_ring(full.layers["ecological_redline"].geometry.to_numpy()))
    assert rings.max() >= 10_000
    assert set(full.layers["ecological_redline"]["zone"]) == {"core", "other"}
    assert set(full.layers["power_line"]["kv"]) == {10.0, 20.0, 35.0, 110.0, 220.0, 500.0}
    assert SCALES["full"].cases == 300
    assert len(full.applications) == 398
    assert full.layers["village"]["pop_reg"].sum() == read_facts().population
