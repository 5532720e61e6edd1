"""The jobs of deliveries: recognise, check, stage, or all of it at once for a layer named in the address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from api.deliveries.desk import place_of
from api.jobs import Report, ServiceStoppedError, Workshop
from layers import deliveries, delivery_steps, versions
from layers.deliveries import Actor
from layers.delivery_steps import Place
from layers.errors import DeliveryBusyError, OpenQuestionsError, UnsafeArchiveError, UnsupportedFileError
from layers.version_acts import Signature
from layers.work_progress import part
from spatial.errors import CuntuError


def recognise(workshop: Workshop, order: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Recognise a delivery by its first rows."""
    delivery_id, place = _order(workshop, order)
    with _noted(workshop, delivery_id, place), workshop.pool.connection() as conn:
        report(0.1, "读取并识别")
        delivery_steps.recognise(conn, delivery_id, place)
    return _outcome(workshop, delivery_id)


def check(workshop: Workshop, order: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Check a delivery wholly; questions that arise are noted for the person to answer."""
    delivery_id, place = _order(workshop, order)
    with _noted(workshop, delivery_id, place), workshop.pool.connection() as conn:
        delivery_steps.check(conn, delivery_id, place, progress=report)
    return _outcome(workshop, delivery_id)


def stage(workshop: Workshop, order: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Repair what was chosen, check anew, and stage."""
    delivery_id, place = _order(workshop, order)
    actor = Actor(order["officer"], order["unit"])
    with _noted(workshop, delivery_id, place), workshop.pool.connection() as conn:
        delivery_steps.stage(conn, delivery_id, place, actor, progress=report)
    return _outcome(workshop, delivery_id)


def layer_import(workshop: Workshop, order: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Take a delivery all the way to a staged version, and publish it where that was ordered. Its findings are kept either way."""
    delivery_id, place = _order(workshop, order)
    by = Signature(officer=order["officer"], unit=order["unit"], reason=order["reason"])
    try:
        with _noted(workshop, delivery_id, place):
            with workshop.pool.connection() as conn:
                examined = delivery_steps.check(conn, delivery_id, place, progress=part(report, 0.0, 0.6))
            with workshop.pool.connection() as conn:
                actor, rest = Actor(by.officer, by.unit), part(report, 0.6, 1.0)
                version = delivery_steps.stage(conn, delivery_id, place, actor, progress=rest, examined=examined)
                if order["publish"]:
                    rest(1.0, "发布")
                    delivery_steps.publish(conn, delivery_id, by, max_secrecy=place.max_secrecy)
    finally:
        workshop.snapshots.published()
    if order["publish"]:
        place.files.forget(delivery_id)
    with workshop.pool.connection() as conn:
        return _outcome(workshop, delivery_id) | version_outcome(versions.get(conn, version))


def version_outcome(record: versions.VersionRecord) -> dict[str, Any]:
    """Say which version came of a file."""
    told = {"layer": record.dataset.layer, "version": record.dataset.version, "title": record.dataset.title, "status": record.status}
    return told | {"features": record.dataset.feature_count, "sha256": record.dataset.source_sha256, "notes": record.qa.get("notes", [])}


def _order(workshop: Workshop, order: Mapping[str, Any]) -> tuple[UUID, Place]:
    return UUID(order["delivery"]), place_of(workshop.settings)


def _outcome(workshop: Workshop, delivery_id: UUID) -> dict[str, Any]:
    with workshop.pool.connection() as conn:
        found = deliveries.get(conn, delivery_id)
    told: dict[str, Any] = {"delivery": str(delivery_id), "state": found.state, "location": f"/api/v1/deliveries/{delivery_id}"}
    return told | {"questions": len((found.recognition or {}).get("questions", [])), "counts": (found.summary or {}).get("counts")}


@contextmanager
def _noted(workshop: Workshop, delivery_id: UUID, place: Place) -> Iterator[None]:
    """Note with the delivery why a step failed; a file that cannot be read at all is refused and removed."""
    try:
        yield
    except (ServiceStoppedError, DeliveryBusyError):
        raise
    except OpenQuestionsError as error:
        with workshop.pool.connection() as conn:
            delivery_steps.ask_again(conn, delivery_id, place, error)
        raise
    except (UnsupportedFileError, UnsafeArchiveError) as error:
        with workshop.pool.connection() as conn:
            deliveries.refused(conn, delivery_id, str(error))
        place.files.forget(delivery_id)
        raise
    except CuntuError as error:
        with workshop.pool.connection() as conn:
            deliveries.troubled(conn, delivery_id, str(error))
        raise
