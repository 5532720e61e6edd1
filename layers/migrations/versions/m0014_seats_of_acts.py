"""With each act the seat and the account it was done from; with each job whose it is."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"

ACTS = ("version_act", "check_override", "classification_run", "stored_check", "check_run", "progress_value", "issued_paper", "job")


def upgrade() -> None:
    """Add the columns. They stay empty for acts of before, of the service itself and of the command line without a seat.

    No foreign keys: each new check would lock the one row of the person who checks all day; seats and accounts are never removed.
    """
    for table in ACTS:
        op.execute(f"ALTER TABLE {table} ADD COLUMN account_id integer, ADD COLUMN seat_id integer")
    op.execute("ALTER TABLE job ADD COLUMN owner jsonb NOT NULL DEFAULT '{}'")
    op.execute("CREATE INDEX job_account ON job (account_id, created_at DESC)")
