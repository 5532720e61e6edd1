"""Repairs that were chosen: each touches only the rows it was offered for, and is written down row by row."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.catalog import CatalogLayer
from layers.errors import UnknownRecordError
from layers.hollow import without_empty_rings
from layers.quality.codes import code_of_name, restored_zero
from layers.quality.collecting import REPAIRS
from layers.quality.findings import QualityReport, Repair, RepairOffer
from layers.quality.mending import mend, without_repeated_points
from layers.quality.rulebook import number


def repair(
    frame: gpd.GeoDataFrame, layer: CatalogLayer, report: QualityReport, chosen: Collection[str]
) -> tuple[gpd.GeoDataFrame, tuple[Repair, ...]]:
    """Make the chosen repairs (ids as `report.repairs` offers them), each on every row it is offered for; return a new frame.

    `report` is that of this very frame. Rows keep their order; split parts are appended, dropped rows are left out. Raises
    UnknownRecordError for a repair that is not offered.
    """
    offered = {offer.id for offer in report.repairs}
    unknown = sorted(set(chosen) - offered)
    if unknown:
        raise UnknownRecordError(f"检查报告没有提供这些修复：{'、'.join(unknown)}。")
    work = _Work(frame, layer, report)
    order = list(REPAIRS)
    for offer in sorted(report.repairs, key=lambda item: (order.index(item.id), item.code)):
        if offer.id in chosen:
            _WAYS[offer.id](work, offer)
    return work.result(), tuple(work.done)


class _Work:
    """A frame under repair: geometries and values change in copies; rows are dropped and added at the end."""

    def __init__(self, frame: gpd.GeoDataFrame, layer: CatalogLayer, report: QualityReport) -> None:
        self.frame = frame.copy()
        self.layer = layer
        self.system = report.figures.get("code_system")
        self.shapes = np.array(frame.geometry.array, dtype=object)
        self.done: list[Repair] = []
        self.dropped: list[int] = []
        self.added: list[tuple[int, str, Any]] = []

    def note(self, offer: RepairOffer, row: int, message: str) -> None:
        """Write down what was done to a row."""
        identifier = None
        if self.layer.identifier in self.frame.columns:
            value = self.frame[self.layer.identifier].iloc[row]
            identifier = None if pd.isna(value) else str(value)
        self.done.append(Repair(id=offer.id, code=offer.code, row=row, identifier=identifier, message=message))

    def set_value(self, offer: RepairOffer, row: int, name: str, value: str) -> None:
        """Change one value and write down what it was."""
        before = self.frame[name].iloc[row]
        if not pd.api.types.is_string_dtype(self.frame[name].dtype):
            self.frame[name] = self.frame[name].astype(object)
        self.frame.iloc[row, self.frame.columns.get_loc(name)] = value
        self.note(offer, row, f"{name} 由 {before!r} 改为 {value!r}")

    def texts(self, offer: RepairOffer) -> list[tuple[int, str, str]]:
        """The texts of the rows of an offer, with their fields."""
        names = [name for name, item in self.layer.fields.items() if item.type == "text" and name in self.frame.columns]
        values = {name: self.frame[name].iloc[list(offer.rows)].tolist() for name in names}
        return [
            (row, name, value)
            for name in names
            for row, value in zip(offer.rows, values[name], strict=True)
            if isinstance(value, str)
        ]

    def result(self) -> gpd.GeoDataFrame:
        """The repaired frame."""
        frame = self.frame.set_geometry(gpd.GeoSeries(self.shapes, index=self.frame.index, crs=self.frame.crs))
        if self.added:
            more = frame.iloc[[row for row, _, _ in self.added]].copy()
            more[self.layer.identifier] = [identifier for _, identifier, _ in self.added]
            shapes = np.empty(len(self.added), dtype=object)
            shapes[:] = [shape for _, _, shape in self.added]
            more = more.set_geometry(gpd.GeoSeries(shapes, index=more.index, crs=frame.crs))
        if self.dropped:
            frame = frame.drop(frame.index[self.dropped])
        return pd.concat([frame, more], ignore_index=True) if self.added else frame


def _drop_z(work: _Work, offer: RepairOffer) -> None:
    for row in offer.rows:
        work.shapes[row] = shapely.force_2d(work.shapes[row])
        work.note(offer, row, "去掉了 Z 值、M 值")


def _drop_empty_rings(work: _Work, offer: RepairOffer) -> None:
    for row in offer.rows:
        work.shapes[row] = without_empty_rings(work.shapes[row : row + 1])[0][0]
        work.note(offer, row, "去掉了空环")


def _drop_repeated_points(work: _Work, offer: RepairOffer) -> None:
    limit = number("repeated_point", work.layer)
    for row in offer.rows:
        before = work.shapes[row]
        after = without_repeated_points(before, limit)
        if after is not None:
            work.shapes[row] = after
            count = int(shapely.get_num_coordinates(before) - shapely.get_num_coordinates(after))
            work.note(offer, row, f"去掉了 {count} 个重复节点")


def _orient_rings(work: _Work, offer: RepairOffer) -> None:
    for row in offer.rows:
        work.shapes[row] = shapely.orient_polygons(work.shapes[row])
        work.note(offer, row, "外环改为逆时针，洞改为顺时针")


def _make_valid(work: _Work, offer: RepairOffer) -> None:
    for row in offer.rows:
        mended = mend(work.shapes[row], work.layer)
        if mended is not None:
            work.shapes[row] = mended.geometry
            work.note(offer, row, f"图形已修复为有效，面积变化 {mended.change_m2:.4f} ㎡")


def _split_parts(work: _Work, offer: RepairOffer) -> None:
    taken = {str(value) for value in work.frame[work.layer.identifier].tolist()}
    for row in offer.rows:
        parts = shapely.get_parts(work.shapes[row])
        parts = parts[np.argsort(-shapely.area(parts), kind="stable")]
        identifier = str(work.frame[work.layer.identifier].iloc[row])
        work.shapes[row] = parts[0]
        names = []
        for part in parts[1:]:
            suffix = next(number for number in range(2, len(taken) + 3) if f"{identifier}-{number}" not in taken)
            names.append(f"{identifier}-{suffix}")
            taken.add(names[-1])
            work.added.append((row, names[-1], part))
        work.note(offer, row, f"拆成 {len(parts)} 个单部件，新增的标识码为 {'、'.join(names)}")


def _trim_text(work: _Work, offer: RepairOffer) -> None:
    for row, name, value in work.texts(offer):
        if value != value.strip():
            work.set_value(offer, row, name, value.strip())


def _cut_code(work: _Work, offer: RepairOffer) -> None:
    for row, name, value in work.texts(offer):
        text = value.strip()
        if work.layer.fields[name].length == 12 and len(text) == 19 and text.isdigit():
            work.set_value(offer, row, name, text[:12])


def _restore_zero(work: _Work, offer: RepairOffer) -> None:
    _recode(work, offer, restored_zero)


def _label_to_code(work: _Work, offer: RepairOffer) -> None:
    for row, name, value in work.texts(offer):
        codes = [code for code, label in (work.layer.fields[name].codes or {}).items() if label == value.strip()]
        if codes and value.strip() not in (work.layer.fields[name].codes or {}):
            work.set_value(offer, row, name, codes[0])
    _recode(work, offer, code_of_name)


def _recode(work: _Work, offer: RepairOffer, code_of: Callable[[str, str], str | None]) -> None:
    """Replace land-class values of the offer's rows by the code that a function finds for them."""
    fields = {
        name: item.dictionary or "survey"
        for name, item in work.layer.fields.items()
        if item.dictionary or name == "DLBM"
    }
    for name, dictionary in fields.items():
        if name not in work.frame.columns:
            continue
        system = (work.system if work.layer.code_system else None) or dictionary
        for row in offer.rows:
            value = work.frame[name].iloc[row]
            code = None if pd.isna(value) else code_of(_plain(value), system)
            if code is not None:
                work.set_value(offer, row, name, code)


def _plain(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _drop_repeated_rows(work: _Work, offer: RepairOffer) -> None:
    for row in offer.rows:
        work.dropped.append(row)
        work.note(offer, row, "与前面的行完全相同，已删除")


_WAYS: dict[str, Callable[[_Work, RepairOffer], None]] = {
    "drop_z": _drop_z,
    "drop_empty_rings": _drop_empty_rings,
    "drop_repeated_points": _drop_repeated_points,
    "orient_rings": _orient_rings,
    "make_valid": _make_valid,
    "split_parts": _split_parts,
    "trim_text": _trim_text,
    "cut_code": _cut_code,
    "restore_zero": _restore_zero,
    "label_to_code": _label_to_code,
    "drop_repeated_rows": _drop_repeated_rows,
}
