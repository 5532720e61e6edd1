"""What the pages of layers show: the catalogue, and one layer's versions with all that is written down about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from api.pages import ROLE_LABELS
from api.shown import is_listed, is_shown, shown
from api.versions.entries import LAW_STATUS_LABELS, SECRECY_LABELS, STATUS_LABELS
from layers import catalog, coverage, version_acts, versions
from layers.version_acts import VersionAct
from layers.versions import VersionRecord
from spatial.layer import DatasetVersion

Connection = psycopg.Connection[Any]

LEVEL_LABELS = {"error": "错误", "warning": "警告", "note": "提示"}
MOST_COVERAGES = 12
"""The coverages of so many versions, the newest, are drawn."""


@dataclass(frozen=True, kw_only=True)
class HistoryRow:
    """One version with the acts on it, the latest first; `previous` is the version to compare it with."""

    record: VersionRecord
    status_label: str
    secrecy_label: str
    law_status: str
    law_status_label: str
    acts: tuple[VersionAct, ...]
    previous: int | None
    checked: list[str]
    repairs: list[str]


def catalogue_rows(in_force: Mapping[str, DatasetVersion]) -> list[dict[str, Any]]:
    """The layers that may be seen, each with the version in force or None."""
    seen = shown(in_force)
    return [
        {
            "layer": layer,
            "role_label": ROLE_LABELS.get(layer.role, layer.role),
            "dataset": seen.get(layer.id),
            "secrecy_label": SECRECY_LABELS[seen[layer.id].secrecy if layer.id in seen else layer.secrecy],
            "law_status_label": LAW_STATUS_LABELS[seen[layer.id].law_status] if layer.id in seen else None,
        }
        for layer in catalog.catalog().values()
        if is_listed(layer, seen)
    ]


def history_rows(conn: Connection, layer_id: str) -> list[HistoryRow]:
    """Every version of a layer that may be seen, the newest first."""
    records = [record for record in versions.history(conn, layer_id) if is_shown(record.dataset)]
    acts = version_acts.listed(conn, layer=layer_id)
    return [_row(record, records[place + 1 :], acts) for place, record in enumerate(records)]


def coverages(conn: Connection, rows: list[HistoryRow]) -> list[tuple[int, str, dict[str, Any]]]:
    """Where the newest versions are complete, for the map."""
    newest = [row.record.dataset for row in rows[:MOST_COVERAGES]]
    return [(dataset.version, dataset.title, coverage.outline(conn, dataset.version)) for dataset in newest]


def _row(record: VersionRecord, older: list[VersionRecord], acts: list[VersionAct]) -> HistoryRow:
    own = tuple(act for act in acts if act.version == record.dataset.version)
    declared = next((act.law_status for act in own if act.law_status), record.dataset.law_status)
    return HistoryRow(
        record=record,
        status_label=STATUS_LABELS[record.status],
        secrecy_label=SECRECY_LABELS[record.dataset.secrecy],
        law_status=declared or record.dataset.law_status,
        law_status_label=LAW_STATUS_LABELS[declared or record.dataset.law_status],
        acts=own,
        previous=next((item.dataset.version for item in older if item.epsg == record.epsg), None),
        checked=_checked(record.qa),
        repairs=_repaired(record.qa),
    )


def _checked(qa: Mapping[str, Any]) -> list[str]:
    """What the acceptance check found and what was noted at the intake, as far as it is written down."""
    report = qa.get("report") or {}
    counts = report.get("counts") or {}
    found = "，".join(f"{LEVEL_LABELS[name]} {counts[name]} 处" for name in LEVEL_LABELS if name in counts)
    not_made = sum(item.get("status") == "not_made" for item in report.get("checks") or [])
    told = [f"质检：{found}" + (f"；{not_made} 项检查未能进行" if not_made else "")] if found else []
    return [*told, *(str(note) for note in qa.get("notes", []))]


def _repaired(qa: Mapping[str, Any]) -> list[str]:
    """The repairs of each kind: how many, and what was done to the first."""
    return [f"{item['id']} {item['count']} 处，例如{_first(item['rows'])}" for item in qa.get("repairs", [])]


def _first(rows: list[list[Any]]) -> str:
    return next((str(message) for _, _, message in rows), "未记录")
