"""What the pages show, read from the store and kept for as long as it stays true: versions and runs never change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import geopandas as gpd
import orjson
from psycopg_pool import ConnectionPool

from api.reach import check_within_reach
from api.settings import Settings
from api.shown import is_listed, shown
from api.snapshots import InForce, Snapshots
from layers import checks, classifications
from layers.acting import as_service
from layers.catalog import CatalogLayer, catalog
from layers.maps.outline import Outline, outline
from layers.maps.overlays import Overlay
from spatial.applications import PROPERTIES, Property
from spatial.layer import DatasetVersion, Layer
from spatial.permit import VERDICT_LABELS

ROLE_LABELS = {"base": "基础", "survey": "调查", "control": "管控", "plan": "规划", "cadastre": "权籍", "hazard": "灾害"}
PER_PAGE = 50

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class VillageRow:
    """One village with its proposed type; `type` None before the first classification."""

    code: str
    name: str
    town: str
    type: str | None
    type_label: str
    conflict: bool
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Typing:
    """A classification run as a page shows it, with the villages in order of their codes."""

    villages: tuple[VillageRow, ...]
    run: classifications.Run | None

    @property
    def types(self) -> dict[str, str]:
        """Type by village code, of those that have one."""
        return {village.code: village.type for village in self.villages if village.type}


class Pages:
    """Reads what pages need. Light outlines and typings are made once for each version or run, and a few are kept."""

    kept = 8

    def __init__(self, pool: ConnectionPool[Any], snapshots: Snapshots, settings: Settings) -> None:
        self.pool = pool
        self.snapshots = snapshots
        self.settings = settings
        self._made: dict[Hashable, Any] = {}
        self._lock = threading.Lock()

    def layers(self, seen: InForce) -> list[dict[str, Any]]:
        """The state of every layer of the catalogue that may be seen."""
        found = shown(seen.versions)
        return [self._layer_state(layer, found.get(layer.id)) for layer in catalog().values() if is_listed(layer, found)]

    def _layer_state(self, entry: CatalogLayer, dataset: DatasetVersion | None) -> dict[str, Any]:
        state = {"id": entry.id, "title": entry.title, "role_label": ROLE_LABELS.get(entry.role, entry.role), "loaded": dataset is not None}
        if dataset is None:
            return state
        names = ("version", "authority", "valid_from", "survey_date", "feature_count", "synthetic")
        return state | {name: getattr(dataset, name) for name in names}

    def overlays(self, seen: InForce, *, ids: tuple[str, ...], on: tuple[str, ...] = ()) -> tuple[Overlay, ...]:
        """Catalogue layers to be switched on a map, in the order given; data for showing only stand in where there are no others."""
        versions = shown(seen.versions)
        instead = {name: dataset for name, dataset in shown(seen.display_only).items() if name not in versions}
        drawn = {**instead, **versions}
        return tuple(
            Overlay(
                layer=catalog()[name],
                version_id=drawn[name].version if name in drawn else None,
                on=name in on and name not in instead,
                display_only=name in instead,
            )
            for name in ids
        )

    def outline(self, seen: InForce) -> Outline | None:
        """The villages as light shapes; None while the layer is not loaded, empty, or not to be seen."""
        dataset = shown(seen.versions).get("village")
        if dataset is None or dataset.feature_count == 0:
            return None
        return self.once(("outline", dataset.version), lambda: outline(village_frame(self._village_layer(seen))))

    def typing(self, seen: InForce) -> Typing:
        """The villages with the types of the run that counts."""
        dataset = shown(seen.versions).get("village")
        if dataset is None:
            return Typing(villages=(), run=None)
        return self.once(("typing", dataset.version, seen.run_id), lambda: self._typing(seen))

    def check(self, check_id: UUID) -> checks.StoredCheck:
        """One stored check; raises UnknownRecordError."""
        with self.pool.connection() as conn:
            return check_within_reach(conn, check_id)

    def checks(self, *, verdict: str | None, page: int) -> tuple[list[checks.CheckSummary], dict[str, int]]:
        """One page of stored checks, newest first, and how many there are of each verdict."""
        with self.pool.connection() as conn:
            found = checks.latest(conn, limit=PER_PAGE, offset=(page - 1) * PER_PAGE, verdict=verdict)
            return found, checks.count_by_verdict(conn)

    def figures(self, seen: InForce) -> dict[str, int | None]:
        """The counts of the start page; None is not known, never zero."""
        count = {name: dataset.feature_count for name, dataset in shown(seen.versions).items()}
        typed = sum(slug != "undetermined" for slug in self.typing(seen).types.values()) if seen.run_id else None
        with self.pool.connection() as conn:
            stored = sum(checks.count_by_verdict(conn).values())
        own = {"villages": count.get("village"), "towns": count.get("town"), "buildings": count.get("building")}
        return own | {"typed": typed, "checks": stored, "layers_loaded": len(count), "layers_total": len(catalog())}

    def _village_layer(self, seen: InForce) -> Layer:
        wanted = {"village": seen.versions["village"]}
        held = self.snapshots.layers(wanted)
        if held is None:
            with as_service(), self.pool.connection() as conn:
                held = self.snapshots.load(wanted, conn)
        return held["village"]

    def _typing(self, seen: InForce) -> Typing:
        run, reports = None, {}
        if seen.run_id is not None:
            with as_service(), self.pool.connection() as conn:
                run = classifications.get(conn, seen.run_id)
                reports = {item.village_code: orjson.loads(item.report) for item in classifications.results(conn, seen.run_id)}
        frame = village_frame(self._village_layer(seen)).sort_values("code")
        rows = zip(frame["code"], frame["name"], frame["town"], strict=True)
        return Typing(villages=tuple(_village_row(*row, reports.get(row[0], {})) for row in rows), run=run)

    def once(self, key: Hashable, make: Callable[[], Found]) -> Found:
        """Make something once for a key that names everything it depends on."""
        with self._lock:
            if key not in self._made:
                while len(self._made) >= self.kept:
                    self._made.pop(next(iter(self._made)))
                self._made[key] = make()
            found: Found = self._made[key]
            return found


def village_frame(layer: Layer) -> gpd.GeoDataFrame:
    """The village layer under the names the maps use: `code, name, town_code, town`; removed villages are left out."""
    names = {"code": "ZLDWDM", "name": "ZLDWMC", "town_code": "XZQDM", "town": "XZQMC"}
    columns: dict[str, Any] = {name: layer.attributes[field] for name, field in names.items()}
    frame = gpd.GeoDataFrame(columns, geometry=layer.features, crs=f"EPSG:{layer.epsg}")
    status = layer.attributes.get("status")
    return frame if status is None else frame[status != "removed"].reset_index(drop=True)


def application_rows(properties: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was applied for, in Chinese; a property not stated says so."""
    return [(item.title, _stated(properties.get(name), item)) for name, item in PROPERTIES.items()]


def verdict_counts(counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """Verdicts worst first with label and count."""
    return [(verdict, label, counts.get(verdict, 0)) for verdict, label in VERDICT_LABELS.items()]


_SUFFIXES = {"m2": " ㎡", "m": " 米"}


def _stated(value: Any, item: Property) -> str:
    if value is None:
        return "未填"
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"{item.choices.get(str(value), value)}{_SUFFIXES.get(item.unit or '', '')}"


def _village_row(code: str, name: str, town: str, report: Mapping[str, Any]) -> VillageRow:
    label = report.get("village_type_label") or ("暂不分类" if report else "尚未分类")
    conflict = bool(report.get("conflict"))
    return VillageRow(
        code=code, name=name, town=town, type=report.get("village_type"), type_label=label, conflict=conflict, reason=report.get("reason")
    )
