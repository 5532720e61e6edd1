"""The acceptance check of one data set: every check that applies to its layer is made, or the report says why not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from layers.catalog import CatalogLayer
from layers.quality.areas import check_areas
from layers.quality.attributes import check_attributes
from layers.quality.coincidence import check_coincidence
from layers.quality.collecting import Collector
from layers.quality.context import Context
from layers.quality.findings import QualityReport
from layers.quality.form import check_form
from layers.quality.geometry import check_geometry
from layers.quality.places import check_places
from layers.quality.subject import Subject, subject
from layers.quality.survey import check_survey
from layers.quality.topology import check_topology
from spatial.crs import require_crs


def check(
    frame: gpd.GeoDataFrame,
    layer: CatalogLayer,
    *,
    epsg: int,
    context: Context,
    code_system: str | None = None,
    coverage: BaseGeometry | Literal["own"] | None = None,
) -> QualityReport:
    """Check a frame with catalogue field names in EPSG:`epsg` as `check_subject` does. Raises CrsError where it has no CRS or one that cannot be converted."""
    return check_subject(subject(frame, layer, epsg=epsg), context=context, code_system=code_system, coverage=coverage)


def check_subject(
    prepared: Subject,
    *,
    context: Context,
    code_system: str | None = None,
    coverage: BaseGeometry | Literal["own"] | None = None,
) -> QualityReport:
    """Check a data set against its layer and what is in force beside it.

    `code_system` is the system of the land classes, by default the layer's; `coverage` (EPSG:`epsg`) is where the data set
    claims to be complete, by default the whole county, `own` where it claims no more than its own polygons. All that is wrong is a finding.
    """
    in_place = require_crs(prepared.frame.crs).equals(require_crs(prepared.epsg), ignore_axis_order=True)
    found = Collector(prepared.layer, _identifiers(prepared), in_place=in_place)
    system = code_system or prepared.layer.code_system
    check_geometry(prepared, found, context)
    check_form(prepared, found)
    check_topology(prepared, found, context, coverage)
    check_coincidence(prepared, found, context)
    check_attributes(prepared, found, system)
    check_places(prepared, found, context)
    check_survey(prepared, found)
    check_areas(prepared, found, context)
    return found.report(_figures(prepared, context) | {"code_system": system})


def _identifiers(prepared: Subject) -> Sequence[Any]:
    name = prepared.layer.identifier
    if name not in prepared.columns:
        return [None] * len(prepared)
    column = prepared.columns[name]
    raw = np.empty(len(column.raw), dtype=object)
    raw[:] = column.raw
    raw[pd.isna(raw)] = None
    values: list[Any] = raw[column.of].tolist()
    return values


def _figures(prepared: Subject, context: Context) -> dict[str, Any]:
    names = Counter(shapely.get_type_id(prepared.raw).tolist())
    return {
        "features": len(prepared),
        "vertices": int(shapely.get_num_coordinates(prepared.raw).sum()),
        "area_m2": round(float(prepared.area_m2.sum()), 2),
        "kinds": {
            str(shapely.GeometryType(kind).name if kind >= 0 else "NONE"): count
            for kind, count in sorted(names.items())
        },
        "epsg": prepared.epsg,
        "references": dict(context.sources),
    }
