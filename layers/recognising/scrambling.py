"""How far the web maps' scrambled coordinates (GCJ-02, BD-09) lie from the true ones: for recognising them only.

The formulas are publicly known and reproduce the maps' coordinates to about a metre. They change from place to place, so scrambled data
cannot be moved back by a constant; and they are no datum, so nothing here is used to convert data.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

System = Literal["gcj02", "bd09"]
SYSTEMS: tuple[System, ...] = ("gcj02", "bd09")
TITLES = {"gcj02": "GCJ-02（高德、腾讯等网络地图）", "bd09": "BD-09（百度地图）"}

_AXIS_M = 6_378_245.0
_ECCENTRICITY_2 = 0.006_693_421_622_965_943
_CENTRE = (105.0, 35.0)
_BAIDU = np.pi * 3000 / 180


def scrambled(points: NDArray[np.float64], system: System) -> NDArray[np.float64]:
    """Return n × 2 true longitudes and latitudes in degrees as a web map has them."""
    moved = points + _offsets(points)
    return moved if system == "gcj02" else _baidu(moved)


def unscrambled(points: NDArray[np.float64], system: System) -> NDArray[np.float64]:
    """Return the true places of n × 2 scrambled longitudes and latitudes in degrees; the formula is turned round by approaching it."""
    true = points
    for _ in range(4):
        true = true - (scrambled(true, system) - points)
    return true


def _offsets(points: NDArray[np.float64]) -> NDArray[np.float64]:
    east, north = points[:, 0] - _CENTRE[0], points[:, 1] - _CENTRE[1]
    root, product = np.sqrt(np.abs(east)), 0.1 * east * north
    common = (20 * np.sin(6 * np.pi * east) + 20 * np.sin(2 * np.pi * east)) * 2 / 3
    north_m = -100 + 2 * east + 3 * north + 0.2 * north**2 + product + 0.2 * root + common
    north_m = north_m + _waves(north, (20, 1), (40, 3), (160, 12), (320, 30))
    east_m = 300 + east + 2 * north + 0.1 * east**2 + product + 0.1 * root + common
    east_m = east_m + _waves(east, (20, 1), (40, 3), (150, 12), (300, 30))
    latitude = np.radians(points[:, 1])
    curve = 1 - _ECCENTRICITY_2 * np.sin(latitude) ** 2
    per_east = _AXIS_M / np.sqrt(curve) * np.cos(latitude)
    per_north = _AXIS_M * (1 - _ECCENTRICITY_2) / curve**1.5
    result: NDArray[np.float64] = np.degrees(np.column_stack([east_m / per_east, north_m / per_north]))
    return result


def _waves(values: NDArray[np.float64], *waves: tuple[float, float]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = np.zeros_like(values)
    for height, length in waves:
        result += height * np.sin(np.pi * values / length) * 2 / 3
    return result


def _baidu(points: NDArray[np.float64]) -> NDArray[np.float64]:
    east, north = points[:, 0], points[:, 1]
    radius = np.hypot(east, north) + 0.00002 * np.sin(north * _BAIDU)
    angle = np.arctan2(north, east) + 0.000003 * np.cos(east * _BAIDU)
    return np.column_stack([radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006])
