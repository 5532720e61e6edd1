"""A mark keeps which features stood behind the hit when it was made, so that a later rule pack cannot change what it meant."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column."""
    op.execute("ALTER TABLE check_override ADD COLUMN hit_features jsonb NOT NULL DEFAULT '[]'")
