"""Applications, and what identifies people: applicants, members of their households, heads of households."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from layers.tables.columns import INSTANT, created, geometry, metadata, sealed

application = Table(
    "application",
    metadata,
    Column("case_no", Text, primary_key=True),
    Column("properties", JSONB, nullable=False),
    geometry("geom"),
    Column("expected", JSONB),
    Column("synthetic", Boolean, nullable=False),
    created(),
    Column("village_code", Text),
    Index("application_geom", "geom", postgresql_using="gist"),
)

application_record = Table(
    "application_record",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("case_no", Text, nullable=False),
    Column("household_id", Text),
    geometry("geom"),
    Column("known_from", INSTANT, nullable=False),
    Column("known_to", INSTANT),
    CheckConstraint("known_to >= known_from", name="application_record_known_period"),
    Index("application_record_current", "case_no", unique=True, postgresql_where=text("known_to IS NULL")),
    Index("application_record_known", "known_from", "known_to"),
    Index("application_record_ended", "known_to"),
)

applicant = Table(
    "applicant",
    metadata,
    Column("case_no", Text, ForeignKey("application.case_no"), primary_key=True),
    *sealed("name", "sex", "birth", "phone", "identity_number", "registered_address", "address", "bounds"),
    Column("identity_index", LargeBinary),
    created("recorded_at"),
    created("changed_at"),
    Column("erased_at", INSTANT),
    Index("applicant_identity", "identity_index"),
)

applicant_member = Table(
    "applicant_member",
    metadata,
    Column("case_no", Text, ForeignKey("applicant.case_no"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    *sealed("name", "relation", "birth", "identity_number", "registered_address"),
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
    *sealed("name", "phone", "identity_number", "address"),
    Column("identity_index", LargeBinary),
    created("recorded_at"),
    CheckConstraint("part IN ('head', 'contact')", name="household_person_part"),
    Index("household_person_identity", "identity_index"),
)
