"""The audit: entries that can only be added, each carrying the hash of the one before."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"

AUDIT = """
CREATE SCHEMA audit;

CREATE TABLE audit.entry (
    id bigint PRIMARY KEY,
    payload text NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE audit.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    id bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO audit.head (id, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

CREATE FUNCTION audit.append(payloads text[]) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, audit AS $$
DECLARE
    last audit.head%ROWTYPE;
    said text;
    next_hash bytea;
BEGIN
    SELECT * INTO STRICT last FROM audit.head FOR UPDATE;
    FOREACH said IN ARRAY payloads LOOP
        next_hash := sha256(last.hash || int8send(last.id + 1) || convert_to(said, 'UTF8'));
        INSERT INTO audit.entry (id, payload, previous, hash) VALUES (last.id + 1, said, last.hash, next_hash);
        last.id := last.id + 1;
        last.hash := next_hash;
    END LOOP;
    UPDATE audit.head SET id = last.id, hash = last.hash;
    RETURN last.id;
END $$;

CREATE TRIGGER entry_immutable BEFORE UPDATE OR DELETE ON audit.entry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER entry_not_truncated BEFORE TRUNCATE ON audit.entry FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make the schema with its function; only that function adds entries."""
    op.execute(AUDIT)
