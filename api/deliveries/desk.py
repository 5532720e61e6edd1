"""Where delivered layer files come in: kept on disk, written down, and handed to a job."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool

from api.errors import DATABASE_AWAY
from api.jobs import Jobs
from api.settings import Settings
from layers import deliveries, delivery_steps
from layers.acting import as_service
from layers.deliveries import Actor
from layers.delivery_choice import Choice
from layers.delivery_files import DeliveryFiles
from layers.delivery_steps import Place
from layers.descriptions import Description
from layers.errors import UnknownRecordError
from spatial.errors import InputError
from spatial.personal_numbers import refusal

log = logging.getLogger("cuntu.deliveries")


def place_of(settings: Settings) -> Place:
    """Where a deployment's deliveries are worked on."""
    return Place(files=DeliveryFiles(settings.uploads), epsg=settings.epsg, max_secrecy=settings.max_secrecy)


class DeliveryDesk:
    """Takes files in and orders the steps of their way."""

    def __init__(self, pool: ConnectionPool[Any], jobs: Jobs, settings: Settings) -> None:
        self.pool = pool
        self.jobs = jobs
        self.place = place_of(settings)

    def receive(
        self, source: BinaryIO, *, name: str, kind: str, order: Mapping[str, Any], choice: Choice, description: Description,
        repairs: Sequence[str] = (), actor: Actor | None = None,
    ) -> tuple[UUID, UUID]:  # fmt: skip
        """Keep an upload and queue a job of a kind on it; return the ids of delivery and job. Where that fails nothing is left."""
        problem = refusal(name)
        if problem:
            raise InputError(problems=[f"/file：文件名{problem}"])
        kept = self.place.files.keep(source, name=name)

        def note(conn: psycopg.Connection[Any], job_id: UUID) -> None:
            deliveries.add(
                conn, file_name=kept.path.name, sha256=kept.sha256, size=kept.size, delivery_id=kept.delivery_id,
                description=description.to_json(), choice=choice.to_json(), repairs=repairs, actor=actor,
            )  # fmt: skip
            deliveries.work(conn, kept.delivery_id, job_id)

        try:
            return kept.delivery_id, self.jobs.submit(kind, {"delivery": str(kept.delivery_id), **order}, note=note)
        except BaseException:
            self.place.files.forget(kept.delivery_id)
            raise

    def take_another(self, delivery_id: UUID, dataset: str, *, actor: Actor | None = None) -> tuple[UUID, UUID]:
        """Make a delivery of another data set of the same file and have it recognised; return the ids of delivery and job.

        Raises UnknownRecordError where the delivery, its file or the data set is not there.
        """
        with self.pool.connection() as conn:
            first = deliveries.get(conn, delivery_id)
        if dataset not in [item["name"] for item in (first.recognition or {}).get("datasets", [])]:
            raise UnknownRecordError(f"“{first.file_name}”中没有名为“{dataset}”的数据。")
        again = self.place.files.keep_again(delivery_id)

        def note(conn: psycopg.Connection[Any], job_id: UUID) -> None:
            choice = Choice(dataset=dataset, encoding=first.choice.get("encoding"))
            deliveries.add(conn, file_name=first.file_name, sha256=first.sha256, size=first.bytes, delivery_id=again,
                           choice=choice.to_json(), description=first.description, actor=actor)  # fmt: skip
            deliveries.work(conn, again, job_id)

        try:
            return again, self.jobs.submit("delivery-recognise", {"delivery": str(again)}, note=note)
        except BaseException:
            self.place.files.forget(again)
            raise

    def order(self, delivery_id: UUID, kind: str, order: Mapping[str, Any] | None = None) -> UUID:
        """Queue a step of a delivery and return the job's id.

        Raises UnknownRecordError, DeliveryBusyError while another step is being done, DeliveryStateError where its time is over.
        """

        def note(conn: psycopg.Connection[Any], job_id: UUID) -> None:
            deliveries.locked(conn, delivery_id).require(*deliveries.OPEN)
            deliveries.work(conn, delivery_id, job_id)

        return self.jobs.submit(kind, {"delivery": str(delivery_id), **(order or {})}, note=note)


def tidy_up(pool: ConnectionPool[Any], settings: Settings) -> threading.Thread:
    """Clear away what an earlier run of the service left, in a thread: the start of the service does not wait for it."""
    thread = threading.Thread(target=_tidy, args=(pool, settings), name="uploads", daemon=True)
    thread.start()
    return thread


def _tidy(pool: ConnectionPool[Any], settings: Settings) -> None:
    """Remove uploads no longer needed; where the database is away it is done at the next start."""
    try:
        with as_service(), pool.connection() as conn:
            gone = delivery_steps.tidy(conn, DeliveryFiles(settings.uploads), days=settings.upload_days)
        if gone:
            log.info("uploads no longer needed: %d removed", len(gone))
    except (*DATABASE_AWAY, psycopg.Error, OSError) as error:
        log.warning("uploads could not be cleared: %s", error)
