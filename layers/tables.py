"""The tables of the store. Migrations make them; this is what they must amount to.

`feature`, `piece` and `overview` are partitioned by version: a version's rows are copied into tables of their own, indexed and then
attached (`partitions.py`), and never change afterwards. Geometries carry the SRID of the county's zone, so the columns leave it open.
Triggers refuse changes of published versions, stored checks, classifications and progress figures; a correction is a new row.
"""

from __future__ import annotations

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

metadata = MetaData()

INSTANT = DateTime(timezone=True)


def _geometry(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Geometry(srid=-1, spatial_index=False), nullable=nullable)


def _sealed(*names: str) -> list[Column[object]]:
    """Columns that hold what identifies people, encrypted in the application."""
    return [Column(name, LargeBinary) for name in names]


def _created(name: str = "created_at") -> Column[object]:
    return Column(name, INSTANT, nullable=False, server_default=func.now())


def _by() -> tuple[Column[int], Column[int]]:
    """From which account and seat; empty for the service itself, and for the command line without a seat."""
    return Column("account_id", Integer), Column("seat_id", Integer)


dataset_version = Table(
    "dataset_version",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("layer_id", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="staged"),
    Column("law_status", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("authority", Text, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),
    Column("known_from", INSTANT),
    Column("known_to", INSTANT),
    Column("source_name", Text, nullable=False),
    Column("source_sha256", Text, nullable=False),
    Column("survey_date", Date),
    Column("code_system", Text),
    Column("secrecy", Text, nullable=False),
    Column("synthetic", Boolean, nullable=False),
    Column("epsg", Integer, nullable=False),
    _geometry("coverage"),
    Column("feature_count", Integer, nullable=False),
    Column("checksum", Text, nullable=False),
    Column("disjoint", Boolean, nullable=False),
    Column("qa", JSONB, nullable=False),
    _created(),
    Column("display_only", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("status IN ('staged', 'published', 'withdrawn')", name="dataset_version_status"),
    CheckConstraint("secrecy IN ('public', 'internal', 'secret')", name="dataset_version_secrecy"),
    CheckConstraint("valid_to > valid_from", name="dataset_version_valid_period"),
    CheckConstraint("known_to >= known_from", name="dataset_version_known_period"),
    CheckConstraint("(status = 'staged') = (known_from IS NULL)", name="dataset_version_known_once_published"),
    Index("dataset_version_layer", "layer_id", "known_from"),
)

feature = Table(
    "feature",
    metadata,
    Column("version_id", Integer, primary_key=True, autoincrement=False),
    Column("fid", Integer, primary_key=True, autoincrement=False),
    Column("identifier", Text, nullable=False),
    Column("attributes", JSONB, nullable=False),
    _geometry("geom"),
    Column("area_m2", Double, nullable=False),
    Index("feature_identifier", "version_id", "identifier"),
    Index("feature_geom", "geom", postgresql_using="gist"),
    postgresql_partition_by="LIST (version_id)",
)

piece = Table(
    "piece",
    metadata,
    Column("version_id", Integer, primary_key=True, autoincrement=False),
    Column("fid", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    _geometry("geom"),
    Index("piece_geom", "geom", postgresql_using="gist"),
    postgresql_partition_by="LIST (version_id)",
)

overview = Table(
    "overview",
    metadata,
    Column("version_id", Integer, primary_key=True, autoincrement=False),
    Column("fid", Integer, primary_key=True, autoincrement=False),
    Column("attributes", JSONB, nullable=False),
    _geometry("geom"),
    Index("overview_geom", "geom", postgresql_using="gist"),
    postgresql_partition_by="LIST (version_id)",
)
"""Shapes in Web Mercator for tiles seen from afar: simplified, without the features too small to be seen there."""

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
    _created(),
    *_by(),
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
    _geometry("geom"),
    Column("subject_sha256", Text, nullable=False),
    Column("applied_on", Date),
    Column("valid_on", Date, nullable=False),
    Column("known_at", INSTANT, nullable=False),
    Column("checked_at", INSTANT, nullable=False),
    Column("pack_id", Text, nullable=False),
    Column("pack_version", Text, nullable=False),
    Column("pack_sha256", Text, nullable=False),
    Column("datasets", JSONB, nullable=False),
    *_by(),
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
    _created(),
    Index("report_dictionary_basis", "basis", "created_at"),
)

application = Table(
    "application",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("properties", JSONB, nullable=False),
    _geometry("geom"),
    Column("expected", JSONB),
    Column("synthetic", Boolean, nullable=False),
    _created(),
    Column("village_code", Text),
    Index("application_geom", "geom", postgresql_using="gist"),
)

applicant = Table(
    "applicant",
    metadata,
    Column("case_no", Text, ForeignKey("application.case_no"), primary_key=True),
    *_sealed("name", "sex", "birth", "phone", "identity_number", "registered_address", "address", "bounds"),
    Column("identity_index", LargeBinary),
    _created("recorded_at"),
    _created("changed_at"),
    Column("erased_at", INSTANT),
    Index("applicant_identity", "identity_index"),
)

applicant_member = Table(
    "applicant_member",
    metadata,
    Column("case_no", Text, ForeignKey("applicant.case_no"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    *_sealed("name", "relation", "birth", "identity_number", "registered_address"),
    Column("identity_index", LargeBinary),
    Index("applicant_member_identity", "identity_index"),
)

household = Table(
    "household",
    metadata,
    Column("household_no", Text, primary_key=True),
    Column("village_code", Text, nullable=False),
    Column("properties", JSONB, nullable=False),
    Column("synthetic", Boolean, nullable=False),
    Index("household_village", "village_code"),
)

household_person = Table(
    "household_person",
    metadata,
    Column("household_no", Text, ForeignKey("household.household_no"), primary_key=True),
    Column("part", Text, primary_key=True),
    *_sealed("name", "phone", "identity_number", "address"),
    Column("identity_index", LargeBinary),
    _created("recorded_at"),
    CheckConstraint("part IN ('head', 'contact')", name="household_person_part"),
    Index("household_person_identity", "identity_index"),
)

application_record = Table(
    "application_record",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_no", Text, nullable=False),
    Column("household_id", Text),
    _geometry("geom"),
    Column("known_from", INSTANT, nullable=False),
    Column("known_to", INSTANT),
    CheckConstraint("known_to >= known_from", name="application_record_known_period"),
    Index("application_record_current", "case_no", unique=True, postgresql_where=text("known_to IS NULL")),
    Index("application_record_known", "known_from", "known_to"),
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
    *_by(),
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
    _created(),
    Column("started_at", INSTANT),
    Column("finished_at", INSTANT),
    *_by(),
    Column("owner", JSONB, nullable=False, server_default=text("'{}'")),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'interrupted')", name="job_state"),
    CheckConstraint("progress >= 0 AND progress <= 1", name="job_progress"),
    Index("job_waiting", "created_at", "id", postgresql_where=text("state = 'queued'")),
    Index("job_account", "account_id", text("created_at DESC")),
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
    *_by(),
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
    *_by(),
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
    _geometry("geom"),
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
    _geometry("geom"),
    Index("check_run_result_verdict", "run_id", "verdict", "position"),
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
    *_by(),
    Index("issued_paper_check", "check_id", "base_sha256"),
)
"""Papers given out. `base_sha256` is that of the file before it was signed, `signature` the bytes that signing added to it."""

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
    _created(),
    _created("changed_at"),
    *_by(),
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
    _geometry("geom", nullable=True),
    CheckConstraint("level IN ('error', 'warning', 'note')", name="delivery_finding_level"),
    Index("delivery_finding_code", "delivery_id", "code", "number"),
)

version_act = Table(
    "version_act",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("version_id", Integer, nullable=False),
    Column("layer_id", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("law_status", Text),
    Column("effective_from", Date),
    Column("officer", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", JSONB, nullable=False, server_default=text("'{}'")),
    Column("made_at", INSTANT, nullable=False),
    *_by(),
    Index("version_act_version", "version_id", "made_at"),
    Index("version_act_layer", "layer_id", "made_at"),
)
"""Who did what to a version. That the version is there is not asked of a foreign key: what is discarded leaves its act behind."""

place_code_change = Table(
    "place_code_change",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("code", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name_before", Text),
    Column("name_after", Text),
    Column("last_listed", Date),
    Column("changed_on", Date, nullable=False),
    Column("successors", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("source_name", Text, nullable=False),
    Column("source_sha256", Text, nullable=False),
    Column("recorded_at", INSTANT, nullable=False, server_default=func.clock_timestamp()),
    Index("place_code_change_code_time", "code", "changed_on"),
)
"""Places that were renamed, merged, split, or came and went, as lists of codes tell: from `changed_on` on; up to `last_listed` as before."""

seat = Table(
    "seat",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("title", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("place_code", Text),
    Column("secrecy", Text, nullable=False, server_default="internal"),
    Column("ended_on", Date),
    _created(),
    UniqueConstraint("unit", "title"),
)

seat_role = Table(
    "seat_role",
    metadata,
    Column("seat_id", Integer, ForeignKey("seat.id"), primary_key=True),
    Column("role", Text, primary_key=True),
)

person = Table(
    "person",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False),
    _created(),
)

seat_holder = Table(
    "seat_holder",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("seat_id", Integer, ForeignKey("seat.id"), nullable=False),
    Column("person_id", Integer, ForeignKey("person.id"), nullable=False),
    Column("held_from", Date, nullable=False),
    Column("held_to", Date),
    _created(),
    Index("seat_holder_person", "person_id"),
)

account = Table(
    "account",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("person_id", Integer, ForeignKey("person.id"), nullable=False, unique=True),
    Column("login", Text, nullable=False, unique=True),
    Column("password_hash", Text),
    Column("password_set_at", INSTANT),
    Column("must_change", Boolean, nullable=False, server_default="true"),
    Column("oidc_subject", Text, unique=True),
    Column("totp_secret", LargeBinary),
    Column("totp_confirmed_at", INSTANT),
    Column("totp_last_step", BigInteger),
    Column("failed", Integer, nullable=False, server_default="0"),
    Column("locked_until", INSTANT),
    Column("disabled_at", INSTANT),
    _created(),
)

session = Table(
    "session",
    metadata,
    Column("id", UUID(), primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("seat_id", Integer, ForeignKey("seat.id")),
    Column("secret_sha256", LargeBinary, nullable=False, unique=True),
    Column("address", Text, nullable=False),
    Column("second_factor", Boolean, nullable=False, server_default="false"),
    _created("started_at"),
    _created("seen_at"),
    Column("ends_at", INSTANT, nullable=False),
    Column("ended_at", INSTANT),
    Index("session_account", "account_id", postgresql_where=text("ended_at IS NULL")),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", UUID(), primary_key=True),
    Column("account_id", Integer, ForeignKey("account.id"), nullable=False),
    Column("seat_id", Integer, ForeignKey("seat.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("secret_sha256", LargeBinary, nullable=False, unique=True),
    Column("permissions", ARRAY(Text), nullable=False),
    _created(),
    Column("expires_at", INSTANT, nullable=False),
    Column("revoked_at", INSTANT),
    Column("used_at", INSTANT),
    Index("api_token_account", "account_id"),
)

one_time_link = Table(
    "one_time_link",
    metadata,
    Column("id", UUID(), primary_key=True),
    Column("secret_sha256", LargeBinary, nullable=False, unique=True),
    Column("purpose", Text, nullable=False),
    Column("account_id", Integer, ForeignKey("account.id")),
    Column("expires_at", INSTANT, nullable=False),
    Column("used_at", INSTANT),
    _created(),
)

sign_in_try = Table(
    "sign_in_try",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("address", Text, nullable=False),
    Column("login_sha256", LargeBinary, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    _created("tried_at"),
    Index("sign_in_try_address", "address", "tried_at"),
    Index("sign_in_try_login", "login_sha256", "tried_at"),
    Index("sign_in_try_tried_at", "tried_at"),
)

recovery_code = Table(
    "recovery_code",
    metadata,
    Column("account_id", Integer, ForeignKey("account.id"), primary_key=True),
    Column("code_sha256", LargeBinary, primary_key=True),
    Column("used_at", INSTANT),
)
