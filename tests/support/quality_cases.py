"""A small county of two villages, and data sets that differ from a sound one in what a case says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
import yaml
from frames import EAST, EPSG, NORTH

from layers import catalog
from layers.quality import Context, QualityReport, check, context_of
from spatial.ellipsoid import ellipsoid_area_m2

CASES = Path(__file__).resolve().parents[1] / "cases" / "quality.yaml"


@cache
def cases() -> dict[str, Any]:
    """The table of cases with the sound data set of each layer."""
    return yaml.safe_load(CASES.read_text(encoding="utf-8"))


def placed(wkt: str | None) -> Any:
    """A geometry in metres from the county's corner, in the county's CRS."""
    if wkt is None:
        return None
    shape = shapely.from_wkt(wkt)
    return shapely.transform(
        shape, lambda xy: xy + ([EAST, NORTH, 0.0] if xy.shape[1] == 3 else [EAST, NORTH]), include_z=shape.has_z
    )


def frame(
    layer_id: str = "land_use", features: list[dict[str, Any]] | None = None, *, epsg: int = EPSG
) -> gpd.GeoDataFrame:
    """A data set of a layer: `features` say what differs from the sound ones, row by row; without them it is sound."""
    base = cases()["layers"][layer_id]
    sound = base["features"]
    chosen = sound if features is None else features
    rows = []
    identifier = catalog.layer(layer_id).identifier
    for number, feature in enumerate(chosen):
        own = {
            identifier: f"{layer_id}{number + 1}",
            **base["defaults"],
            **(sound[0] if "wkt" not in feature else {}),
            **feature,
        }
        rows.append(own)
    shapes = np.empty(len(rows), dtype=object)
    shapes[:] = [placed(row.pop("wkt")) for row in rows]
    result = gpd.GeoDataFrame(rows, geometry=shapes, crs=epsg)
    area = base.get("area")
    if area and len(rows):
        with np.errstate(invalid="ignore"):
            measured = np.round(np.nan_to_num(ellipsoid_area_m2(shapes, epsg=EPSG)), 2)
        stated = result[area].tolist() if area in result else [None] * len(rows)
        result[area] = [
            computed if given is None or given != given else given
            for computed, given in zip(measured, stated, strict=True)
        ]
        if base.get("net"):
            net = result[base["net"]].tolist() if base["net"] in result else [None] * len(rows)
            result[base["net"]] = [
                whole if part is None or part != part else part for whole, part in zip(result[area], net, strict=True)
            ]
    return result


@cache
def county() -> Context:
    """The county of 1000 × 1000 m with its towns, villages and sound survey patches."""
    outline = gpd.GeoDataFrame(
        {"XZQDM": ["421223"], "XZQMC": ["崇阳县"]},
        geometry=[placed("POLYGON ((0 0, 1000 0, 1000 1000, 0 1000, 0 0))")],
        crs=EPSG,
    )
    other = placed("POLYGON ((500 0, 1000 0, 1000 1000, 500 1000, 500 0))")
    towns = gpd.GeoDataFrame(
        {"XZQDM": ["421223100", "421223101"], "XZQMC": ["天城镇", "沙坪镇"]},
        geometry=[outline.geometry.iloc[0], other],
        crs=EPSG,
    )
    return context_of({"county": outline, "town": towns, "village": frame("village"), "land_use": frame()}, epsg=EPSG)


def checked(case: Mapping[str, Any]) -> QualityReport:
    """The report on the data set a case describes."""
    layer_id = case.get("layer", "land_use")
    data = frame(layer_id, case.get("features"), epsg=case.get("epsg", EPSG))
    known = Context(epsg=EPSG) if case.get("context") == "none" else county()
    return check(data, catalog.layer(layer_id), epsg=EPSG, context=known)
