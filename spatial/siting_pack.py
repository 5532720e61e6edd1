"""The pack `siting`: which severities take land away, what counts as an existing plot, and how places are ranked. Data, no law."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from spatial.rules.model import Severity, Where
from spatial.rules.pack import PACKS
from spatial.rules.parameters import Citation, Strict
from spatial.rules.yamlfile import read

PlaceKind = Literal["own_plot", "idle_plot", "along_road", "beside_house", "open_land"]


class Occupied(Strict):
    """A layer on whose features no house is placed."""

    layer: str
    title: str


class Plots(Strict):
    """Existing plots: the layer, the field and values that say which are idle, and the kind of building applied for on one."""

    layer: str
    field: str
    idle: tuple[str, ...]
    build_kind: str


class HouseShape(Strict):
    """What a plot looks like of which only the area is known."""

    depth_per_width: float = Field(gt=0)


class Placing(Strict):
    """How places are tried out: at most so many, on a grid, along roads, beside houses; `gap_m` keeps them off the edges of the land."""

    most_places: int = Field(gt=0)
    grid_m: float = Field(gt=0)
    road_layer: str
    road_reach_m: float
    house_layer: str
    house_reach_m: float
    gap_m: float = Field(ge=0)
    most_rejected: int = Field(ge=0)


class Kind(Strict):
    """A kind of place: those of a lower `order` come first whatever else they are; among equals it counts from 0 to 1."""

    order: int
    title: str
    points: float = Field(ge=0, le=1)
    clerk: str
    plain: str


class Criterion(Strict):
    """Something measured on a place: full points at `best`, none at `worst`, in proportion between; none where it is not known."""

    id: str
    title: str
    measure: Literal["distance", "overlap_share"]
    layer: str
    where: tuple[Where, ...] = ()
    code_system: str | None = None
    best: float
    worst: float
    weight: float = Field(ge=0)
    clerk: str
    plain: str
    unknown: str

    @model_validator(mode="after")
    def _ends_differ(self) -> Criterion:
        if self.best == self.worst:
            raise ValueError("best 和 worst 应不同")
        return self


class SitingPack(Strict):
    """The whole file."""

    id: str
    version: str = Field(pattern=r"^\d{4}\.\d{2}\.\d+$")
    title: str
    citation: Citation
    blocking: tuple[Severity, ...] = Field(min_length=1)
    approval: tuple[Severity, ...]
    caution: tuple[Severity, ...]
    occupied: tuple[Occupied, ...]
    plots: Plots
    house: HouseShape
    placing: Placing
    kinds: dict[PlaceKind, Kind]
    kind_weight: float = Field(ge=0)
    criteria: tuple[Criterion, ...]


@lru_cache(maxsize=4)
def load_siting(folder: Path = PACKS) -> SitingPack:
    """Read and check the pack; raise PackError naming file and line."""
    return read(folder / "siting" / "siting.yaml", SitingPack)
