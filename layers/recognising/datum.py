"""Data in a web map's scrambled coordinates, or on another datum than stated: suspected from the shift against layers already there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from layers.catalog import CatalogLayer
from layers.reading.dataset import RawDataset
from layers.recognising.placing import to_county
from layers.recognising.recognition import CrsReading, Option, Question
from layers.recognising.scrambling import TITLES
from layers.recognising.shifts import Shift, by_borders, by_centres, by_points, common_centres
from layers.recognising.surroundings import Reference, Surroundings
from spatial.pieces import Geometries

_BORDERS = ("village", "town", "county")
_ROWS = 20_000
"""Features beyond so many add nothing to what their fellows tell."""


def decide(
    raw: RawDataset, layer: CatalogLayer, identifier: str | None, reading: CrsReading, around: Surroundings, answered: bool | None
) -> tuple[CrsReading, Question | None]:
    """Return the reading, for showing only where a person said so, and the question where a shift is suspected.

    `identifier` is the frame's column of the layer's identifier; `answered` what a person said to the question before.
    """
    if answered is not None:
        return replace(reading, display_only=answered), None
    shift = _shift(raw, layer, identifier, reading, around)
    return reading, _question(shift) if shift is not None else None


def _shift(raw: RawDataset, layer: CatalogLayer, identifier: str | None, reading: CrsReading, around: Surroundings) -> Shift | None:
    own = around.references.get(layer.id)
    geometries, names = _here(raw, identifier, reading, around, own)
    if not len(geometries):
        return None
    if own is not None and len(own.geometries) and names is not None:
        common = common_centres(names, geometries, own)
        if common is not None:
            return by_centres(*common, epsg=around.epsg)
    if own is not None and len(own.geometries) and (shift := by_points(_centres(geometries), _centres(own.geometries), epsg=around.epsg, centres=True)):
        return shift
    points = shapely.get_coordinates(geometries)
    borders = [around.references[name].geometries for name in _BORDERS if name in around.references]
    known = [border for border in borders if len(border)]
    for border in known[:1]:
        if shift := by_points(points, np.unique(shapely.get_coordinates(border), axis=0), epsg=around.epsg, centres=False):
            return shift
    if layer.id in _BORDERS and known:
        return by_borders(points, shapely.boundary(np.concatenate(known)), epsg=around.epsg)
    return None


def _here(
    raw: RawDataset, identifier: str | None, reading: CrsReading, around: Surroundings, own: Reference | None
) -> tuple[Geometries, list[str] | None]:
    """Geometries in the county's CRS with their identifiers: those that the reference has too, else the first ones."""
    geometries: Any = np.asarray(raw.frame.geometry.array, dtype=object)
    sound = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    names = None if identifier is None else raw.frame[identifier].astype("string").str.strip().fillna("")
    chosen = np.flatnonzero(sound)
    if names is not None and own is not None:
        common = np.flatnonzero(sound & names.isin(own.identifiers.tolist()).to_numpy())
        chosen = common if len(common) else chosen
    chosen = chosen[:_ROWS]
    flat = shapely.force_2d(geometries[chosen])
    moved = shapely.transform(
        flat, lambda points: to_county(points[:, ::-1] if reading.swap else points, source=reading.epsg, target=around.epsg)
    )
    finite = np.isfinite(shapely.bounds(moved)).all(axis=1)
    return moved[finite], None if names is None else names.iloc[chosen][finite].tolist()


def _centres(geometries: Geometries) -> Any:
    bounds = shapely.bounds(geometries)
    return (bounds[:, :2] + bounds[:, 2:]) / 2


def _question(shift: Shift) -> Question:
    options = (Option("true", "作为仅供显示的图层入库，不参与核查"), Option("false", "坐标无误，照常入库"))
    if shift.system is not None:
        text = (
            f"数据与库中已有图层整体相差约 {shift.metres:.0f} 米（对照 {shift.count} 处），与 {TITLES[shift.system]}的偏移一致："
            "这类加密坐标各处偏移不同，不能用平移改正，只能作为仅供显示的图层。请提供 2000 国家大地坐标系的数据，或选择处理方式。"
        )
        return Question(code=f"datum.{shift.system}", about="datum", text=text, options=options)
    text = (
        f"数据与库中同名要素整体相差约 {shift.metres:.0f} 米（对照 {shift.count} 处），坐标系可能与写明的不同（如 1980 西安、1954 北京坐标系）："
        "请核实坐标系，或选择处理方式。"
    )
    return Question(code="datum.shifted", about="datum", text=text, options=options)
