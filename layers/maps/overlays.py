"""Catalogue layers as vector-tile overlays: what the browser needs to fetch and draw one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layers.catalog import CatalogLayer
from layers.maps import palette
from layers.maps.base import LegendEntry

MAX_DATA_ZOOM = 16
"""The highest zoom for which tiles are made; nearer views enlarge them."""

DRAWN_FROM_BELOW = (
    "slope",
    "land_use",
    "planned_use",
    "control_zone",
    "new_village_area",
    "settlement",
    "forest",
    "basic_farmland",
    "ecological_redline",
    "urban_boundary",
    "hazard",
    "geological_risk",
    "flood_storage",
    "flood_risk",
    "nature_reserve",
    "scenic_area",
    "wetland",
    "water_source",
    "traditional_village",
    "historic_village",
    "heritage",
    "reservoir",
    "river",
    "dyke",
    "railway",
    "road",
    "enforcement",
    "parcel",
    "building",
    "old_tree",
    "village_boundary",
    "cable",
    "pipeline",
    "power_line",
    "village",
    "town",
    "county",
)
"""Which layer lies over which, however they are switched."""

_BY_CLASS = {
    "land_use": ("DLBM", palette.LAND_CLASSES),
    "planned_use": ("GHDLBM", palette.PLAN_CLASSES),
    "slope": ("PDJB", palette.SLOPES),
    **{layer: ("zone", colours) for layer, colours in palette.ZONES.items()},
}
_NAMES = {"land_use": palette.LAND_NAMES, "planned_use": palette.PLAN_NAMES}
_OPACITY = {"base": 0.85, "survey": 0.8, "plan": 0.6, "control": 0.55, "hazard": 0.55, "cadastre": 0.9}


@dataclass(frozen=True, kw_only=True)
class Overlay:
    """One catalogue layer on a map. `version_id` None means that the layer is not loaded: shown as such, never drawn.

    `display_only` data lie beside their true place: a page that offers them says so.
    """

    layer: CatalogLayer
    version_id: int | None
    on: bool = False
    display_only: bool = False

    @property
    def loaded(self) -> bool:
        """Whether there is anything to draw."""
        return self.version_id is not None

    @property
    def short_title(self) -> str:
        """The layer's title without what stands in brackets."""
        return self.layer.title.partition("（")[0]

    @property
    def classes(self) -> tuple[LegendEntry, ...]:
        """What the colours mean of a layer that is filled by class; empty for the others."""
        by, colours = _BY_CLASS.get(self.layer.id, (None, {}))
        codes = self.layer.fields[by].codes if by else None
        names = list(codes.values()) if codes else _NAMES.get(self.layer.id, [])
        keys = list(codes) if codes else list(colours)
        return tuple(LegendEntry(key, name, colours[key]) for key, name in zip(keys, names, strict=True))

    def specification(self) -> dict[str, Any]:
        """What `cuntu.tiles` takes: address, zoom range and drawing."""
        style = self.layer.style
        by, colours = _BY_CLASS.get(self.layer.id, (None, {}))
        fill = style.get("fill")
        return {
            "id": self.layer.id,
            "url": f"/tiles/{self.layer.id}/{{z}}/{{x}}/{{y}}.mvt?v={self.version_id}",
            "min_zoom": self.layer.min_zoom,
            "max_data_zoom": MAX_DATA_ZOOM,
            "line": style.get("line", "#777777"),
            "width": style.get("width", 1.0),
            "dash": [float(part) for part in str(style["dash"]).split()] if style.get("dash") else None,
            "fill": None if fill == "by_class" else fill,
            "opacity": _OPACITY.get(self.layer.role, 0.7),
            "by": by,
            "colours": dict(colours),
            "on": self.on,
            "order": DRAWN_FROM_BELOW.index(self.layer.id),
        }


def specifications(overlays: tuple[Overlay, ...]) -> list[dict[str, Any]]:
    """The overlays that can be drawn, for `VectorTiles`."""
    return [overlay.specification() for overlay in overlays if overlay.loaded]
