"""CRS of a national grid by datum, zone width and zone number, as texts state it: EPSG codes as shipped with pyproj."""

from __future__ import annotations

_FIRST = {
    # datum: {zone width: (first zone, zones, EPSG code of the first with its number before the eastings, without)}
    "CGCS2000": {3: (25, 21, 4513, 4534), 6: (13, 11, 4491, 4502)},
    "Xian 1980": {3: (25, 21, 2349, 2370), 6: (13, 11, 2327, 2338)},
    "Beijing 1954": {3: (25, 21, 2401, 2422), 6: (13, 11, 21413, 21453)},
}
_DATUMS = {"2000": "CGCS2000", "80": "Xian 1980", "54": "Beijing 1954"}


def datum_of(name: str) -> str | None:
    """Tell the datum from how it is written: 2000国家大地坐标系, CGCS2000, 西安80, 80国家大地坐标系, 北京54…"""
    return next((datum for mark, datum in _DATUMS.items() if mark in name), None)


def zone_epsg(datum: str, *, degrees: int, zone: int, prefix: bool) -> int | None:
    """Return the EPSG code of a zone, with or without its number before the eastings; None where there is no such zone."""
    first, count, numbered, plain = _FIRST[datum].get(degrees, (0, 0, 0, 0))
    return (numbered if prefix else plain) + zone - first if 0 <= zone - first < count else None
