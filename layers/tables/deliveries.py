"""Delivered files on their way to a version, and what was found in them."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Double, ForeignKey, Index, Integer, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB, UUID

from layers.tables.columns import by, created, geometry, metadata

delivery = Table(
    "delivery",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("file_name", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("state", Text, nullable=False, server_default="received"),
    Column("description", JSONB, nullable=False, server_default=text("'{}'")),
    Column("choice", JSONB, nullable=False, server_default=text("'{}'")),
    Column("recognition", JSONB),
    Column("summary", JSONB),
    Column("repairs", JSONB, nullable=False, server_default=text("'[]'")),
    Column("repaired", JSONB, nullable=False, server_default=text("'[]'")),
    Column("problem", Text),
    Column("version_id", Integer),
    Column("job_id", UUID(as_uuid=True)),
    Column("acts", JSONB, nullable=False, server_default=text("'[]'")),
    created(),
    created("changed_at"),
    *by(),
    CheckConstraint(
        "state IN ('received', 'recognised', 'checked', 'staged', 'published', 'discarded', 'refused')", name="delivery_state"
    ),
    Index("delivery_time", text("created_at DESC"), "id"),
    Index("delivery_account", "account_id", "created_at"),
)
"""An uploaded file on its way. `choice` is what a person said of it, `acts` who did what to it when; see `layers/deliveries.py`."""

delivery_finding = Table(
    "delivery_finding",
    metadata,
    Column("delivery_id", UUID(as_uuid=True), ForeignKey("delivery.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("row_number", Integer),
    Column("identifier", Text),
    Column("other", Text),
    Column("measured", Double),
    Column("unit", Text),
    Column("repair", Text),
    geometry("geom", nullable=True),
    CheckConstraint("level IN ('error', 'warning', 'note')", name="delivery_finding_level"),
    Index("delivery_finding_code", "delivery_id", "code", "number"),
)
