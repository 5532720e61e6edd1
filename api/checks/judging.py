"""Judging on chosen ground: any dataset versions (drafts too), any rule pack, any two times. Nothing here is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import numpy as np
from psycopg_pool import ConnectionPool

from api.checks.live_register import LiveRegister
from api.moment import Moment
from api.settings import Settings
from api.snapshots import Snapshots
from layers import classifications, snapshot, versions
from layers.acting import as_service
from layers.catalog import catalog
from layers.check_runs import Subject
from layers.checks import StoredCheck
from spatial import permit, radar
from spatial.errors import InputError
from spatial.layer import DatasetVersion, Layer, LayerSet
from spatial.open_applications import REGISTER
from spatial.permit import Applications, Checks, VillageTypes
from spatial.radar import Sightings, Standing
from spatial.rules.pack import Pack, load_pack

PRUNE_UP_TO = 2_000
"""Up to so many subjects only what lies near them is read; for more the layers are read whole, once."""


@dataclass(frozen=True)
class Footing:
    """What judging rests on besides the rule pack: the dataset version of each layer, a classification run, the two times."""

    valid_on: date
    known_at: datetime
    versions: Mapping[str, DatasetVersion]
    classification_id: UUID | None

    @property
    def version_ids(self) -> dict[str, int]:
        """The number of each layer's version."""
        return {name: dataset.version for name, dataset in sorted(self.versions.items())}

    def with_versions(self, replacing: Mapping[str, DatasetVersion]) -> Footing:
        """The same with some versions replaced, or added."""
        return replace(self, versions={**self.versions, **replacing})


class Judging:
    """Judges subjects on a footing. With `whole` the layers it needs are read once and kept, else only what is near the subjects.

    It reads as the service: what comes out depends on the data, not on who asks.
    """

    def __init__(self, pool: ConnectionPool[Any], snapshots: Snapshots, settings: Settings, *, whole: bool = False) -> None:
        self.pool = pool
        self.snapshots = snapshots
        self.settings = settings
        self.whole = whole
        self._kept: dict[tuple[str, int], Layer] = {}
        self._live = LiveRegister(pool, epsg=settings.epsg)
        self._types = lru_cache(maxsize=8)(self._read_types)

    @property
    def pack(self) -> Pack:
        """The house-building rules of this county, as installed."""
        return load_pack("house-building", county=self.settings.county_code)

    def now(self, moment: Moment) -> Footing:
        """Return what counts at a moment."""
        seen = self.snapshots.in_force(moment)
        return Footing(seen.moment.valid_on, seen.moment.known_at, seen.versions, seen.run_id)

    def footing(self, valid_on: date, known_at: datetime, version_ids: Iterable[int], classification_id: UUID | None) -> Footing:
        """Return a footing on versions by their numbers; raises UnknownVersionError."""
        with as_service(), self.pool.connection() as conn:
            found = [versions.get(conn, version).dataset for version in version_ids]
        return Footing(valid_on, known_at, {dataset.layer: dataset for dataset in found}, classification_id)

    def of_check(self, check: StoredCheck, report: Mapping[str, Any]) -> Footing:
        """Return the footing a stored check was made on."""
        ids = [entry["version"] for entry in report["datasets"] if entry.get("version") is not None]
        run = report["subject"].get("village_type_version")
        return self.footing(check.valid_on, check.known_at, ids, UUID(run) if run else None)

    def applications(self, subjects: Sequence[Subject] | Sequence[StoredCheck]) -> Applications:
        """Read stored applications as they stand; raises InputError where one does not fit the form."""
        features = [{"type": "Feature", "geometry": item.geometry, "properties": dict(item.properties)} for item in subjects]
        epsg = self.settings.epsg
        if any(item.epsg != epsg for item in subjects):
            raise InputError(f"有对象的坐标系不是 EPSG:{epsg}。")
        return permit.read_applications(features, epsg_in=epsg, epsg=epsg)

    def check(self, applications: Applications, footing: Footing, *, pack: Pack | None = None) -> Checks:
        """Check applications on a footing by a pack (default: the installed one)."""
        rules = pack or self.pack
        layers = {**self._layers(footing, applications.sites, rules), REGISTER: self.register(footing.known_at)}
        types = self._types(footing.classification_id) if footing.classification_id else None
        return permit.check(
            applications, layers, pack=rules, valid_on=footing.valid_on, known_at=footing.known_at, village_types=types
        )

    def radar(self, subjects: Sequence[Subject], footing: Footing) -> Sightings:
        """Hold existing houses, or plots (all of one kind), against the installed pack."""
        kind = subjects[0].kind
        shapes = np.array([item.geometry for item in subjects], dtype=object)
        known = np.empty(len(subjects), dtype=object)
        known[:] = [item.properties.get(radar.REGISTERED[kind]) for item in subjects]
        standing = Standing(kind, tuple(item.name or "" for item in subjects), shapes, self.settings.epsg, known)
        layers = self._layers(footing, shapes, self.pack)
        return radar.radar(standing, layers, pack=self.pack, valid_on=footing.valid_on, zone_names=self._zone_names())

    def register(self, known_at: datetime) -> Layer:
        """Return the applications that were live at a moment; between two changes of the register it is the same object."""
        return self._live.at(known_at)

    def layer(self, dataset: DatasetVersion) -> Layer:
        """Return one version whole."""
        with as_service(), self.pool.connection() as conn:
            return self.snapshots.load({dataset.layer: dataset}, conn)[dataset.layer]

    def near(self, footing: Footing, shape: Any, names: Iterable[str]) -> LayerSet:
        """Return what lies near one shape of some layers of a footing."""
        wanted = {name: footing.versions[name] for name in names if name in footing.versions}
        return self._pruned(wanted, np.array([shape], dtype=object), self.pack)

    def _layers(self, footing: Footing, shapes: Any, pack: Pack) -> LayerSet:
        wanted = {name: dataset for name, dataset in footing.versions.items() if name in pack.layers}
        held = self.snapshots.layers(wanted)
        if held is not None:
            return held
        if not self.whole:
            return self._pruned(wanted, shapes, pack)
        missing = {name: dataset for name, dataset in wanted.items() if (name, dataset.version) not in self._kept}
        if missing:
            with as_service(), self.pool.connection() as conn:
                found = self.snapshots.load(missing, conn)
            self._kept.update({(name, dataset.version): found[name] for name, dataset in missing.items()})
        return {name: self._kept[name, dataset.version] for name, dataset in wanted.items()}

    def _zone_names(self) -> dict[str, dict[str, str]]:
        """The Chinese names of zones: those of the catalogue, and of the code systems its fields use."""
        found: dict[str, dict[str, str]] = {}
        for name, (field, _) in radar.ZONES.items():
            item = catalog()[name].fields[field]
            system = self.pack.codes.get(item.dictionary or "")
            found[name] = dict(item.codes or {}) | ({code: row.name for code, row in system.codes.items()} if system else {})
        return found

    def _pruned(self, wanted: Mapping[str, DatasetVersion], shapes: Any, pack: Pack) -> LayerSet:
        with as_service(), self.pool.connection() as conn:
            return snapshot.pruned(
                conn, wanted, shapes, radius_m=permit.search_radius(pack), epsg=self.settings.epsg, village_wide=permit.village_wide(pack)
            )

    def _read_types(self, run_id: UUID) -> VillageTypes:
        with as_service(), self.pool.connection() as conn:
            return VillageTypes(classifications.types(conn, run_id), str(run_id))
