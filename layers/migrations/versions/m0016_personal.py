"""People behind cases: applicants, members of their households, contacts of households. What identifies them is kept encrypted."""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"

PERSONAL = """
ALTER TABLE application ADD COLUMN village_code text;

CREATE TABLE applicant (
    case_no text PRIMARY KEY REFERENCES application (case_no),
    name bytea,
    sex bytea,
    birth bytea,
    phone bytea,
    identity_number bytea,
    registered_address bytea,
    address bytea,
    bounds bytea,
    identity_index bytea,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    erased_at timestamptz
);
CREATE INDEX applicant_identity ON applicant (identity_index);

CREATE TABLE applicant_member (
    case_no text NOT NULL REFERENCES applicant (case_no),
    position integer NOT NULL,
    name bytea,
    relation bytea,
    birth bytea,
    identity_number bytea,
    registered_address bytea,
    identity_index bytea,
    PRIMARY KEY (case_no, position)
);
CREATE INDEX applicant_member_identity ON applicant_member (identity_index);

CREATE TABLE household_person (
    household_no text NOT NULL REFERENCES household (household_no),
    part text NOT NULL,
    name bytea,
    phone bytea,
    identity_number bytea,
    address bytea,
    identity_index bytea,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (household_no, part),
    CONSTRAINT household_person_part CHECK (part IN ('head', 'contact'))
);
CREATE INDEX household_person_identity ON household_person (identity_index);
"""


def upgrade() -> None:
    """Add the tables, and to each application the village its site lies in."""
    op.execute(PERSONAL)
