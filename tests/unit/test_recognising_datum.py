"""Data of web maps and on other datums: what is suspected from the shift against layers in force, and what is not."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from delivered_files import asked, beside, moved, of_a_web_map, raw_dataset, shapefile
from frames import EPSG, buildings, square
from pyproj import Transformer
from small_county import villages

from layers.reading.reader import read
from layers.recognising.framing import named_frame
from layers.recognising.recogniser import recognise
from layers.recognising.recognition import Answers
from layers.recognising.scrambling import SYSTEMS, scrambled, unscrambled

# Longitude, latitude; GCJ-02; BD-09: as the public packages eviltransform 0.1.1 and prcoords 1.0.2 give them, which agree to 1e-6 degrees.
PLACES = np.array([
    [114.04, 29.55, 114.0456088, 29.5474980, 114.0521926, 29.5532535],
    [114.62, 31.28, 114.6251214, 31.2777251, 114.6315823, 31.2838078],
    [116.3975, 39.9087, 116.4037436, 39.9101035, 116.4101166, 39.9164427],
    [114.0579, 22.5431, 114.0630140, 22.5403828, 114.0695640, 22.5460416],
    [87.6, 43.8, 87.6028390, 43.8012121, 87.6092102, 43.8074725],
    [120.65, 27.78, 120.6539478, 27.7766610, 120.6605304, 27.7823179],
])  # fmt: skip


def settled(*, seed=3, count=540):
    """Houses of fifteen villages in rows, as they stand in truth."""
    random = np.random.default_rng(seed)
    grid = np.stack(np.meshgrid(np.arange(6) * 18.0, np.arange(6) * 18.0), -1).reshape(-1, 2)
    places = np.concatenate([middle + grid + random.uniform(-4, 4, grid.shape) for middle in random.uniform(0, 20_000, (count // 36, 2))])
    return buildings([square(east, north, side=random.uniform(8, 14)) for east, north in places])


HOUSES = settled()
HELD = beside({"building": (HOUSES, "ZRZH")})
VILLAGES = villages()
BORDERS = beside({"village": (VILLAGES, "ZLDWDM")})


def renamed(frame):
    return frame.assign(ZRZH=[f"X{name}" for name in frame["ZRZH"]])


def recognised(frame, name="ZRZ", around=HELD, **answers):
    return recognise(raw_dataset(frame, name), around, Answers(**answers))


@pytest.mark.parametrize(("system", "column"), [("gcj02", 2), ("bd09", 4)])
def test_the_formulas_are_those_of_the_maps(system, column):
    assert np.abs(scrambled(PLACES[:, :2], system) - PLACES[:, column : column + 2]).max() < 2e-7
    assert np.abs(unscrambled(scrambled(PLACES[:, :2], system), system) - PLACES[:, :2]).max() < 1e-9


@pytest.mark.parametrize("system", SYSTEMS)
def test_wrong_file_from_a_web_map_is_caught_and_the_right_one_passes(tmp_path, system):
    wrong = recognise(read(shapefile(tmp_path, "ZRZ", of_a_web_map(HOUSES, system).astype({"JGRQ": str}))), HELD)
    assert (wrong.layer.id, asked(wrong)) == ("building", [f"datum.{system}"])
    assert "不能用平移改正" in wrong.questions[0].text
    (tmp_path / "right").mkdir()
    right = recognise(read(shapefile(tmp_path / "right", "ZRZ", HOUSES.to_crs(4490).astype({"JGRQ": str}))), HELD)
    assert (asked(right), right.crs.display_only) == ([], False)


@pytest.mark.parametrize("system", SYSTEMS)
def test_it_is_caught_without_identifiers_in_common_and_with_other_drawing(system):
    random = np.random.default_rng(1)
    drawn = renamed(HOUSES)
    drawn.geometry = [shapely.affinity.translate(shape, *random.normal(0, 1, 2)) for shape in drawn.geometry]
    kept = drawn[random.random(len(drawn)) < 0.8]
    assert asked(recognised(of_a_web_map(kept, system))) == [f"datum.{system}"]
    assert asked(recognised(kept)) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_it_is_caught_for_one_village_alone(system):
    one = renamed(HOUSES.iloc[:36])
    assert asked(recognised(of_a_web_map(one, system))) == [f"datum.{system}"]
    assert asked(recognised(one)) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_it_is_caught_by_the_borders_already_there(system):
    towns = VILLAGES.dissolve("XZQDM", as_index=False)[["XZQDM", "XZQMC", "geometry"]]
    drawn_anew = towns.set_geometry(towns.geometry.segmentize(700).simplify_coverage(0).segmentize(450))
    for frame in (towns, drawn_anew):
        assert asked(recognised(of_a_web_map(frame, system), "XZQ", BORDERS)) == [f"datum.{system}"]
        assert asked(recognised(frame, "XZQ", BORDERS)) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_outline_drawn_anew_is_held_against_the_borders(system):
    """A county's outline with none of the vertices of the villages, 40 m off here and there."""
    random = np.random.default_rng(5)
    ring = shapely.get_coordinates(shapely.segmentize(VILLAGES.union_all(), 900).exterior)[5:-1]
    outline = shapely.Polygon(ring + random.uniform(-40, 40, ring.shape))
    frame = gpd.GeoDataFrame({"XZQDM": ["421223"], "XZQMC": ["崇阳县"]}, geometry=[outline], crs=EPSG)
    assert asked(recognised(of_a_web_map(frame, system), "XZQ", BORDERS)) == [f"datum.{system}"]
    assert asked(recognised(frame, "XZQ", BORDERS)) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_houses_are_held_against_the_settlements_they_stand_in(system):
    """A first delivery of houses, where only the survey's settlements are there."""
    middles = {(round(shape.centroid.x / 150), round(shape.centroid.y / 150)): shape for shape in HOUSES.geometry}
    yards = [shape.buffer(60, cap_style="square") for shape in middles.values()]
    settlements = gpd.GeoDataFrame({"BSM": [str(row) for row in range(len(yards))]}, geometry=yards, crs=EPSG)
    around = beside({"settlement": (settlements, "BSM")})
    assert asked(recognised(of_a_web_map(HOUSES, system), around=around)) == [f"datum.{system}"]
    assert asked(recognised(HOUSES, around=around)) == []
    assert asked(recognised(settled(seed=8), around=around)) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_plots_are_held_against_the_patches_whose_borders_they_share_in_part(system):
    random = np.random.default_rng(6)
    grid = [square(east * 137.0 + north * 11, north * 113.0 + east * 7, side=90 + (east * north) % 17) for east in range(40) for north in range(40)]
    surveyed = gpd.GeoDataFrame({"BSM": [str(row) for row in range(len(grid))]}, geometry=grid, crs=EPSG)
    chosen = [shape for shape in grid if random.random() < 0.06]
    plots = gpd.GeoDataFrame({"BSM": [f"N{row}" for row in range(len(chosen))], "YJJBNTTBBH": "1"}, geometry=chosen, crs=EPSG)
    around = beside({"land_use": (surveyed, "BSM")})
    assert asked(recognised(of_a_web_map(plots, system), "YJJBNTTB", around)) == [f"datum.{system}"]
    assert asked(recognised(plots, "YJJBNTTB", around)) == []


@pytest.mark.parametrize(("east", "north"), [(2.0, 3.0), (-6.0, 4.0), (0.0, -12.0)])
def test_real_shifts_of_a_few_metres_are_not_suspected(east, north):
    nearly = moved(HOUSES, lambda points: points + np.array([east, north]))
    assert asked(recognised(nearly)) == []
    assert asked(recognised(renamed(nearly))) == []


@pytest.mark.parametrize(("east", "north"), [(-90.0, 60.0), (110.0, -45.0)])
def test_the_same_features_all_alike_beside_themselves_are_asked_about(east, north):
    """Coordinates on the datum of 1980 differ from those of 2000 by about a hundred metres in the plane."""
    found = recognised(moved(HOUSES, lambda points: points + np.array([east, north])))
    assert asked(found) == ["datum.shifted"]
    assert f"{np.hypot(east, north):.0f} 米" in found.questions[0].text


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_other_features_are_not_suspected(seed):
    others = settled(seed=seed)
    assert asked(recognised(renamed(others))) == []
    assert asked(recognised(others)) == []  # the numbers of another survey stand for other houses
    assert asked(recognised(moved(renamed(HOUSES), lambda points: points + np.array([-450.0, 380.0])))) == []


def test_a_survey_in_which_some_houses_were_rebuilt_elsewhere_is_not_suspected():
    changed = HOUSES.copy()
    rebuilt = [shapely.affinity.translate(shape, 480, -220) if row % 4 == 0 else shape for row, shape in enumerate(changed.geometry)]
    assert asked(recognised(changed.set_geometry(rebuilt, crs=EPSG))) == []


def test_a_person_may_take_it_for_showing_only_or_say_that_it_is_right():
    scrambled_houses = of_a_web_map(HOUSES, "gcj02")
    shown = recognised(scrambled_houses, display_only=True)
    assert (asked(shown), shown.crs.display_only) == ([], True)
    insisted = recognised(scrambled_houses, display_only=False)
    assert (asked(insisted), insisted.crs.display_only) == ([], False)


def test_it_is_never_moved_back():
    wrong = of_a_web_map(HOUSES, "gcj02")
    shown = named_frame(raw_dataset(wrong, "ZRZ"), recognised(wrong, display_only=True), epsg=EPSG)
    change = Transformer.from_crs(4490, EPSG, always_xy=True)
    stated = shapely.transform(wrong.geometry.iloc[0], lambda points: np.column_stack(change.transform(points[:, 0], points[:, 1])))
    assert shapely.hausdorff_distance(shown.geometry.iloc[0], stated) < 1e-6
    assert shown.geometry.iloc[0].distance(HOUSES.geometry.iloc[0]) > 450


def test_without_layers_in_force_nothing_is_suspected():
    assert asked(recognised(of_a_web_map(HOUSES, "gcj02"), around=beside({}))) == []


@pytest.mark.shared
def test_the_outline_of_a_real_county_from_a_web_map(shared_dir):
    """The county's outline as a web map draws it in true coordinates, against itself scrambled."""
    path = shared_dir / "data" / "demo_county" / "county_boundaries_tianditu.geojson"
    outlines = gpd.read_file(path)
    county = outlines[outlines.astype(str).apply(lambda row: row.str.contains("崇阳").any(), axis=1)].to_crs(EPSG)
    known = county.assign(XZQDM="421223", XZQMC="崇阳县")[["XZQDM", "XZQMC", "geometry"]]
    around = beside({"county": (known, "XZQDM")}, extent=known.union_all())
    simpler = known.set_geometry(known.geometry.simplify(60)).assign(XZQDM="421223")
    assert asked(recognised(simpler, "XZQ", around)) == []
    assert asked(recognised(of_a_web_map(simpler, "gcj02"), "XZQ", around)) == ["datum.gcj02"]
