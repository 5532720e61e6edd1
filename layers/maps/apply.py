"""The map on which an applicant's site is drawn: the county with its control lines, near enough to see a corner."""

from __future__ import annotations

from typing import Any

from layers.maps.base import BaseMap, MapDocument, Shapes, VectorTiles, document
from layers.maps.outline import Outline
from layers.maps.overlays import Overlay, specifications
from layers.maps.village_types import COUNTY_LINE, LINES

MAX_ZOOM = 22
"""At which a house plot fills a phone's screen."""


def apply_map(outline: Outline, *, overlays: tuple[Overlay, ...] = (), synthetic: bool) -> MapDocument:
    """Draw the county with the layers a check looks at; the page's own scripts draw the site on it."""
    base = BaseMap(outline.bounds, label="画宗地的地图。界址点也可以在“图形”一栏逐点填写。", synthetic=synthetic, max_zoom=MAX_ZOOM)
    VectorTiles(specifications(overlays)).add_to(base)
    Shapes(outline.towns, key="towns", pane="lines", interactive=False, labels="name", style=LINES).add_to(base)
    Shapes([outline.county], key="county", pane="lines", interactive=False, style=COUNTY_LINE).add_to(base)
    return document(base)


def places(outline: Outline) -> list[dict[str, Any]]:
    """The villages to go to: code, name, town and a point inside as [longitude, latitude]."""
    return [{name: feature["properties"][name] for name in ("code", "name", "town", "at")} for feature in outline.villages]
