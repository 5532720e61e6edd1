"""What the numbers of a data set look like: degrees, eastings with or without zone number, Web Mercator; and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.recognising.zones import NUMBER_M, Zone, zone_of_number

Shape = Literal["degrees", "numbered", "plain", "mercator", "unknown"]

_SAMPLE_FEATURES = 2_000
_SAMPLE_POINTS = 20_000
_MOST = 0.9
"""So large a share of the points must look alike: a few wild ones are for the acceptance check to find."""

_LONGITUDES = (72.0, 138.0)
_LATITUDES = (3.0, 54.5)
_EASTINGS = (100_000.0, 900_000.0)
"""Eastings without number: 400 km to both sides of the central meridian hold every 6-degree zone."""
_NORTHINGS = (330_000.0, 6_050_000.0)
_MERCATOR_X = (8_000_000.0, 15_400_000.0)
_MERCATOR_Y = (330_000.0, 7_300_000.0)


@dataclass(frozen=True)
class Look:
    """How the coordinates look: `swapped` where the first ordinate is the northing, None where both orders are possible.

    `numbers` are the zone numbers of the eastings, the most frequent first; more than one where data of several zones are mixed.
    """

    shape: Shape
    swapped: bool | None = False
    numbers: tuple[int, ...] = ()

    @property
    def zone(self) -> Zone | None:
        """The zone the eastings name."""
        return zone_of_number(self.numbers[0]) if len(self.numbers) == 1 else None


def sample(geometries: Any) -> NDArray[np.float64]:
    """Return n × 2 ordinates as they stand in the file, of features and vertices spread over the data set, without infinite ones."""
    known = np.asarray(geometries, dtype=object)
    known = known[~(shapely.is_missing(known) | shapely.is_empty(known))]
    step = max(1, len(known) // _SAMPLE_FEATURES)
    points: NDArray[np.float64] = shapely.get_coordinates(known[::step])
    points = points[:: max(1, len(points) // _SAMPLE_POINTS)]
    return points[np.isfinite(points).all(axis=1)]


def looks(points: NDArray[np.float64]) -> tuple[Look, ...]:
    """Return every way the points can be meant, the likelier first; none where there are no points or no way fits most of them."""
    if not len(points):
        return ()
    both = [_one_way(points, swapped=False), _one_way(points[:, ::-1], swapped=True)]
    found = [look for ways in both for look in ways]
    if {look.swapped for look in found if look.shape == "plain"} == {True, False}:
        # Both ordinates are small: only south of 9° north, where eastings and northings are of one size.
        found = [Look("plain", None), *[look for look in found if look.shape != "plain"]]
    order = ("degrees", "numbered", "plain", "mercator")
    return tuple(sorted(found, key=lambda look: order.index(look.shape)))


def _one_way(points: NDArray[np.float64], *, swapped: bool) -> list[Look]:
    east, north = points[:, 0], points[:, 1]
    found = []
    if _mostly(_within(east, _LONGITUDES) & _within(north, _LATITUDES)):
        found.append(Look("degrees", swapped))
    numbers = np.floor(east / NUMBER_M)
    numbered = (east >= 1e7) & _within(east - numbers * NUMBER_M, _EASTINGS) & _within(north, _NORTHINGS)
    present = _frequent(numbers[numbered])
    if _mostly(numbered) and present and all(zone_of_number(number) for number in present):
        found.append(Look("numbered", swapped, present))
    if _mostly(_within(east, _EASTINGS) & _within(north, _NORTHINGS)):
        found.append(Look("plain", swapped))
    if _mostly(_within(east, _MERCATOR_X) & _within(north, _MERCATOR_Y)):
        found.append(Look("mercator", swapped))
    return found


def _within(values: NDArray[np.float64], limits: tuple[float, float]) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = (values >= limits[0]) & (values <= limits[1])
    return result


def _mostly(fits: NDArray[np.bool_]) -> bool:
    return bool(fits.mean() >= _MOST)


def _frequent(numbers: NDArray[np.float64]) -> tuple[int, ...]:
    """The zone numbers of at least one in a hundred points, the most frequent first."""
    values, counts = np.unique(numbers, return_counts=True)
    order = np.argsort(-counts)
    return tuple(int(values[place]) for place in order if counts[place] >= 0.01 * len(numbers))
