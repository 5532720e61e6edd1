"""What many applications are checked on: the layers of the pack in memory, the register, the village types, and forms to go with sites."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from api.bench.place import Place
from api.bench.sites import near
from api.moment import Moment
from layers import applications, classifications, database, snapshot
from spatial.batches import spatial_order
from spatial.layer import DatasetVersion, LayerSet
from spatial.open_applications import REGISTER
from spatial.permit import Applications, Checks, VillageTypes, check, read_applications
from spatial.pieces import Geometries
from spatial.rules.pack import Pack, load_pack

SEED = 20260102


@dataclass(frozen=True)
class Footing:
    """All that a check needs but the applications; `forms` are those on file, whose statements go with the sites in turn."""

    pack: Pack
    versions: dict[str, DatasetVersion]
    layers: LayerSet
    types: VillageTypes | None
    forms: Applications
    moment: Moment
    epsg: int

    def with_forms(self, sites: Geometries, *, first: int = 0) -> Applications:
        """Give every site the statements of a form on file."""
        rows = (first + np.arange(len(sites))) % len(self.forms)
        numbers = tuple(f"BENCH-{first + row:07d}" for row in range(len(sites)))
        columns = {name: column[rows] for name, column in self.forms.properties.items()}
        return Applications(numbers, sites, columns | {"case_no": np.array(numbers, dtype=object)}, self.epsg)

    def check(self, given: Applications, *, threads: int = 2) -> Checks:
        """Check applications by the whole pack."""
        return check(given, self.layers, pack=self.pack, valid_on=self.moment.valid_on, known_at=self.moment.known_at,
                     village_types=self.types, threads=threads)  # fmt: skip

    def stream(self, count: int, *, block: int) -> Iterator[Applications]:
        """Give `count` applications near the county's houses block by block, from house to neighbouring house, as a sorted file would."""
        houses = self.layers["building"].features
        houses = houses[spatial_order(houses)]
        rng, edges = np.random.default_rng(SEED), np.arange(0, count, block)
        for first in edges.tolist():
            last = min(first + block, count)
            some = houses[first * len(houses) // count : max(last * len(houses) // count, first * len(houses) // count + 1)]
            yield self.with_forms(near(some, rng, last - first), first=first)


def footing(place: Place) -> Footing:
    """Read everything, and make the search trees."""
    moment, settings = Moment.now(), place.settings
    pack = load_pack("house-building", county=settings.county_code)
    versions = {name: dataset for name, dataset in place.in_force().items() if name in pack.layers}
    with database.connect(place.url) as conn:
        layers = {**snapshot.load(conn, versions, epsg=settings.epsg), REGISTER: applications.live(conn, known_at=moment.known_at, epsg=settings.epsg)}
        run = classifications.applicable(conn, valid_on=moment.valid_on, known_at=moment.known_at)
        types = VillageTypes(classifications.types(conn, run), str(run)) if run else None
        filed = applications.everything(conn)
    for layer in layers.values():
        _ = layer.tree, layer.extent
    # Half a million geometries that stay: a full garbage collection would walk over all of them.
    gc.collect()
    gc.freeze()
    features = [{"type": "Feature", "geometry": item.geometry, "properties": dict(item.properties)} for item in filed]
    forms = read_applications(features, epsg_in=settings.epsg, epsg=settings.epsg)
    return Footing(pack, versions, layers, types, forms, moment, settings.epsg)

