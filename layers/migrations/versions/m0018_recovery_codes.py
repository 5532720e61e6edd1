"""Recovery codes: what somebody who has lost their authenticator shows in place of its code, each once."""

from __future__ import annotations

from alembic import op

revision = "0018"
down_revision = "0017"

RECOVERY_CODES = """
CREATE TABLE recovery_code (
    account_id integer NOT NULL REFERENCES account (id),
    code_sha256 bytea NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (account_id, code_sha256)
);
CREATE INDEX sign_in_try_tried_at ON sign_in_try (tried_at);
"""


def upgrade() -> None:
    """Make the table; and an index by which old tries to sign in are found and removed."""
    op.execute(RECOVERY_CODES)
