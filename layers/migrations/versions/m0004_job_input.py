"""Jobs say what is to be done, so that a process of their own can take them."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add what a job works on, and the order in which jobs are taken."""
    op.execute("ALTER TABLE job ADD COLUMN input jsonb NOT NULL DEFAULT '{}'")
    op.execute("CREATE INDEX job_waiting ON job (created_at, id) WHERE state = 'queued'")
