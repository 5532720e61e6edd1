"""How far around a subject the features of each layer can matter to a pack: what pruning must read, and where nothing need be asked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from spatial.rules.model import FactSpec

if TYPE_CHECKING:
    from spatial.rules.pack import Pack

ROOM_M = 1.0
"""Added to every distance, against the last digits."""

SIDE_LAYERS = ("parcel", "road", "river")
"""Layers in which the neighbours on the four sides are looked for."""

WHOLE = frozenset({"village_overlap"})
"""Measures that look at a layer far beyond the subject."""


def reach(pack: Pack) -> dict[str, float]:
    """Return for each layer of a pack the metres around a subject within which its features can matter, on whatever day."""
    found = dict.fromkeys(pack.layers, ROOM_M)
    for spec in pack.main.facts.values():
        names = SIDE_LAYERS if spec.measure == "four_sides" else (spec.layer,)
        for name in names:
            if name in found:
                found[name] = max(found[name], _reach(pack, spec) + ROOM_M)
    return found


def _reach(pack: Pack, spec: FactSpec) -> float:
    """The largest distance a fact may ask for: required distance, zone before it and half width together, or radius and half width."""
    if spec.measure in WHOLE:
        return math.inf
    required, zone, half, radius = (
        _largest(pack, name) if name else 0.0 for name in (spec.parameter, spec.zone, spec.half_width, spec.radius_m)
    )
    return max(required + zone, radius) + half


def _largest(pack: Pack, name: str) -> float:
    rows = [row.value for code in pack.chain if code in pack.files and name in pack.files[code].parameters
            for row in pack.files[code].parameters[name].rows]  # fmt: skip
    return max((float(value) for value in rows if isinstance(value, (int, float)) and not isinstance(value, bool)), default=0.0)
