"""The site of an application before it is one: read out of a file with corners, or written as one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Response, UploadFile

from api.access.guard import GuardedRoute, needs
from api.checks.checking import epsg_of
from api.checks.desk import application_document
from api.checks.schemas import ApplicationFeature
from api.deps import JSON_TYPES, AppSettings, Checking, Crs, JsonBody, When
from api.openapi import json_body, problems
from api.sites.schemas import SiteFileAnswer
from layers.site_files import written
from layers.site_files.reader import FoundSite, read_site_file
from spatial.crs import CRS84

router = APIRouter(prefix="/sites", tags=["宗地图形"], route_class=GuardedRoute)

TEXT: dict[str, Any] = {"schema": {"type": "string"}}


@router.post("/read", summary="读取界址点文件", response_model=SiteFileAnswer, responses=problems(400, 403, 413, 415, 503))
@needs("checks.make")
def read_file(
    when: When,
    checking: Checking,
    settings: AppSettings,
    file: Annotated[UploadFile, File(description="国土坐标 TXT、文本 DXF、GeoJSON，或每行一个点的文本")],
    crs: Annotated[str | None, Form(max_length=60, description="文件没有写明坐标系时用：EPSG:4547 这样的编号，或 CRS84")] = None,
) -> dict[str, Any]:
    """Read the corners of one or more sites; where anything is wrong, every problem is named with its place. Nothing is stored."""
    declared = None if not crs else epsg_of(crs) or CRS84
    found = read_site_file(file.file.read(), declared=declared, epsg=settings.epsg, county=checking.basis(when).county)
    head = {name: getattr(found, name) for name in ("kind", "encoding", "epsg_in", "epsg", "notes")}
    return head | {"area_method": "planar", "sites": [_site(site, settings.epsg) for site in found.sites]}


@router.post(
    "/txt",
    summary="写成国土坐标 TXT",
    response_class=Response,
    responses={200: {"content": {"text/plain": TEXT}}, **problems(400, 403, 413, 415, 503)},
    openapi_extra=json_body(ApplicationFeature, *JSON_TYPES),
)
@needs("checks.make")
def write_txt(
    body: JsonBody,
    when: When,
    checking: Checking,
    settings: AppSettings,
    crs: Crs = None,
) -> Response:
    """Write the corners of an application's site as 国土 TXT, millimetres, eastings with the zone number. Nothing is stored."""
    document, epsg_in = application_document(body, crs)
    applications = checking.read([document], epsg_in=epsg_in, moment=when)
    text = written.land_txt(applications.sites[0], epsg=settings.epsg, name=applications.case_no[0] or "")
    headers = {"Content-Disposition": 'attachment; filename="corners.txt"'}
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


def _site(found: FoundSite, epsg: int) -> dict[str, Any]:
    corners = [asdict(corner) for corner in found.corners]
    geometry = written.geometry_json(found.site, epsg=epsg)
    return {"name": found.name, "geometry": geometry, "area_m2": round(float(found.site.area), 4), "corners": corners}
