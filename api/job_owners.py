"""On whose behalf a job is done: whoever ordered it, with what they may still do on the day it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

import psycopg

from api.access.permissions import granted, permissions
from api.errors import ForbiddenError
from layers import jobs
from layers.acting import SERVICE, Acting
from layers.catalog import SECRECY_LEVELS
from layers.jobs import Job, Taken

NEEDED: Mapping[str, str] = MappingProxyType(
    {
        "check-batch": "checks.make",
        "check-run": "runs.make",
        "delivery-check": "layers.deliver",
        "delivery-recognise": "layers.deliver",
        "delivery-stage": "layers.deliver",
        "layer-import": "layers.deliver",
    }
)
"""The permission without which a kind of job is not done; a kind that stands not here needs none of its own."""

SEEN_WITH: Mapping[str, str] = MappingProxyType(
    {kind: "layers.inspect" for kind, needed in NEEDED.items() if needed == "layers.deliver"} | {"check-run": "runs.read"}
)
"""A job on something that others may see is seen by those who may see that."""

OF_COUNTY = frozenset({"check-run"})
"""What such a job works on is only seen by seats of the whole county."""


def owner(conn: psycopg.Connection[Any], taken: Taken, *, today: date) -> Acting:
    """Return on whose behalf a job is to be done; raises ForbiddenError where they have lost the seat or the permission meanwhile."""
    ordered = taken.ordered_by
    if ordered is None:
        return SERVICE
    now = jobs.owner_now(conn, ordered, today=today) if ordered.seat_id is not None else None
    if now is None:
        raise ForbiddenError(f"提交任务的{ordered.person or '人员'}已不在原席位“{ordered.seat}”，任务不再进行。")
    may = ordered.permissions & granted(now.roles)
    for permission in _needed(taken):
        if permission not in may:
            raise ForbiddenError(f"提交任务的席位“{ordered.seat}”已没有这项权限：{permissions()[permission]}。任务不再进行。")
    secrecy = min(now.secrecy, ordered.secrecy or SECRECY_LEVELS[0], key=SECRECY_LEVELS.index)
    places = None if now.place_code is None else frozenset({now.place_code})
    return replace(ordered, permissions=may, secrecy=secrecy, places=places)


def sees_all(by: Acting) -> bool:
    """Whether somebody sees every job: seats of the county that look after the service."""
    return by.places is None and "operations.read" in by.permissions


def is_seen(job: Job, by: Acting) -> bool:
    """Whether somebody sees a job: their own, one ordered from their seat, one on something they may see, or all."""
    own = by.account_id is not None and job.account_id == by.account_id
    of_seat = by.seat_id is not None and job.seat_id == by.seat_id
    on_seen = SEEN_WITH.get(job.kind) in by.permissions and (by.places is None or job.kind not in OF_COUNTY)
    return own or of_seat or on_seen or sees_all(by)


def _needed(taken: Taken) -> list[str]:
    needed = [NEEDED[taken.kind]] if taken.kind in NEEDED else []
    return [*needed, "layers.publish"] if taken.input.get("publish") else needed
