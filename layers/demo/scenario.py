"""One kind of planted case: what is wrong with the site or the form, and the verdict that follows from the rules for that reason alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CENTRE, SUBURB, RETAIN, LISTED, MOVE, UNCLEAR = "centre", "suburban", "retain", "characteristic", "relocation", "undetermined"

AT_HOME = {"build_kind": "rebuild_in_place", "storeys": 1, "height_m": 3.2, "eaves_height_m": 3.0}
HOME_VILLAGES = (LISTED, RETAIN, SUBURB, CENTRE)
"""A house of one storey rebuilt in place: the guide allows it in the villages of these classes."""

SIDES = ("side_east", "side_south", "side_west", "side_north")
"""The four sides (四至) of the form."""


@dataclass(frozen=True)
class Draft:
    """What a draft of the village plan would change for a case: its planned use or control zone, and the verdict that follows."""

    verdict: str
    findings: tuple[str, ...] = ()
    planned: str | None = None
    zone: str | None = None


@dataclass(frozen=True)
class Scenario:
    """One kind of case on a clear block.

    `overlap_m` is how far the restricting feature `layer` (with `attributes`) reaches into the site from one side, `distance_m`
    how far the site keeps from it instead (a case that fails for another reason says `far` where that is enough). `ground` is the survey class of the block, `part` that of a strip of it reaching
    `overlap_m` into the site. `size` is the site along and away from the road, metres. `idle` says whether the village must (True)
    or must not (False) have idle plots. `dense` makes its land part of a town. Cases of one `household` name it alike; one that is `beside_m` metres into the site of the
    case before it stands on the same block. `draft` is what plan B changes. Of `intents`, the first that has a block left is taken.
    """

    name: str
    verdict: str
    reason: str
    findings: tuple[str, ...] = ()
    stated: Mapping[str, Any] = field(default_factory=dict)
    intents: tuple[str, ...] = (CENTRE,)
    approved: bool | None = True
    road: str = "village"
    size: tuple[float, float] = (14.0, 10.0)
    ground: str = "1201"
    part: str | None = None
    farmland: bool = False
    planned: str = "070301"
    zone: str = "concentrated"
    bounded: bool = True
    dense: bool = False
    layer: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    overlap_m: float = 0.0
    distance_m: float | None = None
    far: bool = False
    idle: bool | None = None
    household: str | None = None
    beside_m: float | None = None
    draft: Draft | None = None

    @property
    def near(self) -> bool:
        """Whether the distance is meant to fall short: the case fails for it."""
        return bool(self.findings) and not self.far

    @property
    def takes_farmland(self) -> bool:
        """Whether the site takes farmland of any kind."""
        return self.part is not None
