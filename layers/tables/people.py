"""Seats and who holds them, accounts, and everything that lets somebody in."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from layers.tables.columns import INSTANT, created, metadata

seat = Table(
    "seat",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("title", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("place_code", Text),
    Column("secrecy", Text, nullable=False, server_default="internal"),
    Column("ended_on", Date),
    created(),
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
    created(),
)

seat_holder = Table(
    "seat_holder",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("seat_id", Integer, ForeignKey("seat.id"), nullable=False),
    Column("person_id", Integer, ForeignKey("person.id"), nullable=False),
    Column("held_from", Date, nullable=False),
    Column("held_to", Date),
    created(),
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
    created(),
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
    created("started_at"),
    created("seen_at"),
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
    created(),
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
    created(),
)

sign_in_try = Table(
    "sign_in_try",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("address", Text, nullable=False),
    Column("login_sha256", LargeBinary, nullable=False),
    Column("succeeded", Boolean, nullable=False),
    created("tried_at"),
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
