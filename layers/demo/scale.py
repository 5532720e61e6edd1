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
    blocks: int
    blocks_in_village: int
    urban_margin_m: float


FULL = Scale(
    name="full",
    towns=None,
    area_share=1.0,
    grid_m=150.0,
    forest_m=158.0,
    field_m=98.0,
    settlements=2500,
    springs=150,
    cases=300,
    blocks=840,
    blocks_in_village=9,
    urban_margin_m=900.0,
)
SMALL = Scale(
    name="small",
    towns=("421223100", "421223201"),
    area_share=0.07,
    grid_m=150.0,
    forest_m=210.0,
    field_m=120.0,
    settlements=165,
    springs=10,
    cases=67,
    blocks=340,
    blocks_in_village=36,
    urban_margin_m=120.0,
)
SCALES = {scale.name: scale for scale in (FULL, SMALL)}
