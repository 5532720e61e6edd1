"""Versions of layers with their features, what was done to versions, and how place codes changed.

`feature`, `piece` and `overview` are partitioned by version: a version's rows are copied into tables of their own, indexed and then
attached (`layers/partitions.py`), and never change afterwards.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from layers.tables.columns import INSTANT, by, created, geometry, metadata

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
    geometry("coverage"),
    Column("feature_count", Integer, nullable=False),
    Column("checksum", Text, nullable=False),
    Column("disjoint", Boolean, nullable=False),
    Column("qa", JSONB, nullable=False),
    created(),
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
    geometry("geom"),
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
    geometry("geom"),
    Index("piece_geom", "geom", postgresql_using="gist"),
    postgresql_partition_by="LIST (version_id)",
)

overview = Table(
    "overview",
    metadata,
    Column("version_id", Integer, primary_key=True, autoincrement=False),
    Column("fid", Integer, primary_key=True, autoincrement=False),
    Column("attributes", JSONB, nullable=False),
    geometry("geom"),
    Index("overview_geom", "geom", postgresql_using="gist"),
    postgresql_partition_by="LIST (version_id)",
)
"""Shapes in Web Mercator for tiles seen from afar: simplified, without the features too small to be seen there."""

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
    *by(),
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
