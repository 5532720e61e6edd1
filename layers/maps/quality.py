"""The map of an acceptance check: every finding that has a place, in the colour of its level, the worst on top."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from layers.maps.base import BaseMap, LegendEntry, MapDocument, Shapes, VectorTiles, document
from layers.maps.outline import Feature, Outline, feature_of
from layers.maps.overlays import Overlay, specifications
from layers.maps.village_types import COUNTY_LINE, LINES
from layers.quality.findings import LEVEL_LABELS, Level, QualityFinding, QualityReport
from layers.quality.rulebook import checks
from spatial.crs import CRS84, reproject

COLOURS: Mapping[Level, str] = MappingProxyType({"error": "#a8332a", "warning": "#b06a12", "note": "#2f6690"})
DATASET = {"color": "#4a5a57", "weight": 1, "fillColor": "#cfd9d3", "fillOpacity": 0.55}
DOT_PX = 7
MOST_DRAWN = 3_000
"""So many findings are inlined into a page, the worst first; the table has the others."""
SMALLEST_M = 3.0
"""A place smaller than this is drawn as a square of this size: coordinates in a page are whole metres."""
FINEST_M = 2.0
"""Places of many corners are thinned to this."""
MOST_VERTICES = 60


def quality_legend(report: QualityReport) -> tuple[LegendEntry, ...]:
    """What the colours mean, with the true number of findings of each level."""
    counts = report.counts
    return tuple(
        LegendEntry(level, label, COLOURS[level], counts[level])
        for level, label in LEVEL_LABELS.items()
        if counts[level]
    )


def quality_map(
    report: QualityReport,
    *,
    epsg: int,
    extent: BaseGeometry | None = None,
    outline: Outline | None = None,
    overlays: tuple[Overlay, ...] = (),
    shapes: Sequence[Feature] = (),
    synthetic: bool,
) -> MapDocument:
    """Draw the findings of a report; their property `code` is their place in `report.findings`. `shapes` are drawn below them.

    `extent` is the box or outline of the data set in EPSG:`epsg`, shown where there is no outline of the county's villages.
    """
    drawn = [
        (place, item)
        for place, item in enumerate(report.findings)
        if item.geometry is not None and not item.geometry.is_empty
    ]
    features = [_feature(place, item, epsg) for place, item in reversed(drawn[:MOST_DRAWN])]
    base = BaseMap(
        _bounds([item.geometry for _, item in drawn], extent, outline, epsg),
        label="数据检查结果图。图上问题在下方表格中列出。",
        synthetic=synthetic,
        max_zoom=22,
    )
    VectorTiles(specifications(overlays)).add_to(base)
    if shapes:
        Shapes(shapes, key="dataset", pane="fills", interactive=False, style=DATASET).add_to(base)
    if outline:
        Shapes(outline.towns, key="towns", pane="lines", interactive=False, labels="name", style=LINES).add_to(base)
        Shapes([outline.county], key="county", pane="lines", interactive=False, style=COUNTY_LINE).add_to(base)
    elif extent is not None:
        Shapes(
            [feature_of(extent, f"EPSG:{epsg}")], key="extent", pane="lines", interactive=False, style=COUNTY_LINE
        ).add_to(base)
    Shapes(
        features,
        key="findings",
        pane="findings",
        tooltip=["level", "title", "name", "message"],
        style={"fillOpacity": 0.35},
    ).add_to(base)
    return document(base, legend=quality_legend(report))


def _feature(place: int, item: QualityFinding, epsg: int) -> Feature:
    assert item.geometry is not None
    colour = COLOURS[item.level]
    properties: dict[str, Any] = {
        "code": str(place),
        "level": LEVEL_LABELS[item.level],
        "title": checks()[item.code].title,
        "name": item.identifier or "",
        "message": item.message,
    }
    shape, is_dot = _drawable(item.geometry)
    style = {"color": colour, "fillColor": colour, "weight": DOT_PX if is_dot else 2, "opacity": 0.85}
    return feature_of(shape, f"EPSG:{epsg}", style=style, **properties)


def _drawable(geometry: BaseGeometry) -> tuple[BaseGeometry, bool]:
    """A place light enough for a page: thinned where it has many corners, a square where it is too small to be seen."""
    west, south, east, north = geometry.bounds
    if max(east - west, north - south) < SMALLEST_M:
        middle, half = ((west + east) / 2, (south + north) / 2), SMALLEST_M / 2
        return shapely.box(middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half), True
    if geometry.geom_type in ("Point", "MultiPoint", "GeometryCollection"):
        return shapely.buffer(shapely.force_2d(geometry), SMALLEST_M / 2, quad_segs=1), True
    if shapely.get_num_coordinates(geometry) <= MOST_VERTICES:
        return geometry, False
    thinned = shapely.simplify(geometry, FINEST_M, preserve_topology=True)
    return (
        (thinned, False)
        if shapely.get_num_coordinates(thinned) <= 8 * MOST_VERTICES
        else (shapely.envelope(geometry), False)
    )


def _bounds(
    places: list[Any], extent: BaseGeometry | None, outline: Outline | None, epsg: int
) -> tuple[float, float, float, float]:
    """What the map shows first, in degrees: the data set, or else the findings, or else the county."""
    shown = [extent] if extent is not None else places
    if not shown:
        return outline.bounds if outline else (113.5, 29.2, 114.4, 29.8)
    box = np.array([shapely.box(*shapely.total_bounds(np.array(shown, dtype=object)))], dtype=object)
    west, south, east, north = (
        float(value) for value in shapely.total_bounds(reproject(box, source=epsg, target=CRS84))
    )
    return (west - 0.002, south - 0.002, east + 0.002, north + 0.002)
