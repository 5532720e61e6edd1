"""The map of a delivery's findings, the worst on top, over the outline of the villages."""

from __future__ import annotations

from typing import Any

import psycopg
import shapely
from shapely.geometry import shape as shape_of

from layers import delivery_findings
from layers.deliveries import Delivery
from layers.maps.base import BaseMap, Bounds, MapDocument, Shapes, document
from layers.maps.outline import Feature, Outline
from layers.maps.village_types import COUNTY_LINE, LINES
from layers.quality.findings import LEVEL_LABELS, Level, QualityFinding

COLOURS: dict[Level, str] = {"error": "#a8332a", "warning": "#b06a12", "note": "#2f6690"}
MOST_DRAWN = 3_000
"""So many findings, the worst, are drawn at first; each of the others when it is chosen in the list."""
SPOT_M = 1.5
"""A place without extent is drawn as a spot of this radius."""
LEAST_VIEW_DEG = 0.002


def drawn(conn: psycopg.Connection[Any], delivery: Delivery, *, epsg: int, outline: Outline | None, synthetic: bool) -> MapDocument | None:
    """Draw the findings of a delivery's check; None before the check, or where none has a place."""
    if delivery.state not in ("checked", "staged", "published"):
        return None
    found = [finding for _, finding in delivery_findings.page(conn, delivery.id, limit=MOST_DRAWN)]
    return findings_map(found, epsg=epsg, outline=outline, synthetic=synthetic)


def findings_map(found: list[QualityFinding], *, epsg: int, outline: Outline | None, synthetic: bool) -> MapDocument | None:
    """Draw findings, given worst first with geometries in EPSG:`epsg`; None where none has a place that can be drawn."""
    shapes = delivery_findings.in_degrees([_extended(finding) for finding in found], epsg=epsg)
    features = [_feature(finding, shape) for finding, shape in zip(found, shapes, strict=True) if shape is not None and _on_earth(shape)]
    if not features:
        return None
    base = BaseMap(_bounds(features), label="质检问题图。图上的问题在旁边逐条列出。", synthetic=synthetic, max_zoom=20, reach=20.0)
    if outline:
        Shapes(outline.towns, key="towns", pane="lines", interactive=False, labels="name", style=LINES).add_to(base)
        Shapes([outline.county], key="county", pane="lines", interactive=False, style=COUNTY_LINE).add_to(base)
    Shapes(features[::-1], key="findings", pane="findings", tooltip=["level", "code", "text"], style={"fillOpacity": 0.3}).add_to(base)
    return document(base)


def _extended(finding: QualityFinding) -> Any:
    shape = finding.geometry
    return shape if shape is None or shapely.get_dimensions(shape) != 0 else shapely.buffer(shape, SPOT_M, quad_segs=4)


def _feature(finding: QualityFinding, shape: dict[str, Any]) -> Feature:
    colour = COLOURS[finding.level]
    properties = {"level": LEVEL_LABELS[finding.level], "code": finding.code, "text": finding.message[:120]}
    style = {"color": colour, "fillColor": colour, "weight": 3, "opacity": 0.85}
    return {"type": "Feature", "properties": properties | {"style": style}, "geometry": shape}


def _on_earth(shape: dict[str, Any]) -> bool:
    """Whether a geometry can be on the map: data in the wrong zone may lie anywhere."""
    west, south, east, north = shapely.bounds(shape_of(shape))
    return bool(-180 <= west <= east <= 180 and -85 <= south <= north <= 85)


def _bounds(features: list[Feature]) -> Bounds:
    west, south, east, north = (float(value) for value in shapely.total_bounds([shape_of(item["geometry"]) for item in features]))
    more = max(0.0, LEAST_VIEW_DEG - max(east - west, north - south)) / 2
    return west - more, south - more, east + more, north + more

