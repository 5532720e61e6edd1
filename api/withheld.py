"""Reports as whoever asks may see them.

A verdict and a village's type rest on all data, whoever asks. Of a version above somebody's level a report tells them that it was used, and of
what was found with it the outcome: neither its title and origin, nor values, places and features.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
import psycopg

from api.errors import ForbiddenError
from layers import visibility
from spatial.layer_titles import layer_title

Report = Mapping[str, Any]
Hidden = frozenset[int]

STATE = {"state": "withheld", "state_label": "已使用，高于您席位的密级"}
INSTEAD = "依据的数据高于您席位的密级，只告知结果"
IN_PLACES = ("slivers", "touching", "split")


def numbers(datasets: Iterable[Report]) -> set[int]:
    """Return the numbers of the versions that a report's list of datasets names."""
    return {item["version"] for item in datasets if item.get("version")}


def hidden_of(conn: psycopg.Connection[Any], datasets: Iterable[Report]) -> Hidden:
    """Return those of the versions named that whoever acts may not see."""
    return visibility.unseen(conn, numbers(datasets))


def refuse_hidden(conn: psycopg.Connection[Any], used: Iterable[int], what: str) -> None:
    """Raise ForbiddenError where something that cannot be told in part rests on a version that whoever acts may not see."""
    if visibility.unseen(conn, set(used)):
        raise ForbiddenError(f"{what}依据的数据高于您席位的密级，请由有权的席位办理。")


def report_bytes(conn: psycopg.Connection[Any], report: bytes, datasets: Iterable[Report]) -> bytes:
    """Return the report of a check for whoever acts: as it is, where they may see all that it rests on."""
    hidden = hidden_of(conn, datasets)
    return orjson.dumps(check_report(orjson.loads(report), hidden), option=orjson.OPT_SORT_KEYS) if hidden else report


def check_report(report: Report, hidden: Hidden) -> dict[str, Any]:
    """Return the report of a check without what is hidden."""
    if not hidden:
        return dict(report)
    shown = {**report, "datasets": states(report["datasets"], hidden), "findings": [_finding(item, hidden) for item in report["findings"]]}
    site = report.get("site")
    return shown | ({"site": _site(site, hidden, report["subject"]["area_m2"])} if site else {})


def differences(entries: Iterable[Report], hidden: Hidden) -> list[dict[str, Any]]:
    """Return what differs between two reports without what is hidden."""
    sides = ("before", "after")
    return [{**entry, **{side: _finding({"title": entry["title"], **entry[side]}, hidden) for side in sides if entry[side]}} for entry in entries]


def hidden_rules(report: Report, hidden: Hidden) -> set[str]:
    """Return the keys of the rules whose findings rest on what is hidden."""
    return {str(item["rule_id"]) + (item.get("branch") or "") for item in report["findings"] if _rests_on(item, hidden)}


def states(datasets: Iterable[Report], hidden: Hidden) -> list[dict[str, Any]]:
    """Return a list of datasets in which of those hidden only the layer is named."""
    return [
        {"layer": item["layer"], "title": layer_title(item["layer"]), **STATE} if item.get("version") in hidden else dict(item) for item in datasets
    ]


def village_report(report: Report, hidden: Hidden) -> dict[str, Any]:
    """Return the report on a village's type without what is hidden; area and score are measured on several layers."""
    if not hidden:
        return dict(report)
    return {**report, "footprint_m2": None, "score": None, "evidence": [_evidence(item, hidden) for item in report["evidence"]]}


def _rests_on(item: Report, hidden: Hidden) -> bool:
    dataset = item.get("dataset")
    return dataset is not None and dataset.get("version") in hidden


def _finding(item: Report, hidden: Hidden) -> dict[str, Any]:
    if not _rests_on(item, hidden):
        return dict(item)
    without = dict.fromkeys(name for name in ("measured", "threshold", "margin", "geometry", "dataset", "plain") if name in item)
    return {**item, **without, "message": f"{item['title']}：{INSTEAD}。"}


def _site(site: Report, hidden: Hidden, area_m2: float) -> dict[str, Any]:
    shown = {**site, **{name: [item for item in site.get(name, ()) if item.get("version") not in hidden] for name in IN_PLACES}}
    if (site.get("land_taken") or {}).get("version") in hidden:
        shown["land_taken"] = {**STATE, "classes": [], "unknown_m2": area_m2, "conversion_m2": None, "conversion_ha": None}
    return shown


def _evidence(item: Report, hidden: Hidden) -> dict[str, Any]:
    if not any(_rests_on(part, hidden) for part in item["conditions"]):
        return dict(item)
    nothing: dict[str, Any] = {"value": None, "value_label": "不公开", "margin": None, "dataset": None, "reason": None}
    parts = [{**part, **nothing} if _rests_on(part, hidden) else dict(part) for part in item["conditions"]]
    words = "、".join(f"{part['label']} {part['value_label']}（{part['test']}）" for part in parts)
    return {**item, "conditions": parts, "message": f"{str(item['message']).partition('：')[0]}：{words}"}
