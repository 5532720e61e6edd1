"""Datasets into the store: one file at a time, or the many layers of a county at once over several connections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import psycopg
import shapely
from shapely.geometry.base import BaseGeometry

from layers import files, snapshot, versions
from layers.catalog import CatalogLayer
from layers.catalog import layer as catalog_layer
from layers.database import connect
from layers.errors import DatasetRefusedError
from layers.versions import NewVersion

Connection = psycopg.Connection[Any]

Progress = Callable[[float, str], None]
"""Called with the share done (0–1) and a line of text."""


@dataclass(frozen=True, kw_only=True)
class Description:
    """What an importer says about a file; what is left out is taken from the file and the catalogue.

    `coverage` is where the data are complete: `features` claims no more than the polygons themselves, `county` the whole
    county layer in force, or a polygon in EPSG:`epsg` of the store. `valid_from` is the survey date, else today.
    """

    authority: str = "未注明"
    title: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    survey_date: date | None = None
    code_system: str | None = None
    secrecy: str | None = None
    law_status: str = "in_force"
    synthetic: bool = False
    coverage: BaseGeometry | Literal["features", "county"] = "features"


def import_file(
    conn: Connection,
    path: Path,
    *,
    epsg: int,
    layer: str | None = None,
    description: Description | None = None,
    source_epsg: int | None = None,
    source_layer: str | None = None,
    encoding: str | None = None,
    max_secrecy: str = "internal",
    progress: Progress | None = None,
) -> int:
    """Read a file and stage it as a new version, in the caller's transaction; return the version's id.

    `epsg` is the store's CRS, `source_epsg` stands in for a CRS missing in the file. Features outside the county layer in force
    are refused. Raises what `files.read` and `versions.stage` raise.
    """
    tell = progress or _silent
    tell(0.0, f"读取 {path.name}")
    entry, frame, source = files.read(path, layer=layer, source_layer=source_layer, encoding=encoding, epsg=source_epsg)
    tell(0.4, f"检查并写入“{entry.title}”{len(frame):,} 个要素")
    county = None if entry.id == "county" else _county(conn, epsg)
    meta = _meta(entry, source, description or Description(), county)
    notes = (f"坐标系 {source.crs}", *source.notes)
    version = versions.stage(conn, frame, meta, epsg=epsg, max_secrecy=max_secrecy, extent=county, notes=notes)
    tell(1.0, f"“{entry.title}”已入库，版本 {version}")
    return version


def load_frames(
    url: str,
    datasets: Sequence[tuple[gpd.GeoDataFrame, NewVersion]],
    *,
    epsg: int,
    at: datetime | None = None,
    connections: int = 2,
    max_secrecy: str = "internal",
    progress: Progress | None = None,
) -> dict[str, int]:
    """Stage many layers over several connections, then publish them in one transaction; return version ids by layer.

    If one is refused none is published, and those staged already are removed again.
    """
    total = sum(len(frame) for frame, _ in datasets) or 1
    tell = progress or _silent
    staged: dict[str, int] = {}
    done = 0
    largest_first = sorted(datasets, key=lambda dataset: -len(dataset[0]))
    with ThreadPoolExecutor(connections) as workers:
        futures = {workers.submit(_stage_alone, url, *dataset, epsg, max_secrecy): dataset for dataset in largest_first}
        try:
            for future in as_completed(futures):
                frame, meta = futures[future]
                staged[meta.layer] = future.result()
                done += len(frame)
                tell(0.98 * done / total, f"“{catalog_layer(meta.layer).title}”{len(frame):,} 个要素已入库")
        except BaseException:
            workers.shutdown(cancel_futures=True)
            _remove(url, [future.result() for future in futures if future.done() and not future.cancelled() and not future.exception()])
            raise
    with connect(url) as conn:
        for version in staged.values():
            versions.publish(conn, version, at=at)
    tell(1.0, f"{len(staged)} 个图层已发布")
    return staged


def _stage_alone(url: str, frame: gpd.GeoDataFrame, meta: NewVersion, epsg: int, max_secrecy: str) -> int:
    with connect(url) as conn:
        return versions.stage(conn, frame, meta, epsg=epsg, max_secrecy=max_secrecy)


def _remove(url: str, staged: Sequence[int]) -> None:
    with connect(url) as conn:
        for version in staged:
            versions.discard(conn, version)


def _county(conn: Connection, epsg: int) -> BaseGeometry | None:
    """The outline of the county layer in force now, or None."""
    now = datetime.now(UTC)
    found = versions.in_force(conn, valid_on=now.date(), known_at=now)
    layers = snapshot.load(conn, found, epsg=epsg, only=["county"])
    return shapely.union_all(layers["county"].features) if "county" in layers else None


def _meta(entry: CatalogLayer, source: files.SourceInfo, description: Description, county: BaseGeometry | None) -> NewVersion:
    return NewVersion(
        layer=entry.id,
        title=description.title or f"{entry.title}（{source.name}）",
        authority=description.authority,
        valid_from=description.valid_from or description.survey_date or datetime.now(UTC).date(),
        valid_to=description.valid_to,
        survey_date=description.survey_date,
        code_system=description.code_system,
        secrecy=description.secrecy or entry.secrecy,
        law_status=description.law_status,
        synthetic=description.synthetic,
        source_name=source.name,
        source_sha256=source.sha256,
        coverage=_coverage(description, county),
    )


def _coverage(description: Description, county: BaseGeometry | None) -> BaseGeometry | None:
    if description.coverage == "features":
        return None
    if description.coverage != "county":
        return description.coverage
    if county is None:
        raise DatasetRefusedError("还没有县界图层：先导入县界，或直接给出完整范围。")
    return county


def _silent(share: float, text: str) -> None:
    """Tell nobody."""
