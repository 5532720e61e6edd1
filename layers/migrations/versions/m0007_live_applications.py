"""The register of live applications with its history: what was known to be under way at any moment."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"

RECORDS = """
CREATE TABLE application_record (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    case_no text NOT NULL,
    household_id text,
    geom geometry NOT NULL,
    known_from timestamptz NOT NULL,
    known_to timestamptz,
    CONSTRAINT application_record_known_period CHECK (known_to >= known_from)
);
CREATE UNIQUE INDEX application_record_current ON application_record (case_no) WHERE known_to IS NULL;
CREATE INDEX application_record_known ON application_record (known_from, known_to);

CREATE FUNCTION keep_application_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.known_to IS NOT NULL OR to_jsonb(NEW) - 'known_to' <> to_jsonb(OLD) - 'known_to' THEN
        RAISE EXCEPTION '入库后不能改动：% %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER application_record_kept BEFORE UPDATE OR DELETE ON application_record
    FOR EACH ROW EXECUTE FUNCTION keep_application_record();
CREATE TRIGGER application_record_not_truncated BEFORE TRUNCATE ON application_record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

INSERT INTO application_record (case_no, household_id, geom, known_from)
SELECT case_no, properties ->> 'household_id', geom, created_at FROM application ORDER BY case_no;
"""


def upgrade() -> None:
    """Make the register; the applications on file are live since they came in."""
    op.execute(RECORDS)
