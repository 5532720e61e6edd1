"""With each delivery the account it came from, so that what one account delivers in a day can be counted."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the columns; empty for deliveries of before and of the command line without a seat."""
    op.execute("ALTER TABLE delivery ADD COLUMN account_id integer, ADD COLUMN seat_id integer")
    op.execute("CREATE INDEX delivery_account ON delivery (account_id, created_at)")
