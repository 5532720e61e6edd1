"""What an importer says about a data set beside its content: whose it is, when it is in force, where it is complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from typing import Any, cast

import numpy as np
import orjson
import psycopg
import shapely
from shapely.geometry.base import BaseGeometry

from layers import snapshot, versions
from layers.catalog import CatalogLayer
from layers.county_time import day_of, today
from layers.errors import DatasetRefusedError
from layers.hollow import without_empty_rings
from layers.versions import NewVersion
from spatial.crs import CRS84, reproject
from spatial.layer import Layer

Connection = psycopg.Connection[Any]

DATES = ("valid_from", "valid_to", "survey_date")

Coverage = str | tuple[str, ...] | Mapping[str, Any] | BaseGeometry
"""Where data are complete: `features` (no more than their own polygons), `county`, codes of towns, a GeoJSON polygon in degrees
(CRS84), or a polygon in the store's CRS."""


@dataclass(frozen=True, kw_only=True)
class Description:
    """What an importer says; what is left out is taken from the file and the catalogue. `valid_from` is the survey date, else today."""

    authority: str = "未注明"
    title: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    survey_date: date | None = None
    code_system: str | None = None
    secrecy: str | None = None
    law_status: str = "in_force"
    synthetic: bool = False
    coverage: Coverage = "features"

    def to_json(self) -> dict[str, Any]:
        """Write down what was said, as JSON values. Raises TypeError for a coverage that is no JSON value."""
        if isinstance(self.coverage, BaseGeometry):
            raise TypeError("a coverage in the store's CRS has no JSON form")
        told = {item.name: getattr(self, item.name) for item in fields(self) if getattr(self, item.name) != item.default}
        told |= {name: told[name].isoformat() for name in DATES if told.get(name)}
        return told | ({"coverage": list(self.coverage)} if isinstance(self.coverage, tuple) else {})

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Description:
        """Read what `to_json` wrote."""
        dates = {name: date.fromisoformat(told[name]) for name in DATES if told.get(name)}
        coverage = told.get("coverage", "features")
        return cls(**{**told, **dates, "coverage": tuple(coverage) if isinstance(coverage, list) else coverage})

    def version(self, layer: CatalogLayer, *, source_name: str, source_sha256: str, coverage: BaseGeometry | None, **more: Any) -> NewVersion:
        """Make of it what is written down about a version; `coverage` is in the store's CRS, None for the features' own polygons."""
        return NewVersion(
            layer=layer.id,
            title=self.title or f"{layer.title}（{source_name}）",
            authority=self.authority,
            valid_from=self.valid_from or self.survey_date or today(),
            valid_to=self.valid_to,
            survey_date=self.survey_date,
            code_system=self.code_system,
            secrecy=self.secrecy or layer.secrecy,
            law_status=self.law_status,
            synthetic=self.synthetic,
            source_name=source_name,
            source_sha256=source_sha256,
            coverage=coverage,
            **more,
        )


def county_outline(conn: Connection, *, epsg: int) -> BaseGeometry | None:
    """Return the outline of the county layer in force now, or None where there is none."""
    features = _features(conn, "county", epsg=epsg)
    return None if features is None else shapely.union_all(features[1])


def town_names(conn: Connection, *, epsg: int) -> list[tuple[str, str]]:
    """Return code and name of every town in force, in the order of the codes."""
    held = _layer(conn, "town", epsg=epsg)
    return [] if held is None else sorted(zip(map(str, held.ids), map(str, held.attributes["XZQMC"]), strict=True))


def coverage_of(conn: Connection, asked: Coverage, *, epsg: int, county: BaseGeometry | None) -> BaseGeometry | None:
    """Turn a stated coverage into a polygon in EPSG:`epsg`; None for the features' own polygons.

    Raises DatasetRefusedError where the county or a town is not known, or the polygon is none.
    """
    if isinstance(asked, BaseGeometry):
        return asked
    if isinstance(asked, Mapping):
        return cast(BaseGeometry, reproject(np.array([_drawn(asked)], dtype=object), source=CRS84, target=epsg)[0])
    if isinstance(asked, tuple):
        return _towns(conn, asked, epsg=epsg)
    if asked == "features":
        return None
    if county is None:
        raise DatasetRefusedError("还没有县界图层：先导入县界，或直接给出完整范围。")
    return county


def _towns(conn: Connection, codes: Sequence[str], *, epsg: int) -> BaseGeometry:
    found = _features(conn, "town", epsg=epsg)
    if found is None:
        raise DatasetRefusedError("还没有乡镇图层：先导入乡镇，或直接给出完整范围。")
    names, shapes = found
    unknown = [f"coverage：没有代码为 {code} 的乡镇" for code in codes if code not in set(names)]
    if unknown or not codes:
        raise DatasetRefusedError(problems=unknown or ["coverage：没有列出任何乡镇"])
    return shapely.union_all(shapes[np.isin(names, list(codes))])


def polygon(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stated polygon (geometry or feature in GeoJSON, degrees) as a plain geometry; raise DatasetRefusedError for anything else."""
    result: dict[str, Any] = orjson.loads(shapely.to_geojson(_drawn(told)))
    return result


def _drawn(told: Mapping[str, Any]) -> BaseGeometry:
    geometry = told.get("geometry") if told.get("type") == "Feature" else told
    try:
        shape = shapely.from_geojson(orjson.dumps(geometry))
    except (shapely.errors.GEOSException, TypeError) as error:
        raise DatasetRefusedError("完整范围（coverage）不是可读的 GeoJSON 面。") from error
    hollow = shape is not None and len(without_empty_rings(np.array([shape], dtype=object))[1])
    if shape is None or hollow or shape.is_empty or shapely.get_dimensions(shape) != 2 or not shape.is_valid:
        raise DatasetRefusedError("完整范围（coverage）应为 GeoJSON 的有效的面。")
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise DatasetRefusedError("完整范围（coverage）的坐标应为经纬度（度）。")
    return shapely.force_2d(shape)


def _features(conn: Connection, layer: str, *, epsg: int) -> tuple[Any, Any] | None:
    """Identifiers and features of a layer in force now."""
    held = _layer(conn, layer, epsg=epsg)
    return None if held is None else (held.ids, held.features)


def _layer(conn: Connection, layer: str, *, epsg: int) -> Layer | None:
    now = datetime.now(UTC)
    found = versions.in_force(conn, valid_on=day_of(now), known_at=now)
    return snapshot.load(conn, found, epsg=epsg, only=[layer]).get(layer)
