"""Dataset versions: staged, published, withdrawn; which was in force, and known, when.

Two periods, both half-open. *Valid*: from `valid_from` up to, not including, `valid_to` the data describe the county. *Known*: from
`known_from` (publishing) up to `known_to` the bureau took them as right. Publishing ends the knowledge of every version whose
whole valid period the new one covers; an earlier survey stays known for the time before the new one begins. Where several
are valid on a day, the one published last counts.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

import geopandas as gpd
import psycopg
import shapely
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from layers import partitions
from layers.catalog import is_open_to
from layers.catalog import layer as catalog_layer
from layers.errors import (
    DatasetRefusedError,
    PublishConflictError,
    SecrecyError,
    UnknownVersionError,
    VersionStateError,
)
from layers.intake import Intake, prepare
from layers.sql import queries
from spatial.layer import DatasetVersion

SQL = queries("versions")

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, kw_only=True)
class NewVersion:
    """What is to be written down about a dataset. `valid_to` is the first day after.

    `coverage` (county CRS) is where the data are complete; without it no more is claimed than the features' own polygons.
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


def stage(
    conn: Connection,
    frame: gpd.GeoDataFrame,
    meta: NewVersion,
    *,
    epsg: int,
    max_secrecy: str = "internal",
    extent: BaseGeometry | None = None,
    notes: tuple[str, ...] = (),
) -> int:
    """Check and store a dataset as a staged version, which no reader sees yet; return its id.

    `frame` has catalogue field names and a CRS; `extent` is the county's outline in EPSG:`epsg`. Raises CrsError, SecrecyError, or
    DatasetRefusedError with every problem; nothing is stored then.
    """
    layer = catalog_layer(meta.layer)
    if not is_open_to(meta.secrecy, max_secrecy=max_secrecy):
        raise SecrecyError(f"“{layer.title}”的密级为 {meta.secrecy}，本系统只允许到 {max_secrecy}，不能入库。")
    _check_meta(meta)
    data = prepare(frame, layer, epsg=epsg, extent=extent)
    values = asdict(meta) | {
        "coverage": shapely.to_wkb(meta.coverage or _own_polygons(data)),
        "epsg": epsg,
        "code_system": meta.code_system or layer.code_system,
        "feature_count": len(data.geometries),
        "checksum": _checksum(data),
        "disjoint": data.disjoint,
        "qa": Jsonb({"notes": [*notes, *data.notes]}),
    }
    version_id = int(_one(conn, "add", values)[0])
    partitions.add(conn, version_id, data, epsg=epsg)
    return version_id


def publish(conn: Connection, version_id: int, *, at: datetime | None = None) -> None:
    """Make a staged version the known one from `at` (default: this moment) and close those it replaces.

    Raises PublishConflictError while another publication of the layer is under way, VersionStateError if the version is
    not staged or `at` lies before an earlier publication of the layer.
    """
    layer = _locked_layer(conn, version_id, wanted="staged")
    moment = at or _one(conn, "clock", {})[0]
    last = _one(conn, "last_change", {"layer": layer})[0]
    if last is not None and moment < last:
        raise VersionStateError(f"发布时间 {moment.isoformat()} 早于该图层上一次变更 {last.isoformat()}。")
    conn.execute(SQL["close_replaced"], {"id": version_id, "at": moment})
    conn.execute(SQL["open"], {"id": version_id, "at": moment})


def withdraw(conn: Connection, version_id: int, *, at: datetime | None = None) -> None:
    """Take back a published version: from `at` on it is no longer known. What it replaced does not come back by itself."""
    _locked_layer(conn, version_id, wanted="published")
    conn.execute(SQL["withdraw"], {"id": version_id, "at": at or _one(conn, "clock", {})[0]})


def discard_staged(conn: Connection, *, older_than: timedelta = timedelta(hours=6)) -> list[int]:
    """Remove staged versions that were never published, such as those an interrupted import left; return their ids."""
    ids = [int(row[0]) for row in conn.execute(SQL["leftovers"], {"older_than": older_than}).fetchall()]
    for version_id in ids:
        discard(conn, version_id)
    return ids


def discard(conn: Connection, version_id: int) -> None:
    """Remove a version that was staged and never published; raise VersionStateError for any other."""
    _locked_layer(conn, version_id, wanted="staged")
    conn.execute(SQL["delete_staged"], {"id": version_id})
    partitions.remove(conn, version_id)


def in_force(conn: Connection, *, valid_on: date, known_at: datetime) -> dict[str, DatasetVersion]:
    """Return by layer id the version valid on a day, as known at a moment. A layer without one is absent."""
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(SQL["in_force"], {"valid_on": valid_on, "known_at": known_at})
        return {row["layer"]: DatasetVersion(**row) for row in cursor}


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
    own = ("status", "checksum", "disjoint", "epsg", "qa", "created_at")
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(SQL["history"], {"layer": layer, "id": version_id}).fetchall()
    return [VersionRecord(**{name: row.pop(name) for name in own}, dataset=DatasetVersion(**row)) for row in rows]


def _locked_layer(conn: Connection, version_id: int, *, wanted: str) -> str:
    row = conn.execute(SQL["layer_and_status"], {"id": version_id}).fetchone()
    if row is None:
        raise UnknownVersionError(f"没有数据版本 {version_id}。")
    layer = str(row[0])
    if not _one(conn, "lock_layer", {"layer": layer})[0]:
        raise PublishConflictError(f"图层“{catalog_layer(layer).title}”正在发布另一个版本，请稍后再试。")
    status = _one(conn, "layer_and_status", {"id": version_id})[1]
    if status != wanted:
        raise VersionStateError(f"数据版本 {version_id} 的状态是 {status}，不是 {wanted}。")
    return layer


def _check_meta(meta: NewVersion) -> None:
    problems = []
    area = meta.coverage
    if area is not None and (area.is_empty or not area.is_valid or shapely.get_dimensions(area) != 2):
        problems.append("完整范围（coverage）必须是有效的面")
    if meta.valid_to is not None and meta.valid_to <= meta.valid_from:
        problems.append("失效日期必须晚于生效日期")
    problems.extend(f"缺少 {name}" for name in ("title", "authority", "source_name", "source_sha256") if not getattr(meta, name))
    if problems:
        raise DatasetRefusedError(problems=problems)


def _own_polygons(data: Intake) -> BaseGeometry:
    polygons = data.geometries[shapely.get_dimensions(data.geometries) == 2]
    if not len(polygons):
        raise DatasetRefusedError("数据中没有面，不能由要素得出完整范围：请说明数据在哪个范围内是完整的。")
    merged: BaseGeometry = shapely.coverage_union_all(polygons) if data.disjoint else shapely.union_all(polygons)
    return merged


def _checksum(data: Intake) -> str:
    """SHA-256 over attributes and geometry (WKB) of all rows in order."""
    digest = hashlib.sha256()
    for attributes, geometry in zip(data.attributes, shapely.to_wkb(data.geometries), strict=True):
        digest.update(attributes)
        digest.update(geometry)
    return digest.hexdigest()


def _one(conn: Connection, name: str, values: dict[str, Any]) -> tuple[Any, ...]:
    return cast(tuple[Any, ...], conn.execute(SQL[name], values).fetchone())
