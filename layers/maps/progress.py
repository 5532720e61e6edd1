"""The map of rectification progress: villages whose fill the page sets for the chosen indicator and month."""

from __future__ import annotations

from layers.maps.base import MapDocument, Shapes, document
from layers.maps.outline import Outline
from layers.maps.village_types import LABELS_FROM_ZOOM, county_map


def progress_map(outline: Outline, *, synthetic: bool) -> MapDocument:
    """Draw all villages hatched (未报) until the page's script has their values: no value is ever shown as zero."""
    base = county_map(outline, label="整治进度图。地图内容在下方表格中列出。", synthetic=synthetic)
    Shapes(
        outline.villages,
        key="villages",
        by="rate",
        colours={},
        style={"weight": 0.8, "color": "#ffffff", "fillOpacity": 0.95},
        labels="name",
        labelZoom=LABELS_FROM_ZOOM,
    ).add_to(base)
    return document(base)
