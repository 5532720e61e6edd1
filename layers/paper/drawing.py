"""The plan as a drawing: shapes as SVG, texts apart, so that no text of the data is ever part of the drawing's markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from layers.catalog import catalog
from layers.maps.check import TONES
from layers.paper.surroundings import HEIGHT_MM, WIDTH_MM

Shapes = Sequence[Mapping[str, Any]]
Text = dict[str, Any]

SITE_LINE, SITE_FILL = "#17324d", "#ffffff"
PLAIN = "#8b8f8c"
"""Line of a layer that is otherwise filled by class."""
SAME_PLACE_MM = 6.0
MOST_CORNERS = 24


def drawing(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Draw a plan as made by `layers.paper.surroundings`: SVG, texts with their places in mm, legend, scale bar, corners of the site."""
    paper = _Paper(plan["view"], plan["scale"])
    parts = [part for layer in plan["layers"] for part in _layer(paper, layer)]
    parts += paper.shapes(plan["site"], line=SITE_LINE, width=0.75, fill=SITE_FILL, opacity=0.35)
    for hit in plan["hits"]:
        tone = TONES[hit["group"]]
        if "distance" not in hit:
            parts += paper.shapes(hit["shapes"], line=tone, width=0.5, fill=tone, opacity=0.3)
        else:
            parts += paper.shapes([{"kind": "line", "rings": [hit["distance"]["line"]]}], line=tone, width=0.4, dash="1.4 0.9")
    parts += paper.shapes(plan["site"], line=SITE_LINE, width=0.75)
    return {
        "svg": _svg(parts),
        "width": WIDTH_MM,
        "height": HEIGHT_MM,
        "scale": plan["scale"],
        "bar_m": plan["scale"] // 25,
        "badges": _badges(paper, plan["hits"]),
        "distances": [_distance(paper, hit) for hit in plan["hits"] if "distance" in hit],
        "ticks": _ticks(plan["view"]),
        "corners": _corners(plan["site"]),
        "legend": [{"title": layer["title"], **_swatch(layer["layer"])} for layer in reversed(plan["layers"])],
    }


class _Paper:
    """Turns metres into millimetres from the frame's upper left corner."""

    def __init__(self, view: Sequence[float], scale: int) -> None:
        self.west, self.north = view[0], view[3]
        self.mm = 1_000 / scale

    def at(self, point: Sequence[float]) -> tuple[float, float]:
        return round((point[0] - self.west) * self.mm, 3), round((self.north - point[1]) * self.mm, 3)

    def shapes(self, shapes: Shapes, *, line: str, width: float, fill: str | None = None, opacity: float = 1.0, dash: str | None = None) -> list[str]:
        return [self._shape(shape, line, width, fill, opacity, dash) for shape in shapes]

    def _shape(self, shape: Mapping[str, Any], line: str, width: float, fill: str | None, opacity: float, dash: str | None) -> str:
        stroke = f'stroke="{line}" stroke-width="{width}" stroke-linejoin="round"' + (f' stroke-dasharray="{dash}"' if dash else "")
        if shape["kind"] == "point":
            x, y = self.at(shape["rings"][0][0])
            return f'<circle cx="{x}" cy="{y}" r="0.9" fill="{line}" stroke="#ffffff" stroke-width="0.25"/>'
        filled = shape["kind"] == "polygon" and fill is not None
        body = f'fill="{fill}" fill-opacity="{opacity}" fill-rule="evenodd"' if filled else 'fill="none"'
        closed = " Z" if shape["kind"] == "polygon" else ""
        path = " ".join("M" + " L".join(f"{x:g} {y:g}" for x, y in map(self.at, ring)) + closed for ring in shape["rings"])
        return f'<path d="{path}" {body} {stroke}/>'


def _svg(parts: Sequence[str]) -> str:
    frame = f'width="{WIDTH_MM}mm" height="{HEIGHT_MM}mm" viewBox="0 0 {WIDTH_MM} {HEIGHT_MM}"'
    inside = f'<clipPath id="frame"><rect width="{WIDTH_MM}" height="{HEIGHT_MM}"/></clipPath>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>{inside}<g clip-path="url(#frame)">{"".join(parts)}</g></svg>'


def _layer(paper: _Paper, layer: Mapping[str, Any]) -> list[str]:
    swatch = _swatch(layer["layer"])
    return paper.shapes(layer["shapes"], line=swatch["line"], width=0.22, fill=swatch["fill"], opacity=0.35, dash="1.2 0.8" if swatch["dashed"] else None)


def _swatch(name: str) -> dict[str, Any]:
    """Line and fill of a layer after its style in the catalogue; what is filled by class is drawn as quiet lines."""
    style = catalog()[name].style
    by_class = style.get("fill") == "by_class" and name == "land_use"
    fill = style.get("fill") if style.get("fill") != "by_class" else None
    return {"line": PLAIN if by_class else style.get("line", PLAIN), "fill": fill, "dashed": bool(style.get("dash"))}


def _badges(paper: _Paper, hits: Sequence[Mapping[str, Any]]) -> list[Text]:
    """The numbers of the hits; those of one place share a badge."""
    badges: list[Text] = []
    for hit in hits:
        x, y = paper.at(hit["at"])
        near = next((badge for badge in badges if (badge["x"] - x) ** 2 + (badge["y"] - y) ** 2 < SAME_PLACE_MM**2), None)
        if near is not None:
            near["text"] += f"·{hit['number']}"
        else:
            badges.append({"x": x, "y": y, "text": str(hit["number"]), "tone": TONES[hit["group"]]})
    return badges


def _distance(paper: _Paper, hit: Mapping[str, Any]) -> Text:
    (x, y), (u, v) = map(paper.at, hit["distance"]["line"])
    return {"x": (x + u) / 2, "y": (y + v) / 2, "text": hit["distance"]["text"], "tone": TONES[hit["group"]]}


def _ticks(view: Sequence[float]) -> dict[str, str]:
    """East and north of the frame's corners, as they stand on the margin of a map."""
    return {"west": f"{view[0]:.0f}", "east": f"{view[2]:.0f}", "south": f"{view[1]:.0f}", "north": f"{view[3]:.0f}"}


def _corners(site: Shapes) -> list[list[str]]:
    """The corners of the site: number, north (X) and east (Y) in metres, as in a table of boundary points (界址点)."""
    rings = [ring[:-1] for shape in site for ring in shape["rings"]]
    points = [point for ring in rings for point in ring]
    return [[f"J{number}", f"{north:.3f}", f"{east:.3f}"] for number, (east, north) in enumerate(points[:MOST_CORNERS], start=1)]
