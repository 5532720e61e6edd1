"""Dataset versions: staged, published, withdrawn; which was in force, and known, when.

Two periods, both half-open. *Valid*: from `valid_from` up to, not including, `valid_to` the data describe the county. *Known*: from
`known_from` (publishing) up to `known_to` the bureau took them as right. Publishing ends the knowledge of every version whose
whole valid period the new one covers; an earlier survey stays known for the time before the new one begins. Where several
are valid on a day, the one published last (or last declared in force, `law_status.py`) counts.

A plan's law status (draft, in_force, superseded) is no matter of dates: reads take what is law, and drafts only where they are asked
for; a published draft takes nothing out of force. Data for showing only (`display_only`) never stand in for data to measure with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

import geopandas as gpd
import psycopg
import shapely
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from layers import acting, audit, database, partitions, version_acts
from layers.catalog import is_open_to
from layers.catalog import layer as catalog_layer
from layers.errors import (
    DatasetRefusedError,
    PublishConflictError,
    SecrecyError,
    StaleBasisError,
    UnknownVersionError,
    VersionStateError,
)
from layers.intake import Checked, Intake, prepare, tells_apart
from layers.partitions import Content
from layers.sql import queries
from layers.version_acts import BY_PROGRAM, Expected, Signature
from spatial.layer import DatasetVersion

SQL = queries("versions")

Connection = psycopg.Connection[Any]
Versions = dict[str, DatasetVersion]
"""By layer id."""

LAW_STATUSES = ("draft", "in_force", "superseded")


@dataclass(frozen=True, kw_only=True)
class NewVersion:
    """What is to be written down about a dataset. `valid_to` is the first day after.

    `coverage` (county CRS) is where the data are complete; without it no more is claimed than the features' own polygons.
    `display_only` data (in shifted coordinates) are listed and may be drawn, never measured: they are never among those in force.
    """

    layer: str
    title: str
    authority: str
    valid_from: date
    source_name: str
    source_sha256: str
    coverage: BaseGeometry | None = None
    valid_to: date | None = None
    survey_date: date | None = None
    code_system: str | None = None
    secrecy: str = "internal"
    law_status: str = "in_force"
    synthetic: bool = False
    display_only: bool = False


@dataclass(frozen=True, kw_only=True)
class VersionRecord:
    """A version as the store keeps it: `status` staged, published or withdrawn; `checksum` of the content; `qa` notes of the intake."""

    dataset: DatasetVersion
    status: str
    checksum: str
    disjoint: bool
    epsg: int
    qa: dict[str, Any]
    created_at: datetime
    display_only: bool = False


def stage(
    conn: Connection,
    frame: gpd.GeoDataFrame,
    meta: NewVersion,
    *,
    epsg: int,
    max_secrecy: str = "internal",
    extent: BaseGeometry | None = None,
    notes: tuple[str, ...] = (),
    qa: Mapping[str, Any] | None = None,
    checked: Checked | None = None,
    written: Content | None = None,
) -> int:
    """Check and store a dataset as a staged version, which no reader sees yet; return its id.

    `frame` has catalogue field names and a CRS; `extent` is the county's outline in EPSG:`epsg`; `qa` (JSON values) is kept beside
    the notes; `checked` is what an acceptance check worked out that found the geometries right, `written` the frame's content where it is
    written already. Raises CrsError, SecrecyError, or DatasetRefusedError with every problem; nothing is stored then.
    """
    layer = catalog_layer(meta.layer)
    _check_secrecy(layer.id, meta.secrecy, max_secrecy)
    _check_meta(meta)
    data = written.data if written else prepare(frame, layer, epsg=epsg, extent=extent, checked=checked)
    if meta.coverage is None and not (shapely.get_dimensions(data.geometries) == 2).any():
        raise DatasetRefusedError("数据中没有面，不能由要素得出完整范围：请说明数据在哪个范围内是完整的。")
    with ThreadPoolExecutor(1) as beside:
        ground = beside.submit(_ground, data, meta.coverage, checked)
        content = written or partitions.write(conn, data, epsg=epsg)
        values = asdict(meta) | ground.result()
    values |= {
        "id": content.version_id, "checksum": content.checksum, "epsg": epsg, "code_system": meta.code_system or layer.code_system,
        "feature_count": len(data.geometries), "qa": Jsonb({"notes": [*notes, *data.notes], **(qa or {})}),
    }  # fmt: skip
    conn.execute(SQL["add"], values)
    details = {"layer": meta.layer, "source_sha256": meta.source_sha256}
    audit.note(conn, "layers.stage", f"version/{content.version_id}", after=content.checksum, details=details)
    return content.version_id


def publish(
    conn: Connection, version_id: int, *, at: datetime | None = None, by: Signature = BY_PROGRAM, expected: Expected | None = None,
    max_secrecy: str | None = None,
) -> None:  # fmt: skip
    """Make a staged version the known one from `at` (default: this moment), close those it replaces, and log who did it.

    `expected` is what the publisher takes to be in force on the day of the version's valid period that is nearest to today; where it is
    something else StaleBasisError says who published or withdrew what. Raises PublishConflictError while another publication of the
    layer is under way, VersionStateError if the version is not staged or `at` lies before an earlier change of the layer,
    SecrecyError where the version is more closed than `max_secrecy`.
    """
    found = locked(conn, version_id, wanted="staged")
    if max_secrecy is not None:
        _check_secrecy(found["layer"], found["secrecy"], max_secrecy)
    if expected is not None:
        _check_expected(conn, found, expected)
    with database.seeing_all(conn):  # what is replaced may be more closed than what its publisher sees
        moment = moment_of_change(conn, found["layer"], at)
        closed = [int(row[0]) for row in conn.execute(SQL["close_replaced"], {"id": version_id, "at": moment}).fetchall()]
    conn.execute(SQL["open"], {"id": version_id, "at": moment})
    after, told = found | {"status": "published", "known_from": moment}, {"closed": sorted(closed)}
    version_acts.add(conn, version_id, found["layer"], "publish", by, made_at=moment, details=told, before=found, after=after)


def withdraw(conn: Connection, version_id: int, *, at: datetime | None = None, by: Signature = BY_PROGRAM) -> None:
    """Take back a published version: from `at` on it is no longer known. What it had closed does not come back by itself.

    See `restoring.withdraw` where it shall. A version it did not close (an earlier survey that is still known) counts again.
    """
    found = locked(conn, version_id, wanted="published")
    moment = moment_of_change(conn, found["layer"], at)
    conn.execute(SQL["withdraw"], {"id": version_id, "at": moment})
    after = found | {"status": "withdrawn", "known_to": moment}
    version_acts.add(conn, version_id, found["layer"], "withdraw", by, made_at=moment, before=found, after=after)


def discard_staged(conn: Connection, *, older_than: timedelta = timedelta(hours=6)) -> list[int]:
    """Remove staged versions that were never published, such as those an interrupted import left; return their ids."""
    ids = [int(row[0]) for row in conn.execute(SQL["leftovers"], {"older_than": older_than}).fetchall()]
    for version_id in ids:
        discard(conn, version_id)
    return ids


def discard(conn: Connection, version_id: int, *, by: Signature = BY_PROGRAM) -> None:
    """Remove a version that was staged and never published; raise VersionStateError for any other. The log keeps what it was."""
    found = locked(conn, version_id, wanted="staged")
    details = {name: found[name] for name in ("title", "source_name", "source_sha256")}
    version_acts.add(conn, version_id, found["layer"], "discard", by, made_at=_clock(conn)[0], details=details, before=found)
    conn.execute(SQL["delete_staged"], {"id": version_id})
    partitions.remove(conn, version_id)


def in_force(
    conn: Connection, *, valid_on: date, known_at: datetime, law_status: str = "in_force", display_only: bool = False
) -> dict[str, DatasetVersion]:
    """Return by layer id the version valid on a day, as known at a moment. A layer without one is absent.

    Only what is law counts, or with `law_status="draft"` only drafts; `display_only` asks for the data for showing instead. It is the same
    for all: a version more closed than whoever acts may see is returned, too, and nothing earlier in its place.
    """
    asked = {"valid_on": valid_on, "known_at": known_at, "law_status": law_status, "display_only": [display_only]}
    with database.seeing_all(conn), conn.cursor(row_factory=dict_row) as cursor:
        return _by_layer(cursor.execute(SQL["in_force"], asked).fetchall())[display_only]


def ask_in_force_and_shown(conn: Connection, *, valid_on: date, known_at: datetime) -> Callable[[], tuple[Versions, Versions]]:
    """Ask at one go what `in_force` says of the data to measure with and of those for showing only; in a pipeline, call for the answer later.

    Only for whoever sees all: what is hidden from others must not make way for what is not.
    """
    asked = {"valid_on": valid_on, "known_at": known_at, "law_status": "in_force", "display_only": [False, True]}
    cursor = conn.cursor(row_factory=dict_row).execute(SQL["in_force"], asked)
    return lambda: _by_layer(cursor.fetchall())


def _by_layer(rows: Iterable[dict[str, Any]]) -> tuple[Versions, Versions]:
    """The versions in rows of the query `in_force`: those to measure with, and those for showing only."""
    found: tuple[Versions, Versions] = {}, {}
    for row in rows:
        versions = found[row.pop("display_only")]
        versions[row["layer"]] = DatasetVersion(**row)
    return found


def history(conn: Connection, layer: str) -> list[VersionRecord]:
    """Return all versions of a layer, the newest import first; raise UnknownLayerError for an unknown layer."""
    return _records(conn, layer=catalog_layer(layer).id, version_id=None)


def get(conn: Connection, version_id: int) -> VersionRecord:
    """Return one version; raise UnknownVersionError where there is none."""
    found = _records(conn, layer=None, version_id=version_id)
    if not found:
        raise UnknownVersionError(f"没有数据版本 {version_id}。")
    return found[0]


def _records(conn: Connection, *, layer: str | None, version_id: int | None) -> list[VersionRecord]:
    own = ("status", "checksum", "disjoint", "epsg", "qa", "created_at", "display_only")
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["history"], {"layer": layer, "id": version_id}).fetchall()
    return [VersionRecord(**{name: row.pop(name) for name in own}, dataset=DatasetVersion(**row)) for row in rows]


def locked(conn: Connection, version_id: int, *, wanted: str) -> dict[str, Any]:
    """Lock the version's layer for this transaction; return how the version stands. Raises PublishConflictError, VersionStateError."""
    layer = _standing(conn, version_id)["layer"]
    if not _one(conn, "lock_layer", {"layer": layer})[0]:
        raise PublishConflictError(f"图层“{catalog_layer(layer).title}”正在发布另一个版本，请稍后再试。")
    found = _standing(conn, version_id)
    if found["status"] != wanted:
        raise VersionStateError(f"数据版本 {version_id} 的状态是 {found['status']}，不是 {wanted}。")
    return found


def _standing(conn: Connection, version_id: int) -> dict[str, Any]:
    with conn.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(SQL["standing"], {"id": version_id}).fetchone()
    if found is None:
        raise UnknownVersionError(f"没有数据版本 {version_id}。")
    return found


def moment_of_change(conn: Connection, layer: str, at: datetime | None = None) -> datetime:
    """Return `at` or this moment; raise VersionStateError where the layer changed later: what was known then is not rewritten."""
    moment = at or _clock(conn)[0]
    with database.seeing_all(conn):
        last = _one(conn, "last_change", {"layer": layer})[0]
    if last is not None and moment < last:
        raise VersionStateError(f"发布或撤回的时间 {moment.isoformat()} 早于该图层上一次变更 {last.isoformat()}。")
    return moment


def _clock(conn: Connection) -> tuple[datetime, date]:
    """This moment, and this day in China."""
    return cast(tuple[datetime, date], _one(conn, "clock", {}))


def _check_expected(conn: Connection, found: dict[str, Any], expected: Expected) -> None:
    now, today = _clock(conn)
    last_day = found["valid_to"] - timedelta(days=1) if found["valid_to"] else today
    day = max(found["valid_from"], min(today, last_day))
    kind = {"law_status": found["law_status"], "display_only": found["display_only"]}
    current = in_force(conn, valid_on=day, known_at=now, **kind).get(found["layer"])
    if (current.version if current else None) == expected.version:
        return
    none = "没有现行版本"
    basis, is_now = f"版本 {expected.version}" if expected.version else none, f"版本 {current.version}（{current.title}）" if current else none
    if current and not is_open_to(current.secrecy, max_secrecy=acting.current().secrecy):
        is_now = "高于您密级的版本"
    last = "".join(f"最近一次：{act.told}。" for act in version_acts.listed(conn, layer=found["layer"])[:1])
    title = catalog_layer(found["layer"]).title
    raise StaleBasisError(f"图层“{title}”在 {day} 的现行版本已不是你所依据的{basis}，而是{is_now}。{last}请核对差异后再发布。")


def _check_secrecy(layer: str, secrecy: str, max_secrecy: str) -> None:
    if not is_open_to(secrecy, max_secrecy=max_secrecy):
        raise SecrecyError(f"“{catalog_layer(layer).title}”的密级为 {secrecy}，本系统只允许到 {max_secrecy}，不能入库或发布。")


def _check_meta(meta: NewVersion) -> None:
    problems, area = [], meta.coverage
    if area is not None and (area.is_empty or not area.is_valid or shapely.get_dimensions(area) != 2):
        problems.append("完整范围（coverage）必须是有效的面")
    if meta.valid_to is not None and meta.valid_to <= meta.valid_from:
        problems.append("失效日期必须晚于生效日期")
    if meta.law_status not in LAW_STATUSES:
        problems.append(f"法律状态 {meta.law_status} 不在 {'、'.join(LAW_STATUSES)} 之中")
    problems.extend(f"缺少 {name}" for name in ("title", "authority", "source_name", "source_sha256") if not getattr(meta, name))
    if problems:
        raise DatasetRefusedError(problems=problems)


def _ground(data: Intake, coverage: BaseGeometry | None, checked: Checked | None) -> dict[str, Any]:
    """What is worked out from the geometries while they are being written: whether they are free of overlaps, where they are complete."""
    disjoint, union = tells_apart(data.geometries, checked)
    own = coverage or union
    if own is None:
        polygons = data.geometries[shapely.get_dimensions(data.geometries) == 2]
        own = shapely.coverage_union_all(polygons) if disjoint else shapely.union_all(polygons)
    return {"disjoint": disjoint, "coverage": shapely.to_wkb(own)}


def _one(conn: Connection, name: str, values: dict[str, Any]) -> tuple[Any, ...]:
    return cast(tuple[Any, ...], conn.execute(SQL[name], values).fetchone())
