"""The page to apply: a site on the map, the form, and the verdict while both are edited."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.access.guard import needs
from api.apply_form import form_parts
from api.deps import AppSettings, Snapshot, When
from api.routes.pages import CHECK_ON, CHECK_OVERLAYS, Data, PageRoute, is_synthetic, page
from layers.maps.apply import apply_map, places
from layers.maps.escape import escape_json
from spatial.applications import MAX_VERTICES
from spatial.crs import gauss_kruger

router = APIRouter(include_in_schema=False, route_class=PageRoute, default_response_class=HTMLResponse)

GEOLOCATION = "camera=(), microphone=(), geolocation=(self)"
"""This page, unlike the others, may ask where the device is."""


@router.get("/apply")
@needs("checks.make")
def apply(request: Request, when: When, snapshots: Snapshot, data: Data, settings: AppSettings) -> HTMLResponse:
    """Draw a site, fill the form, see the verdict, submit."""
    seen = snapshots.in_force(when)
    outline, synthetic = data.outline(seen), is_synthetic(seen)
    overlays = data.overlays(seen, ids=CHECK_OVERLAYS, on=CHECK_ON)
    drawn = apply_map(outline, overlays=overlays, synthetic=synthetic) if outline else None
    zone = gauss_kruger(settings.epsg)
    told: dict[str, Any] = {
        "epsg": settings.epsg,
        "projection": zone.definition,
        "meridian": zone.meridian,
        "maxCorners": MAX_VERTICES,
        "county": settings.county_code,
        "places": places(outline) if outline else [],
        "snapLayers": [name for name in ("parcel", "building") if name in seen.versions],
        "hasParcels": "parcel" in seen.versions,
    }
    context: dict[str, Any] = {"map": drawn, "overlays": overlays, "parts": form_parts(), "zone": zone, "settings": escape_json(told)}
    answer = page(request, "apply.html", context, synthetic=synthetic)
    answer.headers["Permissions-Policy"] = GEOLOCATION
    return answer
