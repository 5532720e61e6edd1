"""A county as rough as deliveries are: rings of 10,000 vertices, features that overlap, tile, touch, have holes or several parts."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from frames import EAST, EPSG, NORTH

SIDE = 6_000.0
LOW = np.array([EAST, NORTH])


def rough_county(*, seed: int = 20260101) -> dict[str, gpd.GeoDataFrame]:
    """Return frames by catalogue id, within SIDE metres north-east of the test county's origin."""
    rng = np.random.default_rng(seed)
    tiles = _tiles(rng, 2_500)
    farmland = [shapely.union_all(tiles[rng.choice(len(tiles), 3, replace=False)]) for _ in range(150)]
    lines = [_wavy(rng) for _ in range(30)]
    land = [_wavy(rng).buffer(width, cap_style="flat") for width in rng.uniform(3, 12, 20)]
    streams = shapely.polygons(shapely.get_exterior_ring([_wavy(rng).buffer(width) for width in rng.uniform(4, 30, 12)]))
    circles = [shapely.Point(*_somewhere(rng)).buffer(radius, quad_segs=32) for radius in rng.uniform(50, 700, 60)]
    plans = [_block(rng, 20, 250) for _ in range(1_200)]
    rings = [_ring(rng, 10_000, _somewhere(rng), radius) for radius in (1_700.0, 1_500.0, 900.0)]
    rings[0] = rings[0].difference(shapely.Point(shapely.point_on_surface(rings[0])).buffer(200, quad_segs=64))
    return {
        "land_use": _frame("BSM", tiles, DLBM=rng.choice(["0101", "0301", "0702", "1104"], len(tiles))),
        "basic_farmland": _frame("BSM", farmland),
        "ecological_redline": _frame("BSM", rings, zone=["core", "other", "other"]),
        "planned_use": _frame("BSM", plans, GHDLBM=rng.choice(["0703", "0101", "16"], len(plans))),
        "hazard": _frame("hazard_no", circles, zone=rng.choice(["danger", "high"], len(circles))),
        "road": _frame("road_no", [*lines, *land]),
        "river": _frame("river_no", streams),
        "power_line": _frame("line_no", [_wavy(rng) for _ in range(15)], kv=rng.choice([10.0, 110.0], 15)),
        "building": _frame("ZRZH", [_block(rng, 6, 25) for _ in range(4_000)]),
        "village": _villages(rng),
        "village_boundary": _frame("BSM", [_block(rng, 100, 400) for _ in range(150)]),
        "control_zone": _frame("BSM", [_block(rng, 100, 400) for _ in range(200)], zone=rng.choice(["concentrated", "restricted", "prohibited"], 200)),
        "parcel": _frame("ZDDM", [_block(rng, 10, 30) for _ in range(2_000)], ZDDM=[f"421223001001JC{row:05d}" for row in range(2_000)]),
        "heritage": _frame("heritage_no", [_block(rng, 50, 300) for _ in range(40)], zone=rng.choice(["protection", "belt"], 40), level="county"),
        "water_source": _frame("source_no", [_block(rng, 50, 900) for _ in range(30)], zone=rng.choice(["primary", "secondary", "quasi"], 30)),
        **_other_departments(np.random.default_rng(seed + 1)),
    }


def _other_departments(rng: np.random.Generator) -> dict[str, gpd.GeoDataFrame]:
    """The layers of railways, lines, water, history, hazards and nature; of most classes some features have none."""

    def blocks(identifier: str, count: int, **columns: Any) -> gpd.GeoDataFrame:
        drawn = {name: rng.choice(np.array([*values, None], dtype=object), count) for name, values in columns.items()}
        return _frame(identifier, [_block(rng, 50, 300) for _ in range(count)], **drawn)

    def wavy(identifier: str, count: int, width: float | None = None, **columns: Any) -> gpd.GeoDataFrame:
        drawn = {name: rng.choice(np.array([*values, None], dtype=object), count) for name, values in columns.items()}
        lines = [_wavy(rng) for _ in range(count)]
        return _frame(identifier, [*lines[::2], *[line.buffer(width, cap_style="flat") for line in lines[1::2]]] if width else lines, **drawn)

    trees = [shapely.Point(*_somewhere(rng)).buffer(radius) if radius else shapely.Point(*_somewhere(rng)) for radius in rng.choice([0, 4, 9], 400)]
    return {
        "settlement": blocks("BSM", 60, CZCSXM=["203", "202"]),
        "new_village_area": blocks("area_no", 30),
        "railway": wavy("rail_no", 6, 6.0, **{"class": ["high_speed", "other"]}),
        "cable": wavy("cable_no", 10, kv=[10.0]),
        "pipeline": wavy("pipe_no", 6, medium=["oil", "gas"]),
        "dyke": wavy("dyke_no", 6, 8.0, grade=["1", "3", "5"]),
        "flood_storage": blocks("area_no", 10),
        "flood_risk": blocks("area_no", 30),
        "reservoir": blocks("reservoir_no", 30, scale=["large", "small"]),
        "historic_village": blocks("village_no", 20, zone=["core", "belt"]),
        "traditional_village": blocks("village_no", 20),
        "old_tree": _frame("tree_no", trees, grade=rng.choice(np.array(["1", "2", "3", "famous", None], dtype=object), len(trees))),
        "slope": _frame("patch_no", _tiles(rng, 300), PDJB=rng.choice(["1", "2", "3", "4", "5"], 300)),
        "geological_risk": _frame("risk_no", [*[_block(rng, 50, 300) for _ in range(20)], *[_wavy(rng) for _ in range(4)]],
                                  kind=[*rng.choice(["mined_out", "tailings_downstream"], 20), *["fault"] * 4]),
        "nature_reserve": blocks("reserve_no", 15, zone=["core", "general"]),
        "scenic_area": blocks("area_no", 15, zone=["core", "other"]),
        "wetland": blocks("wetland_no", 20, level=["national", "general"]),
        "forest": blocks("patch_no", 60, grade=["1", "2"]),
        "enforcement": blocks("patch_no", 40, state=["open", "closed"]),
    }  # fmt: skip


def _villages(rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Twenty villages that tile the square."""
    cells = _tiles(rng, 20)
    codes = [f"4212231002{row:02d}" for row in range(len(cells))]
    names = [f"{row + 1}号村" for row in range(len(cells))]
    columns = {"ZLDWDM": codes, "ZLDWMC": names, "XZQDM": "421223100", "XZQMC": "天城镇", "plan_approved": True}
    return gpd.GeoDataFrame(columns, geometry=list(cells), crs=EPSG)


def _frame(identifier: str, shapes: Any, **columns: Any) -> gpd.GeoDataFrame:
    numbers = [f"{row:05d}" for row in range(len(shapes))]
    return gpd.GeoDataFrame({identifier: numbers} | columns, geometry=list(shapes), crs=EPSG)


def _somewhere(rng: np.random.Generator) -> Any:
    return LOW + rng.uniform(0, SIDE, 2)


def _tiles(rng: np.random.Generator, count: int) -> Any:
    """Cells that tile the square without gap or overlap, on a 1 cm grid."""
    points = shapely.MultiPoint(LOW + rng.uniform(0, SIDE, (count, 2)))
    square = shapely.box(*LOW, *(LOW + SIDE))
    borders = shapely.union_all([shapely.voronoi_polygons(points, only_edges=True), square.boundary], grid_size=0.01)
    cells = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.node(borders))))
    return cells[shapely.contains(square, shapely.point_on_surface(cells))]


def _wavy(rng: np.random.Generator) -> Any:
    """A winding line through the square."""
    along = np.linspace(-0.1, 1.1, 400)[:, None] * SIDE
    start, turn = _somewhere(rng), rng.uniform(0, 2 * np.pi)
    side = sum(rng.normal(0, 60 / k) * np.sin(k * along / 300 + rng.uniform(0, 6)) for k in (1, 2, 5))
    heading, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    return shapely.LineString(start + (along - SIDE / 2) * heading + side * across)


def _block(rng: np.random.Generator, smallest: float, largest: float) -> Any:
    width, depth = rng.uniform(smallest, largest, 2)
    corners = np.array([[0, 0], [width, 0], [width, depth], [0, depth]])
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return shapely.Polygon(corners @ turn.T + _somewhere(rng))


def _ring(rng: np.random.Generator, vertices: int, middle: Any, radius: float) -> Any:
    angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    reach = radius * (1 + 0.3 * np.sin(5 * angle) + 0.01 * rng.random(vertices))
    return shapely.Polygon(middle + np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None])
