"""An appointment that is taken back on its first day, or before, is kept with an empty period; days are those of China."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

CHANGE = """
ALTER TABLE seat_holder DROP CONSTRAINT seat_holder_period, ADD CONSTRAINT seat_holder_period CHECK (held_to >= held_from);

CREATE OR REPLACE FUNCTION keep_holder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR to_jsonb(NEW) - 'held_to' <> to_jsonb(OLD) - 'held_to'
        OR (OLD.held_to IS NOT NULL AND OLD.held_to <= (now() AT TIME ZONE 'Asia/Shanghai')::date) THEN
        RAISE EXCEPTION '席位任职记录不能改动，只能写明到期日' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
"""


def upgrade() -> None:
    """Allow the empty period; without it nobody could be taken off a seat on the day they came to it."""
    op.execute(CHANGE)
