from __future__ import annotations

import pytest
import shapely
from shapely.geometry import mapping

from layers.maps.packing import pack


def unpacked(deltas):
    """What the browser makes of it."""
    if not isinstance(deltas[0], int):
        return [unpacked(part) for part in deltas]
    found, x, y = [], 0, 0
    for step_x, step_y in zip(deltas[::2], deltas[1::2], strict=True):
        x, y = x + step_x, y + step_y
        found.append((x / 1e5, y / 1e5))
    return found


HOLED = shapely.Polygon([(114, 29), (114.5, 29), (114.5, 29.5), (114, 29.5)], [[(114.1, 29.1), (114.2, 29.1), (114.2, 29.20001)]])
LINE = shapely.LineString([(113.99999, 29.12345), (114.00001, 29.12344)])


@pytest.mark.parametrize("shape", [HOLED, LINE, shapely.MultiPolygon([HOLED, shapely.box(115, 30, 115.1, 30.1)]), shapely.MultiLineString([LINE])])
def test_coordinates_come_back_to_the_fifth_decimal(shape):
    packed = pack(mapping(shape))
    assert "coordinates" not in packed
    back = shapely.geometry.shape({"type": packed["type"], "coordinates": unpacked(packed["deltas"])})
    assert shapely.equals_exact(back, shape, 5.1e-6)


def test_rounding_does_not_add_up_along_a_line():
    line = shapely.LineString([(114 + index * 0.000014, 29) for index in range(1_000)])
    assert unpacked(pack(mapping(line))["deltas"])[-1][0] == pytest.approx(line.coords[-1][0], abs=5.1e-6)


def test_a_point_stays_as_it_is():
    assert pack({"type": "Point", "coordinates": [114.0, 29.0]}) == {"type": "Point", "coordinates": [114.0, 29.0]}


def test_a_height_is_left_out():
    assert pack(mapping(shapely.LineString([(114, 29, 80), (115, 30, 90)])))["deltas"] == [11400000, 2900000, 100000, 100000]
