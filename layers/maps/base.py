"""The base map: Folium without tile providers, drawn only with what this service serves itself.

A map is rendered into three parts, so that a page can put the script under its own Content-Security-Policy nonce.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import folium
from branca.element import Element, Figure
from folium.template import Template

from layers.maps.escape import escape, escape_json
from layers.maps.packing import pack

STATIC = "/static"
SCRIPTS = (
    ("leaflet", f"{STATIC}/vendor/leaflet/leaflet.js"),
    ("cuntu_map", f"{STATIC}/js/map.js"),
)
STYLES = (
    ("leaflet_css", f"{STATIC}/vendor/leaflet/leaflet.css"),
    ("cuntu_map_css", f"{STATIC}/css/map.css"),
)
SYNTHETIC_NOTE = "示例数据 · 仅供演示"

Bounds = tuple[float, float, float, float]
"""West, south, east, north in degrees (CRS84)."""


@dataclass(frozen=True)
class LegendEntry:
    """One line of a legend. `colour` None means hatched."""

    key: str
    label: str
    colour: str | None
    count: int | None = None


@dataclass(frozen=True)
class MapDocument:
    """One rendered map: links for the page's head, the element to place, and the script that draws it.

    Pages write the legend themselves; a map saved as one file carries it along.
    """

    header: str
    body: str
    script: str
    legend: tuple[LegendEntry, ...] = ()

    def standalone(self, *, title: str, assets: Path, notice: str = "") -> str:
        """Return the map as one HTML file that needs no server; `assets` is the folder served as /static.

        `notice` is what the map says of its approval.
        """
        head = _LINKED.sub(lambda match: _inline(match, assets), self.header)
        script = f"<script>{self.script}</script>"
        return (
            f'<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8">{_policy(head + script)}<title>{escape(title)}</title>{head}</head>'
            f'<body class="standalone" data-map-notice="{escape(notice)}">{self.body}{_legend(title, self.legend)}{script}</body></html>'
        )


class BaseMap(folium.Map):
    """A Folium map that loads local files only and writes neither inline styles nor handlers.

    `reach` is how far beyond its bounds the map can be moved, as a multiple of their size.
    """

    _template = Template(
        """
        {% macro html(this, kwargs) %}
            <div class="cuntu-map" id="{{ this.get_name() }}" role="region" aria-label="{{ this.label }}"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = cuntu.map("{{ this.get_name() }}", {{ this.settings }});
        {% endmacro %}
        """
    )

    def __init__(self, bounds: Bounds, *, label: str, synthetic: bool, max_zoom: int = 18, reach: float = 0.6) -> None:
        super().__init__(tiles=None)
        self.default_js = list(SCRIPTS)
        self.default_css = list(STYLES)
        west, south, east, north = bounds
        attribution = SYNTHETIC_NOTE if synthetic else ""
        corners = [[south, west], [north, east]]
        self.label = escape(label)
        self.settings = escape_json({"bounds": corners, "attribution": attribution, "maxZoom": max_zoom, "reach": reach})


class Shapes(folium.map.Layer):
    """Features inlined as (packed) GeoJSON, drawn as SVG paths, known to the page's scripts by `key`.

    Options: `colours` (value of property `by` to fill), `style` (Leaflet path options), `pane`, `interactive`, `labels`
    (property shown as a permanent label), `labelZoom` (lowest zoom of the labels), `tooltip` (properties shown under the pointer).
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = cuntu.shapes({{ this.data }}, {{ this.settings }});
        {% endmacro %}
        """
    )

    def __init__(self, features: Iterable[dict[str, Any]], *, key: str, **options: Any) -> None:
        super().__init__(name=key, overlay=True, control=False)
        self._name = "Shapes"
        packed = [{**feature, "geometry": pack(feature["geometry"])} for feature in features]
        self.data = escape_json({"type": "FeatureCollection", "features": packed})
        self.settings = escape_json({"key": key, **options})


class VectorTiles(folium.map.Layer):
    """Catalogue layers as vector tiles; the page switches them on and off by their catalogue ids."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            var {{ this.get_name() }} = cuntu.tiles({{ this.settings }});
        {% endmacro %}
        """
    )

    def __init__(self, layers: Sequence[dict[str, Any]]) -> None:
        super().__init__(name="tiles", overlay=True, control=False)
        self._name = "VectorTiles"
        self.settings = escape_json(list(layers))


def document(base: BaseMap, *, legend: tuple[LegendEntry, ...] = ()) -> MapDocument:
    """Render a map into its three parts."""
    figure = base.get_root()
    assert isinstance(figure, Figure)
    for child in figure._children.values():
        child.render()
    del figure.header._children["meta_http"]
    head, body, script = (_render(part) for part in (figure.header, figure.html, figure.script))
    return MapDocument(head, body, script, legend)


def _render(part: Element) -> str:
    return "\n".join(child.render().strip() for child in part._children.values())


def _legend(title: str, entries: tuple[LegendEntry, ...]) -> str:
    """The title and legend of a map that stands alone."""
    box = '<svg width="24" height="16" aria-hidden="true"><rect width="24" height="16" fill="{}"/></svg>'
    lines = (
        f"<li>{box.format(escape(entry.colour or 'url(#cuntu-hatch)'))} {escape(entry.label)}<span>{escape(entry.count)}</span></li>"
        for entry in entries
    )
    return f'<div class="map-legend"><h1>{escape(title)}</h1><ul>{"".join(lines)}</ul></div>'


_LINKED = re.compile(r'<script src="/static/(?P<script>[^"]+)"></script>|<link rel="stylesheet" href="/static/(?P<style>[^"]+)"/>')


def _inline(match: re.Match[str], assets: Path) -> str:
    if match["script"]:
        code = (assets / match["script"]).read_text(encoding="utf-8").replace("</script", "<\\/script")
        return f"<script>{code}</script>"
    return f"<style>{(assets / match['style']).read_text(encoding='utf-8')}</style>"


_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


def _policy(markup: str) -> str:
    """The Content-Security-Policy of a map that stands alone: the very scripts and styles it was written with, and nothing from elsewhere."""
    allowed: dict[str, list[str]] = {"script": [], "style": []}
    for kind, content in _INLINE.findall(markup):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        allowed[kind].append(f"'sha256-{digest}'")
    directives = "; ".join(f"{kind}-src {' '.join(hashes) or chr(39) + 'none' + chr(39)}" for kind, hashes in allowed.items())
    return f'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data: blob:; {directives}; base-uri \'none\'; form-action \'none\'">'
