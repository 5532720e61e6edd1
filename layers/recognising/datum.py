"""Data in a web map's scrambled coordinates, or on another datum than stated: suspected from the shift against layers already there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from layers.catalog import CatalogLayer
from layers.reading.dataset import RawDataset
from layers.recognising.placing import to_county
from layers.recognising.recognition import CrsReading, Option, Question
from layers.recognising.scrambling import TITLES
from layers.recognising.shifts import Shift, by_areas, by_borders, by_centres, by_points, common_centres
from layers.recognising.surroundings import Reference, Surroundings
from spatial.pieces import Geometries

_BORDERS = ("village", "town", "county")
_EDGES = (*_BORDERS, "land_use")
"""Layers whose borders others share: patches end at villages, and control lines, plans and farmland at patches."""
_STANDS_IN = {"building": ("settlement", "village_boundary", "parcel"), "parcel": ("settlement", "village_boundary")}
_ROWS = 8_000
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
    return next((shift for shift in _tries(layer.id, geometries, around) if shift is not None), None)


def _tries(layer: str, geometries: Geometries, around: Surroundings) -> Iterator[Shift | None]:
    """Hold the geometries against one layer after the other: the same things, shared borders, what they stand in, outlines."""
    corners, centres, epsg = shapely.get_coordinates(geometries), _centres(geometries), around.epsg
    for there in _held(around, [layer]):
        yield by_points(centres, _centres(there), epsg=epsg, centres=True)
    for there in _held(around, [layer, *(name for name in _EDGES if name != layer)]):
        yield by_points(corners, np.unique(shapely.get_coordinates(there), axis=0), epsg=epsg, centres=False)
    for there in _held(around, _STANDS_IN.get(layer, ())):
        yield by_areas(centres, there, epsg=epsg)
    for there in _held(around, _BORDERS if layer in _BORDERS else ()):
        yield by_borders(corners, shapely.boundary(there), epsg=epsg)


def _held(around: Surroundings, layers: Iterable[str]) -> Iterator[Geometries]:
    found = (around.references[name].geometries for name in layers if name in around.references)
    return (geometries for geometries in found if len(geometries))


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
