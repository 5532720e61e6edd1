"""Villages made light enough to be inlined into a page: simplified together, so that neighbours keep their common border."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.maps.base import Bounds
from layers.maps.packing import DECIMALS, pack

TOLERANCES_M = (20.0, 40.0, 60.0, 90.0, 130.0, 200.0, 300.0)
"""Tolerances of the coverage simplification, tried from fine to coarse until the budget holds."""
BUDGET_BYTES = 190_000
"""For the villages, as they are packed into the page."""

Feature = dict[str, Any]


@dataclass(frozen=True)
class Outline:
    """The county's villages as light GeoJSON (CRS84), with the town and county lines that follow from them."""

    villages: tuple[Feature, ...]
    towns: tuple[Feature, ...]
    county: Feature
    bounds: Bounds
    tolerance_m: float

    def with_properties(self, by_code: Mapping[str, Mapping[str, Any]]) -> list[Feature]:
        """The villages with more properties, looked up by village code."""
        return [
            {**feature, "properties": {**feature["properties"], **by_code.get(feature["properties"]["code"], {})}}
            for feature in self.villages
        ]


def outline(villages: gpd.GeoDataFrame, *, budget_bytes: int = BUDGET_BYTES) -> Outline:
    """Simplify a frame with `code, name, town_code, town` and polygons in a projected CRS (metres).

    Borders are simplified topologically (Visvalingam–Whyatt over the whole coverage), at the finest tolerance whose
    packed form stays within the budget. Where villages overlap or leave gaps, each is simplified by itself there.
    """
    geometry = np.asarray(villages.geometry.array)
    for tolerance in TOLERANCES_M:
        simple = shapely.make_valid(shapely.coverage_simplify(geometry, tolerance), method="structure", keep_collapsed=False)
        degrees = _degrees(simple, villages.crs)
        if sum(len(json.dumps(pack(_feature(shape)["geometry"]), separators=(",", ":"))) for shape in degrees) <= budget_bytes:
            break
    anchors = _degrees(shapely.point_on_surface(simple), villages.crs)
    features = tuple(
        _feature(shape, code=code, name=name, town=town, at=[anchor.x, anchor.y])
        for shape, anchor, code, name, town in zip(
            degrees, anchors, villages["code"], villages["name"], villages["town"], strict=True
        )
    )
    county = shapely.union_all(simple)
    bounds = tuple(float(value) for value in _degrees(np.array([county]), villages.crs)[0].bounds)
    line = _feature(_degrees(np.array([shapely.boundary(county)]), villages.crs)[0])
    return Outline(features, _towns(simple, villages), line, bounds, tolerance)  # type: ignore[arg-type]


def feature_of(shape: Any, crs: Any, **properties: Any) -> Feature:
    """One geometry of a CRS as a GeoJSON feature in CRS84."""
    return _feature(_degrees(np.array([shape]), crs)[0], **properties)


def _towns(simple: NDArray[Any], villages: gpd.GeoDataFrame) -> tuple[Feature, ...]:
    """Town borders as lines, each drawn once, and one point a town for its name."""
    codes = villages["town_code"].to_numpy()
    unions = {code: shapely.union_all(simple[codes == code]) for code in dict.fromkeys(codes)}
    borders = shapely.line_merge(shapely.union_all(shapely.boundary(np.array(list(unions.values())))))
    names = dict(zip(codes, villages["town"], strict=True))
    points = shapely.point_on_surface(np.array(list(unions.values())))
    labels = [_feature(point, name=names[code]) for code, point in zip(unions, _degrees(points, villages.crs), strict=True)]
    return (_feature(_degrees(np.array([borders]), villages.crs)[0]), *labels)


def _degrees(shapes: NDArray[Any], crs: Any) -> NDArray[Any]:
    moved = np.asarray(gpd.GeoSeries(shapes, crs=crs).to_crs("OGC:CRS84").array)
    rounded: NDArray[Any] = shapely.set_coordinates(moved.copy(), np.round(shapely.get_coordinates(moved), DECIMALS))
    return rounded


def _feature(shape: Any, **properties: Any) -> Feature:
    return {"type": "Feature", "properties": properties, "geometry": json.loads(shapely.to_geojson(shape))}
