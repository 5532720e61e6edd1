"""Two versions of a layer compared: what came, what went, what changed in its attributes or its shape, what has another identifier.

Features are paired by identifier. Shapes that lie within 0.1 mm of each other are the same, however they were written (other first
corner, other direction, corners on straight edges). A feature that went and one that came in the very same shape are one, re-coded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import shapely
from psycopg import sql

from layers.catalog import CatalogLayer
from layers.catalog import layer as catalog_layer
from layers.errors import VersionStateError
from layers.sql import queries
from layers.versions import VersionRecord

SQL = queries("comparison")

Connection = psycopg.Connection[Any]

TOLERANCE_M = 0.0001

KINDS = ("changed", "recoded", "added", "removed")
KIND_LABELS = {"added": "新增", "removed": "删除", "changed": "变更", "recoded": "更换编号", "unchanged": "未变"}


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one feature. Areas and `shift_m` (of the centroid; None where the shape is the same) in the store's CRS."""

    kind: str
    before_fid: int | None
    after_fid: int | None
    identifier_before: str | None
    identifier_after: str | None
    attributes_changed: bool
    geometry_changed: bool
    shift_m: float | None
    area_before_m2: float | None
    area_after_m2: float | None


@dataclass(frozen=True)
class Comparison:
    """All changes from one version to another, by kind and identifier, and how many features fared how."""

    before: VersionRecord
    after: VersionRecord
    changes: tuple[Change, ...]
    counts: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        kinds = Counter(change.kind for change in self.changes)
        changed = [change for change in self.changes if change.kind == "changed"]
        kept = self.before.dataset.feature_count - kinds["removed"] - kinds["recoded"] - kinds["changed"]
        object.__setattr__(self, "counts", {
            "before": self.before.dataset.feature_count,
            "after": self.after.dataset.feature_count,
            "unchanged": kept,
            **{kind: kinds[kind] for kind in KINDS},
            "attributes_changed": sum(change.attributes_changed for change in changed),
            "geometry_changed": sum(change.geometry_changed for change in changed),
        })  # fmt: skip

    @property
    def layer(self) -> CatalogLayer:
        """The layer both are versions of."""
        return catalog_layer(self.before.dataset.layer)

    def of_kind(self, kind: str | None) -> Sequence[Change]:
        """The changes of one kind, or all."""
        return self.changes if kind is None else [change for change in self.changes if change.kind == kind]


@dataclass(frozen=True)
class Detail:
    """The attributes of a feature before and after, {} where it was or is not there, and its shape (the later one) if asked for."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    shape: Any = None

    def fields(self, change: Change, layer: CatalogLayer) -> list[dict[str, Any]]:
        """The attributes that differ, `name, title, before, after`; of what came or went, and of the identifier, none."""
        if not change.attributes_changed:
            return []
        names = [name for name in layer.fields if name != layer.identifier and self.before.get(name) != self.after.get(name)]
        return [
            {"name": name, "title": layer.fields[name].title, "before": self.before.get(name), "after": self.after.get(name)} for name in names
        ]


def compare(conn: Connection, before: VersionRecord, after: VersionRecord) -> Comparison:
    """Compare two versions of one layer; raises VersionStateError for versions of different layers or coordinate systems."""
    if before.dataset.layer != after.dataset.layer:
        raise VersionStateError(f"版本 {before.dataset.version} 和 {after.dataset.version} 不是同一图层的版本，不能比较。")
    if before.epsg != after.epsg:
        raise VersionStateError(f"版本 {before.dataset.version} 存于 EPSG:{before.epsg}，版本 {after.dataset.version} 存于 EPSG:{after.epsg}，不能比较。")
    values = {
        "before": before.dataset.version,
        "after": after.dataset.version,
        "tolerance": TOLERANCE_M,
        "identifier": catalog_layer(before.dataset.layer).identifier,
    }
    conn.execute(SQL["plain_plan"])
    rows = conn.execute(SQL["differing"].format(same=_same("b", "a")), values, prepare=False).fetchall()
    recoded = _recoded(conn, rows, values)
    fates = [("recoded", *pair, False) for pair in recoded] + _fates(rows, recoded)
    numbers = _numbers(conn, fates, values)
    changes = [
        Change(*fate[:3], identifier_before, identifier_after, bool(attributes), fate[3], *measured)
        for fate, (identifier_before, identifier_after, attributes, *measured) in zip(fates, numbers, strict=True)
    ]
    return Comparison(before, after, tuple(sorted(changes, key=_order)))


def _recoded(conn: Connection, rows: Sequence[tuple[Any, ...]], values: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Pair what went with what came in the same place; of several in one place the first with the first, and so on."""
    went = [b_fid for b_fid, a_fid, *_ in rows if a_fid is None]
    came = {a_fid for b_fid, a_fid, *_ in rows if b_fid is None}
    if not went or not came:
        return []
    found = conn.execute(SQL["same_place"].format(same=_same("b", "n")), {**values, "went": went}, prepare=False).fetchall()
    pairs, taken_b, taken_a = [], set(), set()
    for b_fid, a_fid in found:
        if a_fid in came and a_fid not in taken_a and b_fid not in taken_b:
            pairs.append((b_fid, a_fid))
            taken_b.add(b_fid)
            taken_a.add(a_fid)
    return pairs


def _fates(rows: Sequence[tuple[Any, ...]], recoded: Sequence[tuple[int, int]]) -> list[tuple[str, int | None, int | None, bool]]:
    gone, new = {pair[0] for pair in recoded}, {pair[1] for pair in recoded}
    return [
        ("added" if b_fid is None else "removed" if a_fid is None else "changed", b_fid, a_fid, bool(moved))
        for b_fid, a_fid, _, moved in rows
        if not (a_fid is None and b_fid in gone) and not (b_fid is None and a_fid in new)
    ]


def _numbers(conn: Connection, fates: Sequence[tuple[str, int | None, int | None, bool]], values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    _, b_fids, a_fids, moved = (list(column) for column in zip(*fates, strict=True)) if fates else ([], [], [], [])
    asked = {**values, "b_fids": b_fids, "a_fids": a_fids, "moved": moved}
    return conn.execute(SQL["numbers"], asked, prepare=False).fetchall()


def _order(change: Change) -> tuple[int, str]:
    return KINDS.index(change.kind), change.identifier_after or change.identifier_before or ""


def details(conn: Connection, found: Comparison, changes: Sequence[Change], *, shapes: bool = False) -> list[Detail]:
    """Read the attributes, and if asked for the shapes (in the store's CRS), behind some of the changes, in their order."""
    values = {
        "before": found.before.dataset.version,
        "after": found.after.dataset.version,
        "b_fids": [change.before_fid for change in changes],
        "a_fids": [change.after_fid for change in changes],
        "shapes": shapes,
    }
    rows = conn.execute(SQL["details"], values, prepare=False).fetchall()
    return [Detail(before or {}, after or {}, shapely.from_wkb(wkb) if wkb else None) for _, before, after, wkb in rows]


def _same(before: str, after: str) -> sql.Composed:
    """The condition that two shapes are the same, of two tables named in the query."""
    return SQL["same"].format(before=sql.Identifier(before, "geom"), after=sql.Identifier(after, "geom"))
