"""What a file says about a site before it is believed: rings of numbers, each with its place in the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely

MAX_SITES = 50
MAX_POINTS = 5_000
"""The most corners of one site, as in an application."""
MAX_POINTS_ALL = 20_000
"""The most corners of all sites of one file."""
MAX_PROBLEMS = 40
"""So many problems are named at most; the rest is counted."""


@dataclass(frozen=True)
class OutlineRing:
    """A ring as written: (east, north) or (longitude, latitude), without the repeated first point; each point with its place in the file."""

    points: tuple[tuple[float, float], ...]
    places: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SiteOutline:
    """One site as written. Each part is an outer ring and its holes; `epsg` None: the file does not say.

    """

    name: str
    place: str
    parts: tuple[tuple[OutlineRing, ...], ...]
    epsg: int | None = None
    area_m2: float | None = None

    @property
    def rings(self) -> tuple[OutlineRing, ...]:
        """The rings of all parts."""
        return tuple(ring for part in self.parts for ring in part)

    @property
    def shape(self) -> Any:
        """The outline as a polygon or multi-polygon, valid or not; every ring must have three corners."""
        parts = [shapely.Polygon(part[0].points, [hole.points for hole in part[1:]]) for part in self.parts]
        return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


@dataclass(frozen=True, kw_only=True)
class FileOutlines:
    """The sites of one file. `kind` is `txt`, `list`, `geojson` or `dxf`; `notes` say what was read differently from how it stands."""

    kind: str
    sites: tuple[SiteOutline, ...]
    notes: tuple[str, ...] = ()
    encoding: str | None = None


def ring_of(points: Sequence[tuple[float, float]], places: Sequence[str]) -> OutlineRing:
    """Make a ring; where the first point is repeated at the end, that repetition is left out."""
    closed = len(points) > 1 and points[0] == points[-1]
    end = len(points) - 1 if closed else len(points)
    return OutlineRing(tuple(points[:end]), tuple(places[:end]))


def capped(problems: list[str]) -> list[str]:
    """Shorten a long list of problems; the last line counts those left out."""
    left = len(problems) - MAX_PROBLEMS
    return problems if left <= 0 else [*problems[:MAX_PROBLEMS], f"还有 {left} 处问题没有列出"]
