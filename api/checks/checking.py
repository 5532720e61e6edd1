"""Checking applications: the layers in force from memory, or others through PostGIS, judged by the planning logic and stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from psycopg_pool import ConnectionPool

from api.checks.live_register import LiveRegister
from api.json_text import parse_json
from api.moment import Moment
from api.settings import Settings
from api.snapshots import InForce, Snapshots
from layers import checks as stored
from layers import classifications, snapshot
from layers.acting import as_service, current
from layers.checks import StoredCheck
from spatial import permit
from spatial.errors import InputError
from spatial.layer import DatasetVersion, Layer, LayerSet
from spatial.open_applications import REGISTER
from spatial.permit import Applications, Checks, VillageTypes
from spatial.pieces import Geometries
from spatial.report import stated
from spatial.rules.pack import Pack, load_pack

GEOGRAPHIC = frozenset({"CRS84", "OGC:CRS84", "URN:OGC:DEF:CRS:OGC:1.3:CRS84", "EPSG:4326"})
"""Names of longitude and latitude in degrees, in GeoJSON's order whatever an axis definition says."""

CHUNK = 500
"""So many applications of a batch are checked and stored at a time."""


@dataclass(frozen=True)
class Checked:
    """One stored check."""

    id: UUID
    verdict: str


@dataclass(frozen=True)
class Basis:
    """What checks at one moment rest on, besides the layers: the county's outline (None while not loaded), the village types and the
    register of live applications."""

    seen: InForce
    county: Any
    types: VillageTypes | None
    register: Layer


class Checker:
    """Checks applications and stores the reports.

    What a check rests on is read as the service: its outcome depends on the data, not on who asks.
    """

    def __init__(self, pool: ConnectionPool[Any], snapshots: Snapshots, settings: Settings) -> None:
        self.pool = pool
        self.snapshots = snapshots
        self.settings = settings
        self.register = LiveRegister(pool, epsg=settings.epsg)
        self._types = lru_cache(maxsize=8)(self._read_types)
        self._outline = lru_cache(maxsize=4)(self._read_outline)

    @property
    def pack(self) -> Pack:
        """The house-building rules of this county."""
        return load_pack("house-building", county=self.settings.county_code)

    def read(self, features: Sequence[Any], *, epsg_in: int | None, moment: Moment) -> Applications:
        """Check what came in completely; raises InputError with every problem and its place."""
        county = self._county(self.snapshots.in_force(moment))
        return permit.read_applications(features, epsg_in=epsg_in, epsg=self.settings.epsg, county=county)

    def read_on(self, features: Sequence[Any], *, epsg_in: int | None, basis: Basis) -> Applications:
        """The same on a basis: this asks no database."""
        return permit.read_applications(features, epsg_in=epsg_in, epsg=self.settings.epsg, county=basis.county)

    def read_frame(self, frame: Any, *, moment: Moment) -> Applications:
        """Check a frame of applications completely, exactly as if they had come as GeoJSON; raises InputError, CrsError."""
        county = self._county(self.snapshots.in_force(moment))
        return permit.applications_from_frame(frame, epsg=self.settings.epsg, county=county)

    def basis(self, moment: Moment, *, anew: bool = False) -> Basis:
        """Tell what counts at a moment; asks the database. What counts now may have been asked a moment ago, unless it is wanted `anew`."""
        seen = self.snapshots.recent() if moment.is_now and not anew else None
        if seen is None:
            with as_service(), self.pool.connection() as conn:
                seen = self.snapshots.in_force(moment, conn, anew=anew)
                register = self.register.at(seen.moment.known_at, conn)
        else:
            register = self.register.at(seen.moment.known_at)
        types = self._types(seen.run_id) if seen.run_id else None
        return Basis(seen, self._county(seen), types, register)

    def check(self, applications: Applications, *, moment: Moment) -> list[Checked]:
        """Check applications with what counts at a moment, and store all reports in one transaction."""
        return self._check(applications, self.basis(moment))

    def check_many(self, applications: Applications, *, moment: Moment, report: Callable[[float, str], None]) -> list[Checked]:
        """Check a batch piece by piece, all of it with the data of one moment, and tell how far it is."""
        basis = self.basis(moment)
        done: list[Checked] = []
        for start in range(0, len(applications), CHUNK):
            report(start / len(applications), f"已审查 {start} 件，共 {len(applications)} 件")
            done += self._check(applications.part(start, start + CHUNK), basis)
        return done

    def judge(self, applications: Applications, *, moment: Moment) -> Checks:
        """Check applications without storing anything."""
        return self.judge_on(applications, self.basis(moment))

    def in_memory(self, basis: Basis) -> bool:
        """Tell whether all layers of a basis are in memory, so that `judge_on` waits for nothing."""
        return self.snapshots.layers(basis.seen.versions) is not None

    def judge_on(self, applications: Applications, basis: Basis) -> Checks:
        """Check applications on a basis, storing nothing; with all layers in memory this asks no database."""
        layers, moment = self.layers_near(applications.sites, basis), basis.seen.moment
        return permit.check(
            applications, layers, pack=self.pack, valid_on=moment.valid_on, known_at=moment.known_at, village_types=basis.types
        )

    def _check(self, applications: Applications, basis: Basis) -> list[Checked]:
        checks = self.judge_on(applications, basis)
        now = datetime.now(UTC)
        new = [stored_check(checks, applications, row, at=now) for row in range(len(checks))]
        with self.pool.connection() as conn:
            stored.save(conn, new)
        return [Checked(item.id, item.verdict) for item in new]

    def layers_near(self, sites: Geometries, basis: Basis) -> LayerSet:
        """Return the layers of a basis: from memory, or where one is not there what lies near the sites of each.

        Not some from memory and some from near: what is worked out once for layers would be worked out anew for each such mixture.
        """
        found = self.snapshots.layers(basis.seen.versions) or self._nearby(sites, basis.seen)
        return {**found, REGISTER: basis.register}

    def _nearby(self, sites: Geometries, seen: InForce) -> LayerSet:
        radius = permit.search_radius(self.pack)
        wanted = {name: dataset for name, dataset in seen.versions.items() if name in radius}
        with as_service(), self.pool.connection() as conn:
            return snapshot.pruned(conn, wanted, sites, radius_m=radius, epsg=self.settings.epsg, village_wide=permit.village_wide(self.pack))

    def _county(self, seen: InForce) -> Any:
        """The county's outline in the storage CRS; None while the layer is not loaded, for then no place is known to be outside."""
        dataset = seen.versions.get("county")
        return self._outline(dataset) if dataset else None

    def _read_types(self, run_id: UUID) -> VillageTypes:
        with as_service(), self.pool.connection() as conn:
            return VillageTypes(classifications.types(conn, run_id), str(run_id))

    def _read_outline(self, dataset: DatasetVersion) -> Any:
        with as_service(), self.pool.connection() as conn:
            county = snapshot.load(conn, {"county": dataset}, epsg=self.settings.epsg)["county"]
        return county.outline()


def stored_check(checks: Checks, applications: Applications, row: int, *, at: datetime) -> StoredCheck:
    """Write out the report of one application, with an id and the time of checking, in the form that is stored."""
    check_id = uuid4()
    properties = applications.properties
    return StoredCheck(
        id=check_id,
        case_no=applications.case_no[row],
        verdict=checks.verdict(row),
        report=checks.report_bytes(row, id=str(check_id), checked_at=at.isoformat()),
        geometry=applications.sites[row],
        epsg=applications.epsg,
        subject_sha256=checks.subject_sha256(row),
        valid_on=checks.valid_on,
        known_at=checks.known_at,
        checked_at=at,
        pack_id=checks.pack.id,
        pack_version=checks.pack.version,
        pack_sha256=checks.pack.sha256,
        applied_on=properties["applied_on"][row],
        properties={name: value for name, value in stated(applications, row).items() if value is not None},
        datasets=checks.dataset_versions,
        failed=checks.failed(row),
        village_code=checks.village_code(row),
        **current().signed,
    )


def epsg_of(name: str | None) -> int | None:
    """Read the name of a coordinate system: None for longitude and latitude (CRS84), else its EPSG code; raises InputError."""
    if name is None or name.upper().replace("::", ":") in GEOGRAPHIC:
        return None
    match = re.fullmatch(r"(?:urn:ogc:def:crs:)?EPSG::?(\d{4,6})", name, re.IGNORECASE)
    if match is None:
        raise InputError(problems=[f"?crs：不认识坐标系 {name[:60]}，请写 EPSG:4547 这样的编号或 CRS84"])
    return int(match[1])


def application_features(body: bytes, *, epsg_in: int | None, declared: bool) -> tuple[list[Any], int | None]:
    """Read a GeoJSON file of one or many applications: its features, and the EPSG code of its coordinates (None: CRS84).

    Where no coordinate system was declared, that of the file's own `crs` member counts. Raises InputError.
    """
    document = parse_json(body)
    if not isinstance(document, dict):
        raise InputError(problems=["/：应为 GeoJSON 对象"])
    if declared:
        refuse_other_crs(document, epsg_in=epsg_in)
    elif "crs" in document:
        epsg_in = epsg_of(_crs_name(document["crs"]))
    if document.get("type") == "Feature":
        return [document], epsg_in
    return features_of(document), epsg_in


def features_of(collection: Mapping[str, Any], *, limit: int | None = None) -> list[Any]:
    """Return the features of a collection; raises InputError where it is none, is empty, or has more than `limit`."""
    features = collection.get("features")
    if collection.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise InputError(problems=["/：应为 GeoJSON FeatureCollection"])
    if not features:
        raise InputError(problems=["/features：没有任何要素"])
    if limit is not None and len(features) > limit:
        raise InputError(problems=[f"/features：最多 {limit} 件，实为 {len(features)} 件，请分批提交"])
    return features


def refuse_other_crs(document: Mapping[str, Any], *, epsg_in: int | None) -> None:
    """Refuse a GeoJSON `crs` member (of the format's old version) that says something else than the parameter `crs`."""
    if "crs" not in document:
        return
    name = _crs_name(document["crs"])
    if name is None or epsg_of(name) != epsg_in:
        raise InputError(problems=["/crs：与参数 crs 所写的坐标系不一致，请用参数写明，例如 ?crs=EPSG:4547"])


def _crs_name(member: Any) -> str | None:
    properties = member.get("properties") if isinstance(member, Mapping) else None
    name = properties.get("name") if isinstance(properties, Mapping) else None
    return name if isinstance(name, str) else None
