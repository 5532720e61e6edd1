"""What the plan on a paper shows, in metres of the county's zone: the site, what was hit, and the features around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from layers.maps.check import distance_line, place_of
from layers.maps.overlays import DRAWN_FROM_BELOW
from layers.maps.report import groups
from spatial.crs import CRS84, reproject
from spatial.layer import Layer, LayerSet

WIDTH_MM, HEIGHT_MM = 170.0, 112.0
"""The plan's frame on paper."""
SCALES = (200, 250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
MARGIN_M = 18.0
"""At least so much land is shown on each side of the site."""
GRID_M = 0.01
"""Coordinates on the plan are kept to a centimetre, those of the site's corners to a millimetre."""
LEFT_OUT = frozenset({"county", "town", "village", "settlement", "slope", "planned_use", "control_zone"})
"""Layers that would cover everything, or of which no line runs near a site."""
MOST_FEATURES = 400


def surroundings(report: Mapping[str, Any], site: BaseGeometry, *, epsg: int, layers: LayerSet) -> dict[str, Any]:
    """Return the plan of a check, JSON-ready: scale, view, site, layers and numbered hits, all clipped to the view.

    `site` is in EPSG:`epsg`, `layers` hold the versions the check rests on (those not given are not drawn); layers above
    the secrecy level 内部 are never drawn on a paper.
    """
    scale, view = _view(site)
    box = shapely.box(*view)
    drawn = [name for name in DRAWN_FROM_BELOW if name in layers and name not in LEFT_OUT and layers[name].dataset.secrecy != "secret"]
    return {
        "epsg": epsg,
        "scale": scale,
        "view": list(view),
        "site": _shapes([site], grid=GRID_M / 10),
        "layers": [entry for name in drawn if (entry := _layer(layers[name], box))["shapes"]],
        "hits": _hits(report, site, box, epsg),
    }


def reach_m(site: BaseGeometry) -> float:
    """How many metres around a site's bounds its plan can show."""
    return WIDTH_MM * _view(site)[0] / 1_000


def _view(site: BaseGeometry) -> tuple[int, tuple[float, float, float, float]]:
    """The largest scale at which the site and its margin fit, and the frame on the ground, its centre at a full metre."""
    west, south, east, north = site.bounds
    wide, high = east - west + 2 * MARGIN_M, north - south + 2 * MARGIN_M
    scale = next((item for item in SCALES if wide <= WIDTH_MM * item / 1_000 and high <= HEIGHT_MM * item / 1_000), SCALES[-1])
    x, y = round((west + east) / 2), round((south + north) / 2)
    half_width, half_height = WIDTH_MM * scale / 2_000, HEIGHT_MM * scale / 2_000
    return scale, (x - half_width, y - half_height, x + half_width, y + half_height)


def _layer(layer: Layer, box: BaseGeometry) -> dict[str, Any]:
    rows = np.unique(layer.piece_feature[layer.tree.query(box)])[:MOST_FEATURES]
    clipped = [shapely.intersection(shapely.make_valid(layer.features[row]), box) for row in rows]
    return {"layer": layer.dataset.layer, "title": layer.dataset.title, "version": layer.dataset.version, "shapes": _shapes(clipped)}


def _hits(report: Mapping[str, Any], site: BaseGeometry, box: BaseGeometry, epsg: int) -> list[dict[str, Any]]:
    found = []
    for group in groups(report):
        for entry in group.entries:
            if entry.number is None:
                continue
            geometry = reproject(np.array([shape(entry.finding["geometry"])], dtype=object), source=CRS84, target=epsg)[0]
            seen = shapely.intersection(shapely.make_valid(geometry), box)
            if seen.is_empty:
                continue
            at = place_of(seen, site, view=box)
            hit = {"number": entry.number, "group": group.key, "shapes": _shapes([seen]), "at": _point(*shapely.get_coordinates(at)[0])}
            found.append(hit | _distance(entry.finding, site, geometry, box))
    return found


def _distance(finding: Mapping[str, Any], site: BaseGeometry, hit: BaseGeometry, box: BaseGeometry) -> dict[str, Any]:
    """The shortest line from the site to what was hit, where the finding measures a distance and the line is in view."""
    line = distance_line(finding, hit, site)
    if line is None or not box.covers(line):
        return {}
    return {"distance": {"line": [_point(x, y) for x, y in shapely.get_coordinates(line)], "text": f"{finding['measured']['value']:.2f} m"}}


def _shapes(geometries: Iterable[BaseGeometry], *, grid: float = GRID_M) -> list[dict[str, Any]]:
    """Every part as a kind and rings of rounded coordinates."""
    parts = shapely.get_parts([geometry for geometry in geometries if not geometry.is_empty])
    parts = shapely.get_parts(parts)  # parts of collections
    found = []
    for part in parts:
        if part.geom_type == "Polygon":
            found.append({"kind": "polygon", "rings": [_ring(ring, grid) for ring in (part.exterior, *part.interiors)]})
        elif part.geom_type in ("LineString", "LinearRing"):
            found.append({"kind": "line", "rings": [_ring(part, grid)]})
        elif part.geom_type == "Point":
            found.append({"kind": "point", "rings": [_ring(part, grid)]})
    return found


def _ring(part: BaseGeometry, grid: float) -> list[list[float]]:
    simple = shapely.simplify(part, grid / 2, preserve_topology=True)
    digits = 3 if grid < GRID_M else 2
    return [[round(float(x), digits), round(float(y), digits)] for x, y in shapely.get_coordinates(simple)]


def _point(x: float, y: float) -> list[float]:
    return [round(float(x), 2), round(float(y), 2)]
