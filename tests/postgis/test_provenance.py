"""A stored check can be run again: the same day and the same knowledge give the same bytes, whatever was published since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import orjson
import psycopg
import pytest
import shapely
from applications import application
from frames import COUNTY, EPSG, meta, moment, published
from house_sites import house_sites, places_on
from rough_county import rough_county

from layers import checks as stored_checks
from layers import classifications, database, snapshot, versions
from layers.checks import StoredCheck
from layers.classifications import Run, VillageResult
from layers.databases import create_database, drop_database
from spatial.canonical import canonical_json
from spatial.permit import Applications, Checks, VillageTypes, check, read_applications, search_radius
from spatial.rules.pack import load_pack
from spatial.village_types import classify

SITES = 300
VALID_ON = date(2026, 3, 1)
COUNTY_CODE = "421223"


@dataclass(frozen=True)
class County:
    """A published and typed county, the moment at which that was known, and what was checked and stored then."""

    conn: psycopg.Connection[Any]
    known_at: datetime
    applications: Applications
    ids: list[UUID]
    removed: Any


def rules():
    """The house-building rules of the county."""
    return load_pack("house-building", county=COUNTY_CODE)


def typed(conn, *, valid_on, known_at):
    """The village types that counted on a day, as known at a moment."""
    run = classifications.applicable(conn, valid_on=valid_on, known_at=known_at)
    return VillageTypes(classifications.types(conn, run), str(run)) if run else None


def judge(conn, applications, *, known_at, whole, valid_on=VALID_ON) -> Checks:
    """Check with the layers held whole in memory, or pruned through PostGIS."""
    in_force = versions.in_force(conn, valid_on=valid_on, known_at=known_at)
    wanted = {name: version for name, version in in_force.items() if name in rules().layers}
    if whole:
        layers = snapshot.load(conn, wanted, epsg=EPSG)
    else:
        layers = snapshot.pruned(conn, wanted, applications.sites, radius_m=search_radius(rules()), epsg=EPSG)
    types = typed(conn, valid_on=valid_on, known_at=known_at)
    return check(applications, layers, pack=rules(), valid_on=valid_on, known_at=known_at, village_types=types)


def report_bytes(checks, row, *, check_id, checked_at) -> bytes:
    return canonical_json(checks.report(row) | {"id": str(check_id), "checked_at": checked_at.astimezone(UTC).isoformat()})


def stored(checks, applications, row, *, at) -> StoredCheck:
    check_id = uuid4()
    report = checks.report(row)
    return StoredCheck(
        id=check_id,
        case_no=report["case_no"],
        verdict=report["verdict"],
        report=report_bytes(checks, row, check_id=check_id, checked_at=at),
        geometry=applications.sites[row],
        epsg=applications.epsg,
        subject_sha256=report["subject"]["sha256"],
        valid_on=checks.valid_on,
        known_at=checks.known_at,
        checked_at=at,
        pack_id=rules().id,
        pack_version=rules().version,
        pack_sha256=rules().sha256,
        properties=report["subject"]["properties"],
        datasets=report["datasets"],
    )


def run_again(conn, old: StoredCheck, *, known_at=None) -> bytes:
    """Check again from nothing but what was stored."""
    feature = {"type": "Feature", "geometry": old.geometry, "properties": dict(old.properties)}
    applications = read_applications([feature], epsg_in=old.epsg, epsg=old.epsg)
    checks = judge(conn, applications, known_at=known_at or old.known_at, whole=False, valid_on=old.valid_on)
    return report_bytes(checks, 0, check_id=old.id, checked_at=old.checked_at)


def type_villages(conn):
    """Type the villages and store the run."""
    pack = load_pack("village-types", county=COUNTY_CODE)
    known_at = datetime.now(UTC)
    layers = snapshot.load(conn, versions.in_force(conn, valid_on=VALID_ON, known_at=known_at), epsg=EPSG)
    found = classify(layers, pack=pack, valid_on=VALID_ON, known_at=known_at)
    run = Run(
        id=uuid4(), pack_id=pack.id, pack_version=pack.version, pack_sha256=pack.sha256, valid_on=VALID_ON, known_at=known_at
    )
    rows = [found.village(row) for row in range(len(found))]
    classifications.save(conn, run, [VillageResult(row["village_code"], row["village_type"], canonical_json(row)) for row in rows])


def some_applications(frames) -> Applications:
    """Random sites with forms of every kind."""
    sites = house_sites(places_on({name: frame.geometry.to_numpy() for name, frame in frames.items()}, each=20, seed=3), count=SITES, seed=4)
    rng = np.random.default_rng(5)
    features = [
        application(
            geometry=site,
            case_no=f"A-{row}",
            build_kind=str(rng.choice(["rebuild_in_place", "extend", "new_site"])),
            terrain=str(rng.choice(["suburb", "plain", "hill", "mountain"])),
            household_size=int(rng.integers(1, 8)),
            plot_area_m2=round(float(site.area), 2),
            storeys=int(rng.integers(1, 4)),
        )
        for row, site in enumerate(sites)
    ]
    return read_applications(features, epsg_in=EPSG, epsg=EPSG)


@pytest.fixture(scope="module")
def county(server_url, template_database):
    """A county of which every check is stored; afterwards a hazard survey is published in which half of the danger zones are gone."""
    name = f"cuntu_test_{uuid4().hex[:12]}"
    with database.connect(create_database(server_url, name, template=template_database)) as conn:
        frames = rough_county()
        for layer, frame in frames.items():
            system = {"planned_use": "ydyh2023", "land_use": "survey"}.get(layer)
            published(conn, frame, meta(layer, coverage=COUNTY, code_system=system), at=moment("2024-01-01"))
        type_villages(conn)
        conn.commit()
        known_at = datetime.now(UTC)
        applications = some_applications(frames)
        checks = judge(conn, applications, known_at=known_at, whole=True)
        new = [stored(checks, applications, row, at=known_at) for row in range(SITES)]
        stored_checks.save(conn, new)
        conn.commit()
        hazard = frames["hazard"]
        gone = (hazard["zone"] == "danger") & (np.arange(len(hazard)) % 2 == 0)
        published(conn, hazard[~gone], meta("hazard", coverage=COUNTY))
        conn.commit()
        yield County(conn, known_at, applications, [item.id for item in new], hazard.geometry[gone].to_numpy())
    drop_database(server_url, name)


def test_the_sites_meet_rules_of_every_outcome(county):
    checks = judge(county.conn, county.applications, known_at=county.known_at, whole=True)
    verdicts, counts = np.unique(checks.verdicts.astype(str), return_counts=True)
    outcomes = {finding["outcome"] for row in range(SITES) for finding in checks.report(row)["findings"]}
    assert len(verdicts) >= 2, dict(zip(verdicts, counts, strict=True))
    assert {"pass", "fail", "no_data", "not_applicable"} <= outcomes


def test_a_check_run_again_after_a_newer_version_was_published_gives_the_same_bytes(county):
    for check_id in county.ids[::10]:
        old = stored_checks.get(county.conn, check_id)
        assert run_again(county.conn, old) == old.report


def test_the_same_moment_written_in_another_time_zone_gives_the_same_bytes(county):
    old = stored_checks.get(county.conn, county.ids[1])
    assert run_again(county.conn, old, known_at=county.known_at.astimezone(timezone(timedelta(hours=8)))) == old.report
    assert run_again(county.conn, old, known_at=county.known_at.astimezone(UTC)) == old.report


def test_the_stored_report_names_what_it_rests_on(county):
    known = versions.in_force(county.conn, valid_on=VALID_ON, known_at=county.known_at)
    old = stored_checks.get(county.conn, county.ids[0])
    report = orjson.loads(old.report)
    assert {entry["layer"]: entry["version"] for entry in report["datasets"]} == {name: known[name].version for name in rules().layers}
    assert report["pack"]["sha256"] == rules().sha256
    assert (report["valid_on"], report["known_at"]) == (VALID_ON.isoformat(), county.known_at.isoformat())


def test_memory_and_postgis_give_the_same_reports_bit_by_bit(county):
    whole = judge(county.conn, county.applications, known_at=county.known_at, whole=True)
    pruned = judge(county.conn, county.applications, known_at=county.known_at, whole=False)
    different = [row for row in range(SITES) if canonical_json(whole.report(row)) != canonical_json(pruned.report(row))]
    assert different == []


def without_versions(report: bytes) -> dict[str, Any]:
    """A report without the moment of knowledge and the number of the hazard survey."""
    result = orjson.loads(report)
    del result["known_at"]
    for entry in result["datasets"]:
        if entry["layer"] == "hazard":
            del entry["version"]
    for finding in result["findings"]:
        if finding["dataset"] and finding["dataset"]["layer"] == "hazard":
            del finding["dataset"]["version"]
    return result


def test_with_later_knowledge_a_report_differs_only_where_the_data_differ(county):
    later = datetime.now(UTC) + timedelta(seconds=1)
    old = [stored_checks.get(county.conn, check_id) for check_id in county.ids]
    checks = judge(county.conn, county.applications, known_at=later, whole=False)
    new = [report_bytes(checks, row, check_id=item.id, checked_at=item.checked_at) for row, item in enumerate(old)]
    differ = {row for row in range(SITES) if without_versions(old[row].report) != without_versions(new[row])}
    touched = set(shapely.STRtree(county.removed).query(county.applications.sites, predicate="intersects")[0].tolist())
    assert 20 <= len(differ) < SITES / 2
    assert differ <= touched
    for row in differ:
        before, after = orjson.loads(old[row].report)["findings"], orjson.loads(new[row])["findings"]
        changed = {one["dataset"]["layer"] for one, other in zip(before, after, strict=True) if one["measured"] != other["measured"]}
        assert changed <= {"hazard"}, row


def test_before_anything_was_known_no_layer_is_loaded(county):
    old = stored_checks.get(county.conn, county.ids[0])
    report = orjson.loads(run_again(county.conn, old, known_at=moment("2023-12-31")))
    assert {entry["state"] for entry in report["datasets"]} == {"not_loaded"}
    assert report["verdict"] in ("refused", "incomplete")
