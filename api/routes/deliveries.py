"""Deliveries: layer files that come in, are recognised, corrected, checked, repaired, staged and published."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, File, Form, Query, Response, UploadFile

from api.access.guard import GuardedRoute, needs
from api.access.signing import OFFICER_TOLD, UNIT_TOLD, actor, signature
from api.deliveries.desk import DeliveryDesk
from api.deliveries.entries import choice_of, delivery_entry, description_of, head_entry
from api.deliveries.schemas import (
    AnswersRequest,
    DatasetRequest,
    Delivery,
    DeliveryAccepted,
    DeliveryList,
    DescribeRequest,
    PublishRequest,
    StageRequest,
)
from api.deps import AppSettings, Db, JobQueue, JsonBody, Snapshot
from api.json_text import validated
from api.openapi import LOCATION, json_body, problems
from api.schemas import WITHOUT_ZERO
from layers import deliveries as store
from layers import delivery_steps
from layers.delivery_choice import Choice
from layers.descriptions import Description
from layers.version_acts import Expected

router = APIRouter(prefix="/deliveries", tags=["图层入库"], route_class=GuardedRoute)

STARTED = {202: LOCATION, **problems(400, 403, 404, 409, 413, 415, 503)}
ACTED = problems(400, 403, 404, 409, 413, 415, 503)

Person = Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=60, description=OFFICER_TOLD)]
Unit = Annotated[str | None, Form(pattern=WITHOUT_ZERO, max_length=100, description=UNIT_TOLD)]


async def desk(db: Db, queue: JobQueue, settings: AppSettings) -> DeliveryDesk:
    """Where deliveries come in."""
    return DeliveryDesk(db, queue, settings)


Desk = Annotated[DeliveryDesk, Depends(desk)]


def accepted(response: Response, delivery_id: UUID, job_id: UUID) -> dict[str, Any]:
    """Tell which job works on a delivery."""
    response.headers["Location"] = location = f"/api/v1/jobs/{job_id}"
    told = {"id": str(job_id), "state": "queued", "location": location}
    return told | {"delivery_id": str(delivery_id), "delivery_location": f"/api/v1/deliveries/{delivery_id}"}


@router.post("", status_code=202, summary="交付一个图层文件", response_model=DeliveryAccepted, responses=STARTED)
@needs("layers.deliver")
def deliver(
    response: Response,
    desk: Desk,
    file: Annotated[UploadFile, File(description="Shapefile（可压缩）、FileGDB（压缩）、GeoPackage、GeoJSON、GeoParquet、CSV、XLSX、国土坐标 TXT")],
    officer: Person = None,
    unit: Unit = None,
) -> dict[str, Any]:
    """Take a file in and recognise it, in a job. Nothing is stored as a layer before it was checked and staged."""
    by = actor(officer, unit)
    found = desk.receive(
        file.file, name=file.filename or "", kind="delivery-recognise", order={}, choice=Choice(), description=Description(), actor=by
    )
    return accepted(response, *found)


@router.get("", summary="交付一览", response_model=DeliveryList, responses=problems(400, 503))
@needs("layers.inspect")
def list_deliveries(
    db: Db, offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> dict[str, Any]:
    """Deliveries, the newest first."""
    with db.connection() as conn:
        found, total = store.latest(conn, limit=limit, offset=offset), store.count(conn)
    return {"total": total, "offset": offset, "limit": limit, "deliveries": [head_entry(item) for item in found]}


@router.get("/{delivery_id}", summary="一份交付", response_model=Delivery, responses=problems(400, 404, 503))
@needs("layers.inspect")
def get_delivery(delivery_id: UUID, db: Db) -> dict[str, Any]:
    """Where a delivery stands, what was recognised, what was found."""
    with db.connection() as conn:
        return delivery_entry(store.get(conn, delivery_id))


@router.put(
    "/{delivery_id}/answers",
    status_code=202,
    summary="更正识别结果并重新识别",
    response_model=DeliveryAccepted,
    responses=STARTED,
    openapi_extra=json_body(AnswersRequest, "application/json"),
)
@needs("layers.deliver")
def answer(response: Response, desk: Desk, delivery_id: UUID, body: JsonBody) -> dict[str, Any]:
    """Replace what was said of the file, of its description and of the repairs, and recognise it anew, in a job."""
    asked = validated(AnswersRequest, body)
    choice, description = choice_of(asked), description_of(asked.description)
    with desk.pool.connection() as conn:
        store.locked(conn, delivery_id).require(*store.OPEN)
        store.ask(conn, delivery_id, choice=choice.to_json(), description=description.to_json(), repairs=asked.repairs)
    return accepted(response, delivery_id, desk.order(delivery_id, "delivery-recognise"))


@router.patch(
    "/{delivery_id}/answers",
    summary="更正说明和所选修复",
    response_model=Delivery,
    responses=ACTED,
    openapi_extra=json_body(DescribeRequest, "application/json"),
)
@needs("layers.deliver")
def describe(desk: Desk, delivery_id: UUID, body: JsonBody) -> dict[str, Any]:
    """Replace the description and the chosen repairs. Staging checks anew, for the coverage that is stated then."""
    asked = validated(DescribeRequest, body)
    with desk.pool.connection() as conn:
        held = store.locked(conn, delivery_id)
        held.require(*store.OPEN)
        store.ask(conn, delivery_id, choice=held.choice, description=description_of(asked.description).to_json(), repairs=asked.repairs)
        return delivery_entry(store.get(conn, delivery_id))


@router.post(
    "/{delivery_id}/datasets",
    status_code=202,
    summary="把同一文件的另一份数据另建为一份交付",
    response_model=DeliveryAccepted,
    responses=STARTED,
    openapi_extra=json_body(DatasetRequest, "application/json"),
)
@needs("layers.deliver")
def take_another(response: Response, desk: Desk, delivery_id: UUID, body: JsonBody) -> dict[str, Any]:
    """A geodatabase has many data sets: each goes its own way, and the file is sent once."""
    asked = validated(DatasetRequest, body)
    by = actor(asked.officer, asked.unit)
    return accepted(response, *desk.take_another(delivery_id, asked.dataset, actor=by))


@router.post("/{delivery_id}/check", status_code=202, summary="质检", response_model=DeliveryAccepted, responses=STARTED)
@needs("layers.deliver")
def check(response: Response, desk: Desk, delivery_id: UUID) -> dict[str, Any]:
    """Read the file wholly and check it, in a job. Where anything is unclear, the questions are added to the delivery."""
    return accepted(response, delivery_id, desk.order(delivery_id, "delivery-check"))


@router.post(
    "/{delivery_id}/stage",
    status_code=202,
    summary="修复并入库（待发布）",
    response_model=DeliveryAccepted,
    responses=STARTED,
    openapi_extra=json_body(StageRequest, "application/json"),
)
@needs("layers.deliver")
def stage(response: Response, desk: Desk, delivery_id: UUID, body: JsonBody) -> dict[str, Any]:
    """Make the chosen repairs, check anew and stage, in a job. Where an error is left nothing is stored, and each is named."""
    asked = validated(StageRequest, body)
    by = actor(asked.officer, asked.unit)
    if asked.repairs is not None:
        with desk.pool.connection() as conn:
            held = store.locked(conn, delivery_id)
            held.require(*store.OPEN)
            store.ask(conn, delivery_id, choice=held.choice, description=held.description, repairs=asked.repairs)
    return accepted(response, delivery_id, desk.order(delivery_id, "delivery-stage", {"officer": by.officer, "unit": by.unit}))


@router.post(
    "/{delivery_id}/publish",
    summary="发布",
    response_model=Delivery,
    responses=ACTED,
    openapi_extra=json_body(PublishRequest, "application/json"),
)
@needs("layers.publish")
def publish(desk: Desk, snapshots: Snapshot, delivery_id: UUID, body: JsonBody) -> dict[str, Any]:
    """Publish the staged version: an act of its own, logged with name and unit."""
    said = validated(PublishRequest, body)
    by = signature(said.reason, said.officer, said.unit)
    expected = Expected(said.expected_in_force) if "expected_in_force" in said.model_fields_set else None
    with desk.pool.connection() as conn:
        delivery_steps.publish(conn, delivery_id, by, max_secrecy=desk.place.max_secrecy, expected=expected)
        found = store.get(conn, delivery_id)
    desk.place.files.forget(delivery_id)
    snapshots.published()
    return delivery_entry(found)


@router.delete("/{delivery_id}", summary="作废一份交付", response_model=Delivery, responses=problems(400, 403, 404, 409, 503))
@needs("layers.deliver")
def discard(
    desk: Desk,
    delivery_id: UUID,
    officer: Annotated[str | None, Query(pattern=WITHOUT_ZERO, min_length=1, max_length=60, description=OFFICER_TOLD)] = None,
    unit: Annotated[str | None, Query(pattern=WITHOUT_ZERO, min_length=1, max_length=100, description=UNIT_TOLD)] = None,
    reason: Annotated[str, Query(pattern=WITHOUT_ZERO, min_length=1, max_length=2000, description="理由")] = "作废交付",
) -> dict[str, Any]:
    """Put a delivery aside: its file and a version that waits for publication are removed, the record stays."""
    with desk.pool.connection() as conn:
        delivery_steps.discard(conn, delivery_id, signature(reason, officer, unit))
        found = store.get(conn, delivery_id)
    desk.place.files.forget(delivery_id)
    return delivery_entry(found)
