"""The Gauss-Krüger zones of CGCS2000: 3 and 6 degrees wide, with and without the zone number before the easting.

EPSG codes: 6 degrees 4491–4501 with number, 4502–4512 without; 3 degrees 4513–4533 with, 4534–4554 without (EPSG data base in PROJ).
"""

from __future__ import annotations

from dataclasses import dataclass

_FIRST = {6: 13, 3: 25}
_LAST = {6: 23, 3: 45}
_CODES = {(6, True): 4491, (6, False): 4502, (3, True): 4513, (3, False): 4534}

FALSE_EASTING_M = 500_000.0
NUMBER_M = 1_000_000.0
"""The zone number stands before the easting: it adds so many metres times itself."""


@dataclass(frozen=True)
class Zone:
    """A zone of `width` 3 or 6 degrees; `prefix` tells whether its eastings begin with the zone number."""

    width: int
    number: int
    prefix: bool

    @property
    def epsg(self) -> int:
        """The EPSG code."""
        return _CODES[self.width, self.prefix] + self.number - _FIRST[self.width]

    @property
    def meridian(self) -> int:
        """The central meridian in degrees east."""
        return 3 * self.number if self.width == 3 else 6 * self.number - 3

    @property
    def false_easting_m(self) -> float:
        """The easting of the central meridian."""
        return FALSE_EASTING_M + (self.number * NUMBER_M if self.prefix else 0.0)

    @property
    def label(self) -> str:
        """How the zone is called in a sentence."""
        kind = "坐标带带号" if self.prefix else "坐标不带带号"
        return f"2000 国家大地坐标系 {self.width} 度带 {self.number} 带（中央经线 {self.meridian}°，{kind}，EPSG:{self.epsg}）"

    def with_prefix(self, prefix: bool) -> Zone:
        """The same zone with or without its number in the eastings."""
        return Zone(self.width, self.number, prefix)


def all_zones(*, prefix: bool) -> tuple[Zone, ...]:
    """Every zone, those of 3 degrees first."""
    return tuple(Zone(width, number, prefix) for width in (3, 6) for number in range(_FIRST[width], _LAST[width] + 1))


def zone_of_epsg(epsg: int) -> Zone | None:
    """Return the zone an EPSG code stands for, or None where it is no CGCS2000 zone."""
    for (width, prefix), first in _CODES.items():
        number = epsg - first + _FIRST[width]
        if _FIRST[width] <= number <= _LAST[width] and epsg >= first:
            return Zone(width, number, prefix)
    return None


def zone_of_number(number: int) -> Zone | None:
    """Return the zone whose eastings begin with a number: 13–23 are 6-degree zones, 25–45 are 3-degree zones."""
    return next((Zone(width, number, True) for width in (3, 6) if _FIRST[width] <= number <= _LAST[width]), None)


def zone_of_projection(meridian: float, false_easting_m: float) -> Zone | None:
    """Return the zone of a central meridian in degrees and a false easting, or None where there is no such zone."""
    for prefix in (True, False):
        for zone in all_zones(prefix=prefix):
            if abs(zone.meridian - meridian) < 1e-9 and abs(zone.false_easting_m - false_easting_m) < 1e-6:
                return zone
    return None
