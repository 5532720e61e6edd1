"""Maps about versions: what changed from one to another, and where each is complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import shapely

from layers.comparison import KIND_LABELS, KINDS, Change
from layers.maps.base import BaseMap, Bounds, LegendEntry, MapDocument, Shapes, VectorTiles, document
from layers.maps.outline import Feature, Outline, feature_of
from layers.maps.overlays import Overlay, specifications
from layers.maps.village_types import COUNTY_LINE, LINES

CHANGE_COLOURS: Mapping[str, str] = MappingProxyType({"changed": "#b06a12", "recoded": "#2f6690", "added": "#3c7a57", "removed": "#a8332a"})

COVERAGE_COLOURS = ("#2f6690", "#b06a12", "#8a3d6b", "#3c7a57", "#8a7414", "#6a6375")
"""Lines of the coverages, the newest version first; they repeat."""


def comparison_legend(counts: Mapping[str, int]) -> tuple[LegendEntry, ...]:
    """What the colours mean, with how many features each has."""
    return tuple(LegendEntry(kind, KIND_LABELS[kind], CHANGE_COLOURS[kind], counts[kind]) for kind in KINDS)


def comparison_map(
    drawn: Sequence[tuple[Change, Any]], *, epsg: int, outline: Outline | None, overlays: tuple[Overlay, ...], synthetic: bool
) -> MapDocument:
    """Draw changes, each with its shape in EPSG:`epsg`: the later one, or of what went the one it had."""
    features = [_change(place, change, shape, epsg) for place, (change, shape) in enumerate(drawn)]
    base = BaseMap(_bounds(features, outline), label="版本比较图。图上对象在下方表格中列出。", synthetic=synthetic, max_zoom=20)
    VectorTiles(specifications(overlays)).add_to(base)
    _county(base, outline)
    Shapes(features, key="changes", pane="findings", tooltip=["kind", "before", "after"], style={"fillOpacity": 0.55}).add_to(base)
    return document(base)


def coverage_map(coverages: Sequence[tuple[int, str, Feature]], *, outline: Outline | None, synthetic: bool) -> MapDocument:
    """Draw where versions are complete: `(version, title, geometry in CRS84)`, the newest first."""
    features: list[Feature] = []
    for place, (version, title, geometry) in reversed(list(enumerate(coverages))):
        colour = COVERAGE_COLOURS[place % len(COVERAGE_COLOURS)]
        style = {"color": colour, "weight": 2 + 1.5 * (place % 3), "fillColor": colour, "fillOpacity": 0.06}
        features.append({"type": "Feature", "geometry": geometry, "properties": {"version": f"版本 {version}", "title": title, "style": style}})
    base = BaseMap(_bounds(features, outline), label="各版本的完整范围图，范围之外为缺少数据。", synthetic=synthetic, max_zoom=18)
    _county(base, outline)
    Shapes(features, key="coverages", pane="findings", tooltip=["version", "title"]).add_to(base)
    return document(base)


def _county(base: BaseMap, outline: Outline | None) -> None:
    if outline:
        Shapes(outline.towns, key="towns", pane="lines", interactive=False, labels="name", style=LINES).add_to(base)
        Shapes([outline.county], key="county", pane="lines", interactive=False, style=COUNTY_LINE).add_to(base)


def _change(place: int, change: Change, shape: Any, epsg: int) -> Feature:
    colour = CHANGE_COLOURS[change.kind]
    return feature_of(
        shape,
        f"EPSG:{epsg}",
        code=str(place),
        kind=KIND_LABELS[change.kind],
        before=change.identifier_before or "",
        after=change.identifier_after or "",
        style={"color": colour, "fillColor": colour, "weight": 3, "opacity": 0.9},
    )


def _bounds(features: Sequence[Feature], outline: Outline | None) -> Bounds:
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in features]
    if not shapes:
        return outline.bounds if outline else (113.5, 29.2, 114.4, 29.8)
    west, south, east, north = (float(value) for value in shapely.total_bounds(shapes))
    return (west - 0.002, south - 0.002, east + 0.002, north + 0.002)
