"""Builders of applications as they come over HTTP."""

from __future__ import annotations

from typing import Any

from frames import EAST, NORTH

IN_ZONE = {"crs": "EPSG:4547"}


def ring(east: float = 300.0, north: float = 300.0, width: float = 10.0, height: float = 14.0) -> list[list[float]]:
    """A closed ring whose south-west corner lies so many metres from the test county's origin."""
    x, y = EAST + east, NORTH + north
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height], [x, y]]


def application(*, coordinates: Any = None, geometry: Any = "polygon", **properties: Any) -> dict[str, Any]:
    """An application for a new two-storey house on 10 x 14 m, in EPSG:4547."""
    base: dict[str, Any] = {
        "case_no": "A-1",
        "build_kind": "new_site",
        "scheme": "none",
        "household_size": 4,
        "is_member": True,
        "other_plots": 0,
        "returns_old_plot": True,
        "plot_area_m2": 140.0,
        "footprint_area_m2": 100.0,
        "floor_area_m2": 200.0,
        "storeys": 2,
        "height_m": 7.5,
        "eaves_height_m": 6.5,
        "terrain": "hill",
        "applied_on": "2026-03-01",
    }
    shape = {"type": "Polygon", "coordinates": [ring()] if coordinates is None else coordinates} if geometry == "polygon" else geometry
    return {"type": "Feature", "geometry": shape, "properties": {**base, **properties}}
