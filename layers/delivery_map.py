"""The map of a delivery's findings, made of what is stored."""

from __future__ import annotations

from typing import Any

import psycopg

from layers import deliveries, delivery_findings
from layers.deliveries import Delivery
from layers.delivery_record import report_of
from layers.maps.base import MapDocument
from layers.maps.outline import Outline
from layers.maps.overlays import Overlay
from layers.maps.quality import MOST_DRAWN, quality_map


def drawn(
    conn: psycopg.Connection[Any], delivery: Delivery, *, epsg: int, outline: Outline | None, overlays: tuple[Overlay, ...] = (), synthetic: bool
) -> MapDocument | None:
    """Draw the findings of a delivery's check over its data set; None before the check, or where nothing has a place."""
    if delivery.state not in ("checked", "staged", "published") or delivery.summary is None:
        return None
    found = [finding for _, finding in delivery_findings.page(conn, delivery.id, limit=MOST_DRAWN)]
    drawing = deliveries.sketch(conn, delivery.id)
    if not drawing and all(finding.geometry is None or finding.geometry.is_empty for finding in found):
        return None
    report = report_of(str((delivery.recognition or {})["layer"]["id"]), delivery.summary, found)
    shapes = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in drawing]
    return quality_map(report, epsg=epsg, outline=outline, overlays=overlays, shapes=shapes, synthetic=synthetic)
