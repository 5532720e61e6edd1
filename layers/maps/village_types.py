"""The map of village types: every village filled by its planning type, named, selectable."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from layers.maps import palette
from layers.maps.base import BaseMap, LegendEntry, MapDocument, Shapes, VectorTiles, document
from layers.maps.outline import Outline
from layers.maps.overlays import Overlay, specifications
from spatial.village_types import LABELS

LABELS_FROM_ZOOM = 12
LINES = {"weight": 1.7, "color": "#4e5a57", "fill": False, "pane": "lines"}
COUNTY_LINE = {**LINES, "weight": 2.6, "color": "#2f3a38"}


def legend(types: Mapping[str, str]) -> tuple[LegendEntry, ...]:
    """Count villages by type, every known type listed, in palette order; `types` maps village code to type slug."""
    counts = Counter(types.values())
    order = [*palette.VILLAGE_TYPES, *(slug for slug in LABELS if slug not in palette.VILLAGE_TYPES)]
    return tuple(LegendEntry(slug, LABELS[slug], palette.VILLAGE_TYPES.get(slug), counts[slug]) for slug in order)


def village_types_map(
    outline: Outline, types: Mapping[str, str], *, overlays: tuple[Overlay, ...] = (), synthetic: bool
) -> MapDocument:
    """Draw villages by type. A village without a type is hatched."""
    base = county_map(outline, label="村庄分类图。地图内容在下方表格中列出。", overlays=overlays, synthetic=synthetic)
    villages = outline.with_properties({code: {"type": slug} for code, slug in types.items()})
    Shapes(
        villages,
        key="villages",
        by="type",
        colours=dict(palette.VILLAGE_TYPES),
        style={"weight": 0.8, "color": "#ffffff", "fillOpacity": 0.9},
        labels="name",
        labelZoom=LABELS_FROM_ZOOM,
        tooltip=["name", "town"],
    ).add_to(base)
    return document(base, legend=legend(types))


def county_map(outline: Outline, *, label: str, overlays: tuple[Overlay, ...] = (), synthetic: bool) -> BaseMap:
    """A base map with town and county lines over which a page's own shapes are drawn."""
    base = BaseMap(outline.bounds, label=label, synthetic=synthetic)
    VectorTiles(specifications(overlays)).add_to(base)
    Shapes(outline.towns, key="towns", pane="lines", interactive=False, labels="name", style=LINES).add_to(base)
    Shapes([outline.county], key="county", pane="lines", interactive=False, style=COUNTY_LINE).add_to(base)
    return base
