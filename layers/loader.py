"""Datasets into the store: one file at a time, or the many layers of a county at once over several connections."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg

from layers import acceptance, ahead, delivery_steps, versions
from layers.catalog import layer as catalog_layer
from layers.database import connect
from layers.delivery_choice import Choice
from layers.descriptions import Description
from layers.versions import NewVersion
from layers.work_progress import Progress, part, silent

Connection = psycopg.Connection[Any]

EVERYTHING_RECOGNISED = Choice()
NOTHING_STATED = Description()


def import_file(
    conn: Connection,
    path: Path,
    *,
    epsg: int,
    choice: Choice = EVERYTHING_RECOGNISED,
    description: Description = NOTHING_STATED,
    repairs: Sequence[str] = (),
    max_secrecy: str = "internal",
    progress: Progress | None = None,
) -> int:
    """Recognise, check, repair and stage a file as a new version, in the caller's transaction; return the version's id.

    `epsg` is the store's CRS. Raises OpenQuestionsError where anything is unclear, FindingsLeftError where the acceptance check left an
    error, and what the reader and `versions.stage` raise; nothing is stored then.
    """
    tell = progress or silent
    covers = description.coverage
    with conn.transaction():
        examined, written = ahead.examine(conn, path, choice, covers=covers, epsg=epsg, write=not repairs, progress=part(tell, 0.0, 0.6))
        mended = acceptance.mend(conn, examined, repairs, progress=part(tell, 0.6, 0.8))
        title = mended.layer.title
        tell(0.8, f"写入“{title}”{len(mended.frame):,} 个要素")
        version = delivery_steps.stage_examined(conn, mended, description, max_secrecy=max_secrecy, written=written)
    tell(1.0, f"“{title}”已入库，版本 {version}")
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
    tell = progress or silent
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
