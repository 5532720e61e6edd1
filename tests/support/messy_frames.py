"""Data sets with whatever may stand in a delivered file: shapes of every kind, values of every type, fields left out."""

from __future__ import annotations

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from frames import EAST, EPSG, NORTH, square
from hypothesis import strategies as st

from layers import catalog

LAYERS = ("ecological_redline", "building", "village", "land_use", "parcel", "road", "old_tree")
VALUES = (
    None, "", " ", "甲", "0101", " 0101 ", "702", "421223100201", "4212231002010000000", "4212231002010000001",
    "421223001001JC00001", "10", "集体土地所有权", "core", "normal", 12, 1.5, float("nan"), float("inf"), True, "是", "2020-01-31",
    "2020-02-30", date(2020, 1, 31), "1e3", pd.NA, ["甲"],
)  # fmt: skip


def at(points: list[list[float]]) -> Any:
    """Points so many metres from the test county's origin."""
    return np.array(points) + np.array([EAST, NORTH])


def shapes() -> tuple[Any, ...]:
    """Sound shapes and all kinds of unsound ones."""
    with np.errstate(all="ignore"):
        endless = shapely.from_wkt(f"POLYGON (({EAST} {NORTH}, {EAST} inf, {EAST + 5} {NORTH}, {EAST} {NORTH}))")
        nowhere = shapely.from_wkt(f"POLYGON (({EAST} {NORTH}, nan {NORTH}, {EAST + 5} {NORTH}, {EAST} {NORTH}))")
    hollow = shapely.from_wkt(
        f"POLYGON (({EAST} {NORTH}, {EAST + 9} {NORTH}, {EAST} {NORTH + 9}, {EAST} {NORTH}), EMPTY)"
    )
    return (
        None,
        shapely.Polygon(),
        square(side=20),
        square(50, 50, 30),
        shapely.Polygon(at([[0, 0], [10, 10], [10, 0], [0, 10]])),
        shapely.Polygon(
            at([[0, 0], [100, 0], [100, 100], [50, 100], [50.2, 100.2], [50, 100.2], [50.2, 100], [0, 100]])
        ),
        endless,
        hollow,
        nowhere,
        shapely.LineString([(EAST, NORTH), (EAST + 50, NORTH + 5)]),
        shapely.LineString([(EAST, NORTH), (EAST, NORTH)]),
        shapely.Point(EAST + 3, NORTH + 3),
        shapely.GeometryCollection([shapely.Point(EAST, NORTH)]),
        shapely.MultiPolygon([square(200, 0, 10), square(300, 0, 15)]),
        shapely.MultiPolygon([square(200, 0, 10), square(205, 0, 10)]),
        shapely.Polygon(at([[0, 0], [10, 0], [10.0005, 0], [10, 10], [0, 10]])),
        shapely.Polygon(square(600).exterior, [square(610, 10, 10).exterior]),
        shapely.force_3d(square(400, 0, 10), 5.0),
        shapely.box(EAST + 90_000, NORTH, EAST + 90_010, NORTH + 10),
        shapely.box(38_500_000, NORTH, 38_500_010, NORTH + 10),
        shapely.box(114.0, 29.5, 114.1, 29.6),
    )


@st.composite
def messy(draw: Any) -> tuple[catalog.CatalogLayer, gpd.GeoDataFrame]:
    """A layer, and a data set for it."""
    layer = catalog.layer(draw(st.sampled_from(LAYERS)))
    count = draw(st.integers(0, 5))
    present = [name for name, item in layer.fields.items() if draw(st.integers(0, 9)) > (0 if item.required else 6)]
    columns = {name: pd.Series([draw(st.sampled_from(VALUES)) for _ in range(count)], dtype=object) for name in present}
    if layer.identifier in present and draw(st.booleans()):
        columns[layer.identifier] = pd.Series([f"4212231002{row:02d}" for row in range(count)], dtype=object)
    chosen = np.empty(count, dtype=object)
    chosen[:] = [draw(st.sampled_from(shapes())) for _ in range(count)]
    return layer, gpd.GeoDataFrame(columns, geometry=chosen, crs=EPSG, index=range(count))
