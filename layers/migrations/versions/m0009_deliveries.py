"""Deliveries: uploaded files on their way to a published version, with what was recognised, found, repaired and decided."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"

DELIVERIES = """
ALTER TABLE dataset_version ADD COLUMN display_only boolean NOT NULL DEFAULT false;

CREATE TABLE delivery (
    id uuid PRIMARY KEY,
    file_name text NOT NULL,
    sha256 text NOT NULL,
    bytes bigint NOT NULL,
    state text NOT NULL DEFAULT 'received',
    description jsonb NOT NULL DEFAULT '{}',
    choice jsonb NOT NULL DEFAULT '{}',
    recognition jsonb,
    summary jsonb,
    repairs jsonb NOT NULL DEFAULT '[]',
    repaired jsonb NOT NULL DEFAULT '[]',
    problem text,
    version_id integer,
    job_id uuid,
    acts jsonb NOT NULL DEFAULT '[]',
    created_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT delivery_state CHECK (state IN ('received', 'recognised', 'checked', 'staged', 'published', 'discarded', 'refused'))
);
CREATE INDEX delivery_time ON delivery (created_at DESC, id);

CREATE TABLE delivery_finding (
    delivery_id uuid NOT NULL REFERENCES delivery (id) ON DELETE CASCADE,
    number integer NOT NULL,
    code text NOT NULL,
    level text NOT NULL,
    message text NOT NULL,
    row_number integer,
    identifier text,
    other text,
    measured double precision,
    unit text,
    repair text,
    geom geometry,
    PRIMARY KEY (delivery_id, number),
    CONSTRAINT delivery_finding_level CHECK (level IN ('error', 'warning', 'note'))
);
CREATE INDEX delivery_finding_code ON delivery_finding (delivery_id, code, number);
"""


def upgrade() -> None:
    """Make room for deliveries; versions there already are for measuring as well as for showing."""
    op.execute(DELIVERIES)
