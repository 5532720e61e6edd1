"""The import of a layer file in one request: the whole way of a delivery, in one job."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Response, UploadFile

from api.access.guard import GuardedRoute, needs
from api.access.permissions import permissions
from api.access.signing import OFFICER_TOLD, UNIT_TOLD, signature
from api.checks.checking import epsg_of
from api.deliveries.schemas import DeliveryAccepted, LawStatus
from api.errors import ForbiddenError
from api.iso_times import Day
from api.openapi import LOCATION, problems
from api.routes.deliveries import Desk, accepted
from api.schemas import WITHOUT_ZERO
from layers import catalog
from layers.acting import current
from layers.catalog import Secrecy
from layers.deliveries import Actor
from layers.delivery_choice import Choice
from layers.descriptions import Description
from layers.recognising.recognition import Answers
from spatial.crs import CRS84

router = APIRouter(prefix="/layers", tags=["图层入库"], route_class=GuardedRoute)


@router.post(
    "/{layer_id}/imports",
    status_code=202,
    summary="上传一个图层文件，一步入库",
    response_model=DeliveryAccepted,
    responses={202: LOCATION, **problems(400, 403, 404, 409, 413, 415, 503)},
)
@needs("layers.deliver")
def create_import(
    layer_id: str,
    response: Response,
    desk: Desk,
    file: Annotated[UploadFile, File(description="Shapefile（可压缩）、FileGDB（压缩）、GeoPackage、GeoJSON、GeoParquet、CSV、XLSX、国土坐标 TXT")],
    authority: Annotated[str, Form(pattern=WITHOUT_ZERO, min_length=1, max_length=200, description="数据来源单位")],
    publish: Annotated[bool, Form(description="入库后立即发布")] = False,
    repair: Annotated[str | None, Form(pattern=r"^[A-Za-z0-9_,.\- ]*$", max_length=400, description="要做的修复，逗号分开；all 为全部")] = None,
    title: Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=200)] = None,
    valid_from: Annotated[Day | None, Form()] = None,
    valid_to: Annotated[Day | None, Form()] = None,
    survey_date: Annotated[Day | None, Form()] = None,
    law_status: Annotated[LawStatus, Form(description="规划的法律状态")] = "in_force",
    coverage: Annotated[Literal["features", "county"], Form(description="完整范围：仅要素本身，或全县")] = "features",
    secrecy: Annotated[Secrecy | None, Form()] = None,
    code_system: Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=40)] = None,
    source_layer: Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=200, description="文件中的数据名称")] = None,
    crs: Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=60, description="坐标所在的坐标系，例如 EPSG:4547；不写时自动判断")] = None,
    axes: Annotated[Literal["east_north", "north_east"] | None, Form(description="坐标顺序")] = None,
    encoding: Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=40, description="文字编码，例如 GBK；不写时自动判断")] = None,
    display_only: Annotated[bool | None, Form(description="疑为 GCJ-02 的数据：true 为只供显示，false 为没有偏移")] = None,
    officer: Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=60, description=OFFICER_TOLD)] = None,
    unit: Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=100, description=UNIT_TOLD)] = None,
) -> dict[str, Any]:
    """Recognise, check, repair and stage a file in a job, and publish it if asked for. Where anything is wrong, nothing is stored.

    The problems of a refusal begin with the codes of the acceptance check; the delivery keeps them, with their places.
    """
    if publish and "layers.publish" not in current().permissions:
        raise ForbiddenError(f"您的席位没有这项权限：{permissions()['layers.publish']}。")
    by = signature("接口导入" + ("并发布" if publish else ""), officer, unit)
    said = Answers(
        layer=catalog.layer(layer_id).id,
        code_system=code_system or None,
        epsg=(epsg_of(crs) or CRS84) if crs else None,
        axes=axes,
        display_only=display_only,
    )
    description = Description(
        authority=authority, title=title, valid_from=valid_from, valid_to=valid_to, survey_date=survey_date,
        code_system=code_system, secrecy=secrecy, law_status=law_status, coverage=coverage,
    )  # fmt: skip
    order = {"publish": publish, "officer": by.officer, "unit": by.unit, "reason": by.reason}
    chosen = [name.strip() for name in (repair or "").split(",") if name.strip()]
    found = desk.receive(
        file.file, name=file.filename or "", kind="layer-import", order=order, choice=Choice(dataset=source_layer, encoding=encoding, answers=said),
        description=description, repairs=chosen, actor=Actor(by.officer, by.unit),
    )  # fmt: skip
    return accepted(response, *found)
