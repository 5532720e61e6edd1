"""Comparisons of versions. Neither of two versions ever changes, so what was found is kept for those who turn the pages."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg

from api.shown import is_shown
from api.versions.entries import version_entry
from layers import catalog, comparison, versions
from layers.comparison import Change, Comparison, Detail
from layers.errors import UnknownVersionError
from layers.site_files.written import geometry_json

MOST_KEPT = 4


class Comparisons:
    """The comparisons asked for last; two people asking for the same one at the same time may both have it made."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, int], Comparison] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, conn: psycopg.Connection[Any], layer_id: str, before: int, after: int) -> Comparison:
        """Compare two versions of a layer that may be seen. Raises UnknownLayerError, UnknownVersionError, VersionStateError."""
        layer = catalog.layer(layer_id)
        older, newer = (versions.get(conn, number) for number in (before, after))
        for record in (older, newer):
            if record.dataset.layer != layer.id or not is_shown(record.dataset):
                raise UnknownVersionError(f"图层“{layer.title}”没有数据版本 {record.dataset.version}。")
        with self._lock:
            found = self._kept.get((before, after))
        if found is None:
            found = comparison.compare(conn, older, newer)
        with self._lock:
            self._kept[before, after] = found
            self._kept.move_to_end((before, after))
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return replace(found, before=older, after=newer)


def change_entry(found: Comparison, change: Change, detail: Detail) -> dict[str, Any]:
    """Write one change."""
    return {
        "kind": change.kind,
        "identifier_before": change.identifier_before,
        "identifier_after": change.identifier_after,
        "fields": detail.fields(change, found.layer),
        "geometry_changed": change.geometry_changed,
        "shift_m": change.shift_m,
        "area_before_m2": change.area_before_m2,
        "area_after_m2": change.area_after_m2,
        "geometry": geometry_json(detail.shape, epsg=found.after.epsg) if detail.shape is not None else None,
    }


def comparison_entry(
    conn: psycopg.Connection[Any], found: Comparison, *, kind: str | None, offset: int, limit: int, geometry: bool
) -> dict[str, Any]:
    """Write a comparison with one page of its changes."""
    chosen: Sequence[Change] = found.of_kind(kind)
    shown = chosen[offset : offset + limit]
    entries = [
        change_entry(found, change, detail)
        for change, detail in zip(shown, comparison.details(conn, found, shown, shapes=geometry), strict=True)
    ]
    return {
        "layer": found.layer.id,
        "before": version_entry(found.before),
        "after": version_entry(found.after),
        "counts": dict(found.counts),
        "total": len(chosen),
        "offset": offset,
        "limit": limit,
        "changes": entries,
    }
