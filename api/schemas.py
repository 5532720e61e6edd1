"""The shapes that many answers share on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

WITHOUT_ZERO = r"^[^\u0000]*$"
"""A text that PostgreSQL can keep."""


class ProblemPlace(BaseModel):
    """One thing that is wrong, and where: a JSON pointer into the body, `?name` for a query parameter."""

    place: str
    message: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[ProblemPlace] = []


class Health(BaseModel):
    """The service is alive."""

    status: Literal["ok"]


class Ready(BaseModel):
    """The database is reachable and migrated; `snapshot` says whether checks are answered from memory yet."""

    status: Literal["ready"]
    database: str
    snapshot: Literal["loaded", "loading", "off"]


class DatasetState(BaseModel):
    """A layer that an answer asks for: with the version it rests on, or not loaded."""

    model_config = ConfigDict(extra="allow")
    layer: str
    state: Literal["loaded", "partly_covered", "not_loaded", "withheld"] = Field(description="withheld：已使用，但高于席位的密级，只写图层")
    state_label: str
    version: int | None = Field(None, description="未入库或不公开时没有")


class PackRef(BaseModel):
    """The rule pack an answer was given by."""

    model_config = ConfigDict(extra="allow")
    id: str
    version: str
    sha256: str


class Job(BaseModel):
    """Work that goes on after the answer. `interrupted`: the service stopped before it was done; send it again."""

    id: str
    kind: str
    state: Literal["queued", "running", "done", "failed", "interrupted"]
    progress: float = Field(ge=0, le=1)
    message: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    result: dict[str, Any] | None
    problem: Problem | None


class JobList(BaseModel):
    """Jobs, newest first."""

    jobs: list[Job]


class Accepted(BaseModel):
    """The job that was made; ask for it under `location`."""

    id: str
    state: str
    location: str
