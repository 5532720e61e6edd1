"""The findings of a delivery's acceptance check: page by page as GeoJSON, whole as a workbook or GeoPackage."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from api.access.guard import GuardedRoute, needs
from api.deliveries.entries import finding_entry
from api.deliveries.schemas import FindingCollection, Level
from api.deps import AppSettings, Db
from api.openapi import GEOJSON, GeoJson, problems
from layers import audit, delivery_findings, quality
from layers import deliveries as store
from layers.delivery_record import report_of
from layers.quality.findings import QualityReport

router = APIRouter(prefix="/deliveries", tags=["图层入库"], route_class=GuardedRoute)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GPKG = "application/geopackage+sqlite3"
BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
SCHEMA: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/FindingCollection"}}


@router.get(
    "/{delivery_id}/findings",
    summary="质检发现的问题",
    response_class=GeoJson,
    responses={200: {"model": FindingCollection, "content": {GEOJSON: SCHEMA}}, **problems(400, 404, 409, 503)},
)
@needs("layers.inspect")
def get_findings(
    delivery_id: UUID,
    db: Db,
    settings: AppSettings,
    after: Annotated[int, Query(ge=0, le=2_000_000_000, description="从这个序号之后")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    code: Annotated[str | None, Query(max_length=40, pattern=r"^[A-Za-z0-9_.\-]+$", description="只看一种问题")] = None,
    level: Annotated[Level | None, Query(description="只看一个级别")] = None,
) -> GeoJson:
    """Findings in the order of the report, the worst first, as GeoJSON in CRS84; one about the whole data set has no geometry."""
    with db.connection() as conn:
        _checked(store.get(conn, delivery_id))
        found = delivery_findings.page(conn, delivery_id, after=after, limit=limit, code=code, level=level)
    shapes = delivery_findings.in_degrees([finding.geometry for _, finding in found], epsg=settings.epsg)
    features = [finding_entry(number, finding, shape) for (number, finding), shape in zip(found, shapes, strict=True)]
    following = found[-1][0] if len(found) == limit else None
    return GeoJson({"type": "FeatureCollection", "features": features, "next_after": following})


@router.get(
    "/{delivery_id}/findings.xlsx",
    summary="质检报告（XLSX）",
    response_class=Response,
    responses={200: {"content": {XLSX: BINARY}}, **problems(400, 404, 409, 503)},
)
@needs("layers.inspect")
def workbook(delivery_id: UUID, db: Db) -> Response:
    """The report as a workbook."""
    return _file(delivery_id, db, "xlsx", XLSX, quality.write_xlsx)


@router.get(
    "/{delivery_id}/findings.gpkg",
    summary="质检报告（GeoPackage）",
    response_class=Response,
    responses={200: {"content": {GPKG: BINARY}}, **problems(400, 404, 409, 503)},
)
@needs("layers.inspect")
def geopackage(delivery_id: UUID, db: Db, settings: AppSettings) -> Response:
    """The findings with their places as a GeoPackage in the county's CRS."""
    return _file(delivery_id, db, "gpkg", GPKG, lambda report, path: quality.write_gpkg(report, path, settings.epsg))


def _checked(found: store.Delivery) -> store.Delivery:
    found.require("checked", "staged", "published")
    return found


def _file(delivery_id: UUID, db: Db, ending: str, media_type: str, write: Callable[[QualityReport, Path], object]) -> Response:
    with db.connection() as conn, tempfile.TemporaryDirectory(prefix="cuntu-report-") as folder:
        found = _checked(store.get(conn, delivery_id))
        layer = str((found.recognition or {})["layer"]["id"])
        path = Path(folder) / f"report.{ending}"
        write(report_of(layer, found.summary or {}, delivery_findings.every(conn, delivery_id)), path)
        data = path.read_bytes()
        audit.note(conn, "findings.export", f"delivery/{delivery_id}", details={"format": ending})
    headers = {"Content-Disposition": f'attachment; filename="delivery-{delivery_id}.{ending}"'}
    return Response(data, media_type=media_type, headers=headers)
