"""Background jobs."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Double, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from layers.tables.columns import INSTANT, by, created, metadata

job = Table(
    "job",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("input", JSONB, nullable=False, server_default=text("'{}'")),
    Column("state", Text, nullable=False, server_default="queued"),
    Column("progress", Double, nullable=False, server_default=text("0")),
    Column("message", Text, nullable=False, server_default=""),
    Column("result", JSONB),
    created(),
    Column("started_at", INSTANT),
    Column("finished_at", INSTANT),
    *by(),
    Column("owner", JSONB, nullable=False, server_default=text("'{}'")),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'interrupted')", name="job_state"),
    CheckConstraint("progress >= 0 AND progress <= 1", name="job_progress"),
    Index("job_waiting", "created_at", "id", postgresql_where=text("state = 'queued'")),
    Index("job_account", "account_id", text("created_at DESC")),
)
