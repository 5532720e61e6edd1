"""The register of papers: every file that was given out, known by its SHA-256, with the signature that was added to it."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"

PAPERS = """
CREATE TABLE issued_paper (
    sha256 bytea PRIMARY KEY,
    check_id uuid NOT NULL REFERENCES stored_check (id),
    base_sha256 bytea NOT NULL,
    certificate text,
    signature bytea,
    issued_at timestamptz NOT NULL,
    CONSTRAINT issued_paper_signed CHECK ((certificate IS NULL) = (signature IS NULL))
);
CREATE INDEX issued_paper_check ON issued_paper (check_id, base_sha256);

CREATE TRIGGER issued_paper_immutable BEFORE UPDATE OR DELETE ON issued_paper FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER issued_paper_not_truncated BEFORE TRUNCATE ON issued_paper FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make the register."""
    op.execute(PAPERS)
