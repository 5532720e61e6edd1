"""The map of a run: every subject in the colour of its verdict, the worst on top, each leading to its check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import shapely

from layers.check_runs import Result
from layers.maps.base import BaseMap, LegendEntry, MapDocument, Shapes, VectorTiles, document
from layers.maps.outline import Feature, Outline, feature_of
from layers.maps.overlays import Overlay, specifications
from layers.maps.village_types import COUNTY_LINE, LINES

COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "refused": "#a8332a",
        "conflict": "#a8332a",
        "unproved": "#8a3d6b",
        "incomplete": "#6a6375",
        "unclear": "#6a6375",
        "needs_approval": "#b06a12",
        "attention": "#b06a12",
        "needs_correction": "#8a7414",
        "needs_review": "#2f6690",
        "passed": "#3c7a57",
        "clear": "#3c7a57",
    }
)
"""Colour by verdict, those of the check pages."""

DOT_PX = 7
"""A site of ten metres is less than a pixel on a map of the county: its border is drawn this wide, so that it shows as a dot."""


def run_legend(counts: Mapping[str, int], labels: Mapping[str, str]) -> tuple[LegendEntry, ...]:
    """What the colours mean, with how many results have each; verdicts that did not come up are left out."""
    return tuple(LegendEntry(slug, labels[slug], colour, counts[slug]) for slug, colour in COLOURS.items() if counts.get(slug))


def run_map(
    results: Sequence[Result],
    labels: Mapping[str, str],
    *,
    kinds: Mapping[str, str],
    outline: Outline | None = None,
    overlays: tuple[Overlay, ...] = (),
    synthetic: bool,
) -> MapDocument:
    """Draw results, given worst first. `labels` name the verdicts, `kinds` the kinds of subjects."""
    features = [_feature(item, labels, kinds) for item in reversed(results)]
    bounds = outline.bounds if outline else _bounds(features)
    base = BaseMap(bounds, label="审查结果图。图上对象在下方表格中列出。", synthetic=synthetic, max_zoom=20)
    VectorTiles(specifications(overlays)).add_to(base)
    if outline:
        Shapes(outline.towns, key="towns", pane="lines", interactive=False, labels="name", style=LINES).add_to(base)
        Shapes([outline.county], key="county", pane="lines", interactive=False, style=COUNTY_LINE).add_to(base)
    Shapes(features, key="results", pane="findings", tooltip=["kind", "name", "verdict"], style={"fillOpacity": 0.6}).add_to(base)
    return document(base)


def _feature(item: Result, labels: Mapping[str, str], kinds: Mapping[str, str]) -> Feature:
    colour = COLOURS.get(item.verdict, "#555555")
    properties: dict[str, Any] = {
        "code": str(item.position),
        "kind": kinds[item.kind],
        "name": item.name or "",
        "verdict": labels.get(item.verdict, item.verdict),
        "check": str(item.check_id) if item.check_id else "",
        "style": {"color": colour, "fillColor": colour, "weight": DOT_PX, "opacity": 0.85},
    }
    return feature_of(item.geometry, f"EPSG:{item.epsg}", **properties)


def _bounds(features: Sequence[Feature]) -> tuple[float, float, float, float]:
    if not features:
        return (113.5, 29.2, 114.4, 29.8)
    shapes = shapely.from_geojson([_text(feature["geometry"]) for feature in features])
    west, south, east, north = (float(value) for value in shapely.total_bounds(shapes))
    return (west - 0.002, south - 0.002, east + 0.002, north + 0.002)


def _text(geometry: Mapping[str, Any]) -> str:
    import json

    return json.dumps(geometry)
