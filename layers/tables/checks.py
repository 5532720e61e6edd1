"""Stored checks with what was said of them later, papers given out on them, and runs over many subjects."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Date, ForeignKey, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from layers.tables.columns import INSTANT, by, created, geometry, metadata

stored_check = Table(
    "stored_check",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("case_no", Text),
    Column("verdict", Text, nullable=False),
    Column("report", Text),
    Column("packed", LargeBinary),
    Column("dictionary", LargeBinary),
    Column("failed", ARRAY(Text)),
    Column("properties", JSONB, nullable=False),
    geometry("geom"),
    Column("subject_sha256", Text, nullable=False),
    Column("applied_on", Date),
    Column("valid_on", Date, nullable=False),
    Column("known_at", INSTANT, nullable=False),
    Column("checked_at", INSTANT, nullable=False),
    Column("pack_id", Text, nullable=False),
    Column("pack_version", Text, nullable=False),
    Column("pack_sha256", Text, nullable=False),
    Column("datasets", JSONB, nullable=False),
    *by(),
    Column("village_code", Text),
    CheckConstraint(
        "num_nonnulls(report, packed) = 1 AND (packed IS NULL) = (dictionary IS NULL) AND (packed IS NULL) = (failed IS NULL)",
        name="stored_check_one_form",
    ),
    Index("stored_check_case", "case_no", "checked_at"),
    Index("stored_check_time", text("checked_at DESC"), "id"),
    Index("stored_check_geom", "geom", postgresql_using="gist"),
)
"""A report is kept as `packed` with the `dictionary` of that SHA-256 (`layers/packed_reports.py`); earlier ones as text in `report`.

That the dictionary is there is not left to a foreign key: each new check would lock the one row they all point to.
"""

report_dictionary = Table(
    "report_dictionary",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("basis", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    created(),
    Index("report_dictionary_basis", "basis", "created_at"),
)

check_override = Table(
    "check_override",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("check_id", UUID(as_uuid=True), ForeignKey("stored_check.id"), nullable=False),
    Column("act", Text, nullable=False),
    Column("rule_key", Text, nullable=False),
    Column("feature_id", Text),
    Column("withdraws", UUID(as_uuid=True), ForeignKey("check_override.id")),
    Column("reason", Text, nullable=False),
    Column("officer", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("evidence", Text),
    Column("evidence_sha256", Text),
    Column("made_at", INSTANT, nullable=False),
    Column("hit_features", JSONB, nullable=False, server_default=text("'[]'")),
    *by(),
    Index("check_override_check", "check_id", "made_at"),
    Index("check_override_withdrawn_once", "withdraws", unique=True, postgresql_where=text("withdraws IS NOT NULL")),
)

recheck = Table(
    "recheck",
    metadata,
    Column("check_id", UUID(as_uuid=True), ForeignKey("stored_check.id"), primary_key=True),
    Column("previous_id", UUID(as_uuid=True), ForeignKey("stored_check.id"), nullable=False),
    Column("grounds", JSONB, nullable=False),
    Index("recheck_previous", "previous_id", unique=True),
)

issued_paper = Table(
    "issued_paper",
    metadata,
    Column("sha256", LargeBinary, primary_key=True),
    Column("check_id", UUID(as_uuid=True), ForeignKey("stored_check.id"), nullable=False),
    Column("base_sha256", LargeBinary, nullable=False),
    Column("certificate", Text),
    Column("signature", LargeBinary),
    Column("issued_at", INSTANT, nullable=False),
    *by(),
    Index("issued_paper_check", "check_id", "base_sha256"),
)
"""Papers given out. `base_sha256` is that of the file before it was signed, `signature` the bytes that signing added to it."""

check_run = Table(
    "check_run",
    metadata,
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("parameters", JSONB, nullable=False),
    Column("valid_on", Date, nullable=False),
    Column("known_at", INSTANT, nullable=False),
    Column("pack_version", Text, nullable=False),
    Column("pack_sha256", Text, nullable=False),
    Column("versions", JSONB, nullable=False),
    Column("classification_id", UUID(as_uuid=True)),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False, server_default=text("0")),
    Column("summary", JSONB, nullable=False, server_default=text("'{}'")),
    Column("created_at", INSTANT, nullable=False),
    Column("finished_at", INSTANT),
    *by(),
    Column("place_code", Text, server_default=text("access.own_place()")),
    Index("check_run_time", text("created_at DESC"), "id"),
)

check_run_subject = Table(
    "check_run_subject",
    metadata,
    Column("run_id", UUID(as_uuid=True), ForeignKey("check_run.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("check_id", UUID(as_uuid=True)),
    Column("properties", JSONB, nullable=False),
    geometry("geom"),
)

check_run_result = Table(
    "check_run_result",
    metadata,
    Column("run_id", UUID(as_uuid=True), ForeignKey("check_run.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("name", Text),
    Column("verdict", Text, nullable=False),
    Column("before", Text),
    Column("check_id", UUID(as_uuid=True)),
    Column("report", Text, nullable=False),
    geometry("geom"),
    Index("check_run_result_verdict", "run_id", "verdict", "position"),
)
