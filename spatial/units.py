"""Traditional units at the edge of the system; inside, areas are in m²."""

from __future__ import annotations

from typing import Final

M2_PER_MU: Final = 2000 / 3
"""One 亩 is one fifteenth of a hectare: 2000/3 m², not the rounded 666.67."""

M2_PER_HECTARE: Final = 10_000.0


def mu_to_m2(area_mu: float) -> float:
    """Convert 亩 to m²."""
    return area_mu * 2000 / 3


def m2_to_mu(area_m2: float) -> float:
    """Convert m² to 亩."""
    return area_m2 * 3 / 2000


def m2_to_hectare(area_m2: float) -> float:
    """Convert m² to 公顷 (hectare)."""
    return area_m2 / M2_PER_HECTARE
