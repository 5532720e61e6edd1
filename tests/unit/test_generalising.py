from __future__ import annotations

import numpy as np
import pyproj
import pytest
import shapely

from api.bench.patches import EPSG, survey
from layers import catalog, tiles
from layers.generalising import FARTHEST_ZOOM, GROUND, WORLD_M, drawn_fields, pixel_m, seen_from_afar
from layers.maps.overlays import Overlay

TO_WEB = pyproj.Transformer.from_crs(EPSG, 3857, always_xy=True)


def test_a_pixel_is_that_of_the_tile_grid():
    assert pixel_m(0) == pytest.approx(156_543.03392804097)
    assert pixel_m(11) == pytest.approx(76.43702828517625)


def test_what_is_smaller_than_a_pixel_is_left_out_and_lines_and_points_stay():
    side = pixel_m(FARTHEST_ZOOM) * GROUND
    large, small = (
        shapely.box(520_000, 3_270_000, 520_001 + side, 3_270_001 + side),
        shapely.box(520_000, 3_270_000, 519_999 + side, 3_270_000 + side),
    )
    line = shapely.LineString([(520_000, 3_270_000), (520_001, 3_270_000)])
    shapes = np.array([small, large, line, shapely.Point(520_000, 3_270_000)], dtype=object)
    rows, seen = seen_from_afar(shapes, shapely.area(shapes), epsg=EPSG)
    assert rows.tolist() == [1, 2, 3]
    assert [shape.geom_type for shape in seen] == ["Polygon", "LineString", "Point"]
    assert seen[2].coords[0] == pytest.approx(TO_WEB.transform(520_000, 3_270_000))


def test_no_border_moves_by_more_than_a_quarter_of_a_pixel():
    shapes = survey(2_500, seed=5).shapes
    rows, seen = seen_from_afar(shapes, shapely.area(shapes), epsg=EPSG)
    assert len(rows) == len(shapes)
    back = pyproj.Transformer.from_crs(3857, EPSG, always_xy=True)
    ground = shapely.transform(seen, lambda points: np.column_stack(back.transform(*points.T)))
    limit = pixel_m(FARTHEST_ZOOM) * GROUND / 4
    for shape, original in zip(ground[::50], shapes[::50], strict=True):
        assert shape.boundary.difference(original.boundary.buffer(limit + 0.01)).is_empty
        assert original.boundary.difference(shape.boundary.buffer(limit + 0.01)).is_empty
    assert shapely.get_num_coordinates(seen).sum() < 0.4 * shapely.get_num_coordinates(shapes).sum()


@pytest.mark.parametrize(("z", "steps"), [(12, 1.3), (13, 0.65), (14, 0.33), (16, 0.09), (20, 0.01)])
@pytest.mark.parametrize("place", [(500_000.0, 3_250_000.0), (375_000.0, 4_900_000.0), (640_000.0, 2_100_000.0)])
def test_the_affine_way_to_a_tile_is_the_projection_to_a_part_of_its_smallest_step(z, steps, place):
    side = WORLD_M / 2**z
    east, north = TO_WEB.transform(*place)
    x, y = int((east + WORLD_M / 2) / side), int((WORLD_M / 2 - north) / side)
    window = tiles.window(z, x, y, EPSG)
    rng = np.random.default_rng(z)
    ground = rng.uniform((window["west"], window["south"]), (window["east"], window["north"]), size=(500, 2))
    near = (
        window["a"] * ground[:, 0] + window["b"] * ground[:, 1] + window["xoff"],
        window["d"] * ground[:, 0] + window["e"] * ground[:, 1] + window["yoff"],
    )
    web = TO_WEB.transform(*ground.T)
    exact = ((web[0] + WORLD_M / 2) / side - x) * 4096, (1 + y - (WORLD_M / 2 - web[1]) / side) * 4096
    inside = (np.abs(exact[0] - 2048) < 2112) & (np.abs(exact[1] - 2048) < 2112)
    assert inside.sum() > 400
    assert np.hypot(near[0] - exact[0], near[1] - exact[1])[inside].max() < steps


def test_the_box_of_a_tile_holds_all_of_it():
    window = tiles.window(13, 6704, 3384, EPSG)
    back, side = pyproj.Transformer.from_crs(3857, EPSG, always_xy=True), WORLD_M / 2**13
    share = np.linspace(-64 / 4096, 1 + 64 / 4096, 40)
    x, y = np.meshgrid(-WORLD_M / 2 + (6704 + share) * side, WORLD_M / 2 - (3384 + share) * side)
    east, north = back.transform(x.ravel(), y.ravel())
    assert window["west"] <= east.min() + 0.5 < east.max() - 0.5 <= window["east"]
    assert window["south"] <= north.min() + 0.5 < north.max() - 0.5 <= window["north"]


@pytest.mark.parametrize("layer", catalog.catalog().values(), ids=lambda layer: layer.id)
def test_what_decides_a_colour_is_carried_from_afar(layer):
    by = Overlay(layer=layer, version_id=1).specification()["by"]
    assert by is None or by in drawn_fields(layer)
    assert set(drawn_fields(layer)) <= set(layer.display_fields)
    assert not any(item.personal for name, item in layer.fields.items() if name in layer.display_fields)
