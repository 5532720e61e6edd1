"""Siting over HTTP and on the command line: a request read with what counts at a moment, and its answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from api.checks.checking import Basis, Checker
from api.reach import refuse_village_beyond_reach
from layers.acting import as_service, current
from spatial.layer import LayerSet
from spatial.proposals_trial import Setting
from spatial.siting import Request, find_sites
from spatial.siting_input import read_request, village_layer, villages_under
from spatial.siting_report import siting_report


def sites_for(checker: Checker, body: Any, *, epsg_in: int | None, basis: Basis) -> dict[str, Any]:
    """Return buildable land and ranked places for a request as it came in; raises InputError, and ForbiddenError beyond one's reach."""
    epsg, pack, moment = checker.settings.epsg, checker.pack, basis.seen.moment
    villages = _villages(checker, basis)
    request = read_request(body, epsg_in=epsg_in, epsg=epsg, county=basis.county, villages=villages, pack=pack)
    _refuse_beyond_reach(request, villages, checker)
    layers = checker.layers_near(np.array([request.area], dtype=object), basis)
    setting = Setting(layers, pack, moment.valid_on, moment.known_at, basis.types, epsg)
    return siting_report(find_sites(request, setting))


def _refuse_beyond_reach(request: Request, villages: LayerSet, checker: Checker) -> None:
    """Raise ForbiddenError for a village, or an area any part of which lies in one, where whoever acts handles no cases."""
    if current().places is None:
        return
    for code in [request.village_code] if request.village_code else villages_under(request.area, villages, checker.pack):
        refuse_village_beyond_reach(code)


def _villages(checker: Checker, basis: Basis) -> LayerSet:
    """The village layer, whole, where it is loaded."""
    name = village_layer(checker.pack)
    wanted = {layer: dataset for layer, dataset in basis.seen.versions.items() if layer == name}
    held = checker.snapshots.layers(wanted)
    if held is not None:
        return held
    with as_service(), checker.pool.connection() as conn:
        return checker.snapshots.load(wanted, conn)
