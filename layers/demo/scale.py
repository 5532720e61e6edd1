"""How large and how fine a demo county is built."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """Towns to build (None: all), share of the county's area, and spacings in metres."""

    name: str
    towns: tuple[str, ...] | None
    area_share: float
    grid_m: float
    forest_m: float
    field_m: float
    settlements: int
    springs: int
    cases: int


FULL = Scale(
    name="full", towns=None, area_share=1.0, grid_m=150.0, forest_m=140.0, field_m=91.0, settlements=2500, springs=150, cases=300
)
SMALL = Scale(
    name="small",
    towns=("421223100", "421223201"),
    area_share=0.056,
    grid_m=150.0,
    forest_m=170.0,
    field_m=100.0,
    settlements=150,
    springs=10,
    cases=60,
)
SCALES = {scale.name: scale for scale in (FULL, SMALL)}
