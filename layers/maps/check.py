"""The map of one application check: the site, what it hit, and how far away the rest is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from layers.maps.base import BaseMap, MapDocument, Shapes, VectorTiles, document
from layers.maps.outline import Feature, feature_of
from layers.maps.overlays import Overlay, specifications
from layers.maps.report import Entry, groups, measure

SURROUNDINGS_M = 45.0
"""How much land round the site is in view at first."""
MEASURED_FROM_M = 0.01
"""A line that begins nearer to the site than this begins at the site: reports round coordinates to about a millimetre."""
SAME_PLACE_M = 10.0
"""Numbers nearer to each other than this share one badge."""
TONES = {
    "refused_by": "#a8332a",
    "first_needs": "#b06a12",
    "correct": "#8a7414",
    "look_at": "#2f6690",
    "not_checked": "#6a6375",
    "passed": "#3c7a57",
    "not_applicable": "#7d8582",
}
"""Line colour of a finding by its group, the same as in the report beside the map."""


def check_map(
    report: Mapping[str, Any], site: BaseGeometry, *, epsg: int, overlays: tuple[Overlay, ...] = (), synthetic: bool
) -> MapDocument:
    """Draw a site (in the CRS `epsg`, metres) over the control layers, with its findings numbered as in the report.

    Where a finding measures a distance, the shortest line to what it measured is drawn with the measured value.
    """
    crs = f"EPSG:{epsg}"
    view = shapely.box(*shapely.buffer(site, SURROUNDINGS_M).bounds)
    bounds = tuple(feature_bounds(feature_of(view, crs)))
    base = BaseMap(bounds, label="核查图。图上编号与旁边的核查意见一致。", synthetic=synthetic, max_zoom=20, reach=20.0)  # type: ignore[arg-type]
    VectorTiles(specifications(overlays)).add_to(base)
    found, lines, badges = _findings(report, site, crs)
    Shapes(found, key="findings", pane="findings", style={"weight": 2, "fillOpacity": 0.35}).add_to(base)
    Shapes([feature_of(site, crs)], key="site", pane="findings", interactive=False, style=_SITE).add_to(base)
    Shapes(lines, key="distances", pane="findings", interactive=False, labels="text", labelClass="distance-label").add_to(base)
    Shapes(badges, key="badges", pane="labels", interactive=False, labels="text", labelClass="finding-badge").add_to(base)
    return document(base)


_SITE = {"weight": 3, "color": "#17324d", "fillColor": "#ffffff", "fillOpacity": 0.35}


def feature_bounds(feature: Feature) -> tuple[float, float, float, float]:
    """West, south, east, north of a feature."""
    bounds: tuple[float, float, float, float] = shape(feature["geometry"]).bounds
    return bounds


def _findings(report: Mapping[str, Any], site: BaseGeometry, crs: str) -> tuple[list[Feature], list[Feature], list[Feature]]:
    """What was hit, the distance lines with their labels, and the numbers."""
    found: list[Feature] = []
    lines: list[Feature] = []
    places: list[tuple[BaseGeometry, list[str]]] = []
    placed = [(group.key, entry) for group in groups(report) for entry in group.entries if entry.number is not None]
    for key, entry in placed:
        geometry = entry.finding["geometry"]
        style = {"color": TONES[key], "fillColor": TONES[key]}
        properties = {"code": str(entry.number), "group": key, "style": style}
        found.append({"type": "Feature", "properties": properties, "geometry": geometry})
        metric = gpd.GeoSeries([shape(geometry)], crs="OGC:CRS84").to_crs(crs).iloc[0]
        lines += _distance(entry, site, metric, crs, TONES[key])
        _place(places, place_of(metric, site, view=shapely.buffer(site, SURROUNDINGS_M)), str(entry.number))
    return found, lines, [feature_of(at, crs, text="·".join(numbers)) for at, numbers in places]


def distance_line(finding: Mapping[str, Any], hit: BaseGeometry, site: BaseGeometry) -> BaseGeometry | None:
    """The line along which a finding's distance was measured: what it names as its place, or else the shortest one to it.

    None where it measures no distance, or where there is none between site and hit.
    """
    measured = finding.get("measured") or {}
    if measured.get("unit") != "m" or not isinstance(measured.get("value"), int | float):
        return None
    if _is_measured_line(hit, site):
        return hit if hit.length > MEASURED_FROM_M else None
    return None if site.intersects(hit) else shapely.shortest_line(site, hit)


def _is_measured_line(hit: BaseGeometry, site: BaseGeometry) -> bool:
    return bool(hit.geom_type == "LineString" and site.distance(shapely.Point(hit.coords[0])) < MEASURED_FROM_M)


def place_of(hit: BaseGeometry, site: BaseGeometry, *, view: BaseGeometry) -> BaseGeometry:
    """Where a hit's number stands: within the view if the hit reaches into it, and at the far end of a measured line."""
    if _is_measured_line(hit, site):
        return shapely.Point(hit.coords[-1])
    nearest = shapely.intersection(hit, view)
    return shapely.point_on_surface(hit if nearest.is_empty else nearest)


def _place(places: list[tuple[BaseGeometry, list[str]]], at: BaseGeometry, number: str) -> None:
    """Put a number where it belongs, beside those that already stand there."""
    for place, numbers in places:
        if place.distance(at) < SAME_PLACE_M:
            numbers.append(number)
            return
    places.append((at, [number]))


def _distance(entry: Entry, site: BaseGeometry, hit: BaseGeometry, crs: str, colour: str) -> list[Feature]:
    line = distance_line(entry.finding, hit, site)
    if line is None:
        return []
    middle = line.interpolate(0.5, normalized=True)
    style = {"color": colour, "dashArray": "5 4", "weight": 1.8, "fill": False}
    return [feature_of(line, crs, style=style), feature_of(middle, crs, text=measure(entry.finding["measured"]["value"], "m"))]
