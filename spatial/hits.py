"""Which features of a layer stand behind one rule's hit on one site: those an officer has to look at before calling it wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import shapely

from spatial.choosing import choose
from spatial.conditions import evaluate
from spatial.layer import Layer
from spatial.logic import TRUE
from spatial.measures import to_resolution
from spatial.measuring import Facts
from spatial.rules.model import FactSpec, RuleSpec
from spatial.rules.pack import Pack

_OVER = {"overlap_area", "overlap_share", "overlap_without_dominant", "outside_area"}
_NEAR = {"distance", "clearance", "count_within"}


def features_behind(
    rule: RuleSpec, site: Any, properties: Mapping[str, Any], layers: Mapping[str, Layer], *, pack: Pack, valid_on: date
) -> tuple[str, ...]:
    """Return the identifiers of the features that make a rule fail for a site (in the layers' CRS), sorted; none for a hit without a place.

    `layers` are those of the check; `properties` what the application stated (None: not stated).
    """
    fact = pack.main.facts[rule.measured or rule.leading.fact or ""]
    layer = layers.get(fact.layer or "")
    if layer is None or not len(layer.features):
        return ()
    if fact.measure in _NEAR:
        found = _close_enough(rule, site, properties, layer, pack, valid_on)
    elif fact.measure in _OVER:
        found = _overlapping(fact, site, layers, layer, pack)
    else:
        found = []
    return tuple(sorted({str(layer.ids[row]) for row in found}))


def _overlapping(fact: FactSpec, site: Any, layers: Mapping[str, Layer], layer: Layer, pack: Pack) -> list[int]:
    """The features on the site that count; for a part outside the layer's right features, the wrong ones that lie there instead."""
    rows = np.unique(layer.piece_feature[layer.tree.query(site)])
    areas = to_resolution(shapely.area(shapely.intersection(site, layer.features[rows])))
    chosen = choose(layer, fact.where, layers=layers, codes=pack.codes, code_system=fact.code_system)
    wanted = ~chosen.certain if fact.measure == "outside_area" else chosen.certain
    found = [int(row) for row, area in zip(rows, areas, strict=True) if area > 0 and wanted[row]]
    if fact.measure == "overlap_without_dominant" and len(areas) and areas.max() > 0.5 * shapely.area(site):
        found = [row for row in found if row != rows[np.argmax(areas)]]
    return found


def _close_enough(
    rule: RuleSpec, site: Any, properties: Mapping[str, Any], layer: Layer, pack: Pack, valid_on: date
) -> list[int]:
    """The features each of which would fail the rule if it stood alone."""
    return [row for row in range(len(layer.features)) if _fails_alone(rule, site, properties, layer, row, pack, valid_on)]


def _fails_alone(
    rule: RuleSpec, site: Any, properties: Mapping[str, Any], layer: Layer, row: int, pack: Pack, valid_on: date
) -> bool:
    facts = Facts(
        _one(site),
        properties={name: _one(value) for name, value in properties.items()},
        layers={layer.dataset.layer: _alone(layer, row)},
        pack=pack,
        valid_on=valid_on,
    )
    return bool(evaluate(rule.leading, facts)[0] == TRUE)


def _alone(layer: Layer, row: int) -> Layer:
    own = layer.piece_feature == row
    return replace(
        layer,
        features=layer.features[row : row + 1],
        ids=layer.ids[row : row + 1],
        attributes={name: column[row : row + 1] for name, column in layer.attributes.items()},
        pieces=layer.pieces[own],
        piece_feature=np.zeros(int(own.sum()), dtype=np.int64),
    )


def _one(value: Any) -> Any:
    single = np.empty(1, dtype=object)
    single[0] = value
    return single
