"""Types of villages, and their progress month by month."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Identity,
    Index,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

from layers.tables.columns import INSTANT, by, created, metadata

classification_run = Table(
    "classification_run",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("pack_id", Text, nullable=False),
    Column("pack_version", Text, nullable=False),
    Column("pack_sha256", Text, nullable=False),
    Column("parameters", JSONB, nullable=False),
    Column("datasets", JSONB, nullable=False),
    Column("valid_on", Date, nullable=False),
    Column("known_at", INSTANT, nullable=False),
    created(),
    *by(),
)

classification_result = Table(
    "classification_result",
    metadata,
    Column("run_id", UUID(as_uuid=True), ForeignKey("classification_run.id"), primary_key=True),
    Column("village_code", Text, primary_key=True),
    Column("village_type", Text, nullable=False),
    Column("report", Text, nullable=False),
    Index("classification_result_type", "run_id", "village_type"),
)

progress_value = Table(
    "progress_value",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("village_code", Text, nullable=False),
    Column("indicator", Text, nullable=False),
    Column("period", Date, nullable=False),
    Column("numerator", Double),
    Column("denominator", Double),
    Column("source_name", Text, nullable=False),
    Column("synthetic", Boolean, nullable=False),
    Column("known_from", INSTANT, nullable=False),
    Column("known_to", INSTANT),
    *by(),
    CheckConstraint("extract(day FROM period) = 1", name="progress_value_month"),
    CheckConstraint("known_to >= known_from", name="progress_value_known_period"),
    Index(
        "progress_value_current",
        "indicator",
        "period",
        "village_code",
        unique=True,
        postgresql_where=text("known_to IS NULL"),
    ),
    Index("progress_value_period", "indicator", "period"),
)
