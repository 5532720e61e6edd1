"""Layer files as uploads and from the command line: staged, and published if asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from api.settings import Settings
from layers import loader, versions
from layers.loader import Description

Report = Callable[[float, str], None]


def import_layer(
    conn: psycopg.Connection[Any],
    file: Path,
    settings: Settings,
    *,
    description: Description,
    layer: str | None = None,
    source_layer: str | None = None,
    source_epsg: int | None = None,
    encoding: str | None = None,
    publish: bool = False,
    report: Report,
) -> dict[str, Any]:
    """Import a file as a new version, in the caller's transaction, and say what came of it."""
    version_id = loader.import_file(
        conn,
        file,
        epsg=settings.epsg,
        layer=layer,
        description=description,
        source_epsg=source_epsg,
        source_layer=source_layer,
        encoding=encoding,
        max_secrecy=settings.max_secrecy,
        progress=report,
    )
    if publish:
        versions.publish(conn, version_id)
    record = versions.get(conn, version_id)
    told = {"layer": record.dataset.layer, "version": version_id, "title": record.dataset.title, "status": record.status}
    return told | {"features": record.dataset.feature_count, "sha256": record.dataset.source_sha256, "notes": record.qa.get("notes", [])}
