"""Loading the demo county into the store, typing its villages and checking its applications.

Layers are published in one transaction, and each step looks at the store for what is still to be done: a load that was
killed at any point is completed by the next one, and nothing is loaded twice.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib import resources
from typing import Any

import pandas as pd
import psycopg
from psycopg_pool import ConnectionPool

from api import classifying
from api.checks.checking import CHUNK, Checker
from api.moment import Moment
from api.personal import cipher_of
from api.settings import Settings
from api.snapshots import Snapshots
from layers import applicants, applications, households, progress, succession, succession_file, versions
from layers.applications import Application
from layers.catalog import catalog
from layers.demo import DemoCounty, build, people
from layers.households import Household
from layers.loader import load_frames
from layers.personal_cipher import PersonalKeyError
from layers.progress import Figure
from layers.versions import NewVersion
from spatial.errors import CuntuError

Report = Callable[[float, str], None]
Connection = psycopg.Connection[Any]

log = logging.getLogger("cuntu.demo")

SEED = 20260101
SOURCE = "示例数据（程序生成，非真实成果）"
VALID_FROM = date(2021, 1, 1)
DRAFT_FROM = date(2027, 1, 1)
DRAFT_TITLE = "示例村庄规划 B（草案）"


class OwnDataError(CuntuError):
    """数据库中已有本单位的数据，不能载入示例数据。请用另一个数据库（CUNTU_DATABASE_URL 或 CUNTU_DATA_DIR）。"""


@dataclass(frozen=True)
class Loaded:
    """What was done: whether layers were loaded, villages typed, and how many applications were checked."""

    layers: bool
    typed: bool
    checked: int


def load(pool: ConnectionPool[Any], url: str, settings: Settings, *, report: Report, scale: str = "full", again: bool = False) -> Loaded:
    """Bring the demo county into the store as far as it is not there yet; `again` loads it anew, as new versions.

    Raises OwnDataError where any version is no demo data, also one staged, withdrawn or not yet in force.
    """
    with pool.connection() as conn:
        in_force = versions.in_force(conn, **_now())
        held = [record.dataset for name in catalog() for record in versions.history(conn, name)]
    if not all(dataset.synthetic for dataset in held):
        raise OwnDataError
    fresh = again or not in_force
    if fresh:
        _load_county(pool, url, settings, scale, report)
    typed = _type_villages(pool, settings, report, again=fresh)
    checked = _check_applications(pool, settings, report, again=fresh)
    report(1.0, "示例县已就绪")
    return Loaded(layers=fresh, typed=typed, checked=checked)


def _now() -> dict[str, Any]:
    now = Moment.now()
    return {"valid_on": now.valid_on, "known_at": now.known_at}


def _load_county(pool: ConnectionPool[Any], url: str, settings: Settings, scale: str, report: Report) -> None:
    report(0.0, "生成示例县")
    today = Moment.now().valid_on

    def built(share: float, doing: str = "") -> None:
        report(0.45 * share, doing or "生成示例县")

    county = build(seed=SEED, scale=scale, progress=built)
    with pool.connection() as conn:
        report(0.46, "农户、进度和申请")
        versions.discard_staged(conn, older_than=timedelta(0))
        households.save(conn, _households(county.households))
        _record_code_changes(conn)
        progress.record(conn, _figures(county.progress), source_name=SOURCE, synthetic=True)
        applied = _applications(county, settings.epsg)
        applications.save(conn, applied)
        _record_people(conn, settings, applied, county.households)
        _stage_drafts(conn, county, settings, scale)
    datasets = [(frame, _new_version(name, county, scale, today)) for name, frame in county.layers.items()]

    def told(share: float, doing: str) -> None:
        report(0.5 + 0.35 * share, doing)

    load_frames(url, datasets, epsg=settings.epsg, max_secrecy=settings.max_secrecy, progress=told)
    with pool.connection() as conn:
        applications.locate(conn, village_version=versions.in_force(conn, **_now())["village"].version)


def _record_people(conn: Connection, settings: Settings, applied: list[Application], listed: pd.DataFrame) -> None:
    """Invent who applies, and the heads of as many households of the register. Without a key nothing of the kind can be stored."""
    try:
        cipher = cipher_of(settings)
    except PersonalKeyError as error:
        log.warning("demo county without applicants: %s", error)
        return
    invented = [people.applicant(item.case_no, item.properties) for item in applied]
    applicants.save(conn, cipher, invented)
    households.save_persons(conn, cipher, [people.head(str(no), who) for no, who in zip(listed["household_id"], invented, strict=False)])


def _record_code_changes(conn: Connection) -> None:
    """Record which village codes came and which names changed: facts, as real as the codes of the demo county themselves."""
    with resources.as_file(resources.files("layers.demo") / "data" / "code_changes.csv") as path:
        changes, digest = succession_file.read(path)
        succession.record(conn, changes, source_name=path.name, source_sha256=digest)


def _stage_drafts(conn: Connection, county: DemoCounty, settings: Settings, scale: str) -> None:
    """Stage the layers of the draft plan: nobody works with them until they are published, but a plan difference may be asked for."""
    for name, frame in county.drafts.items():
        meta = replace(
            _new_version(name, county, scale, VALID_FROM),
            title=f"{DRAFT_TITLE}：{catalog()[name].title}",
            law_status="draft",
            valid_from=DRAFT_FROM,
            source_name=f"demo-{name}-b",
            source_sha256=hashlib.sha256(f"cuntu demo {SEED} {scale} {name} B".encode()).hexdigest(),
        )
        versions.stage(conn, frame, meta, epsg=settings.epsg, max_secrecy=settings.max_secrecy)


def _figures(frame: pd.DataFrame) -> list[Figure]:
    """What was reported; a row without one of its numbers is a village that did not report."""
    rows = _records(frame.dropna(subset=["numerator", "denominator"]))
    return [Figure(**row | {"period": pd.Timestamp(row["period"]).date()}) for row in rows]


def _new_version(name: str, county: DemoCounty, scale: str, today: date) -> NewVersion:
    """Describe a layer. Land use is surveyed anew every year (变更调查): the invented survey is that of the year before the load."""
    surveyed = date(today.year - 1, 12, 31) if name == "land_use" else VALID_FROM
    digest = hashlib.sha256(f"cuntu demo {SEED} {scale} {name}".encode()).hexdigest()
    return NewVersion(
        layer=name,
        title=catalog()[name].title,
        authority=SOURCE,
        valid_from=VALID_FROM,
        survey_date=surveyed,
        source_name=f"demo-{name}",
        source_sha256=digest,
        coverage=county.coverage,
        secrecy=catalog()[name].secrecy,
        synthetic=True,
    )


def _households(frame: pd.DataFrame) -> list[Household]:
    return [
        Household(household_no=str(row.pop("household_id")), village_code=str(row.pop("village_code")), properties=row, synthetic=True)
        for row in _records(frame)
    ]


def _applications(county: DemoCounty, epsg: int) -> list[Application]:
    expected: Mapping[str, Any] = {row["case_no"]: row for row in _records(county.expected)}
    frame = county.applications
    rows = _records(frame.drop(columns=frame.geometry.name))
    return [
        Application(
            case_no=row["case_no"],
            properties={name: value.isoformat() if isinstance(value, date) else value for name, value in row.items() if value is not None},
            geometry=site,
            epsg=epsg,
            expected=expected.get(row["case_no"]),
            synthetic=True,
        )
        for row, site in zip(rows, frame.geometry, strict=True)
    ]


def _records(table: Any) -> list[dict[str, Any]]:
    if isinstance(table, pd.DataFrame):
        table = table.astype(object).where(table.notna(), None).to_dict("records")
    return [dict(row) for row in table]


def _type_villages(pool: ConnectionPool[Any], settings: Settings, report: Report, *, again: bool) -> bool:
    seen = Snapshots(pool, epsg=settings.epsg).in_force(Moment.now())
    if seen.run_id is not None and not again:
        return False
    report(0.86, "村庄分类")
    with pool.connection() as conn:
        layers = classifying.read_layers(conn, dict(seen.versions), county=settings.county_code, epsg=settings.epsg)
        typed = classifying.classify(layers, county=settings.county_code, moment=seen.moment)
        classifying.store(conn, typed, layers, county=settings.county_code, moment=seen.moment)
    return True


def _check_applications(pool: ConnectionPool[Any], settings: Settings, report: Report, *, again: bool) -> int:
    with pool.connection() as conn:
        waiting = [item for item in applications.everything(conn) if again or item.check_id is None]
    checker = Checker(pool, Snapshots(pool, epsg=settings.epsg), settings)
    for start in range(0, len(waiting), CHUNK):
        report(0.93, f"审查申请 {start + 1}–{min(start + CHUNK, len(waiting))}")
        part = waiting[start : start + CHUNK]
        features = [{"type": "Feature", "geometry": item.geometry, "properties": dict(item.properties)} for item in part]
        moment = Moment.now()
        checker.check(checker.read(features, epsg_in=settings.epsg, moment=moment), moment=moment)
    return len(waiting)
