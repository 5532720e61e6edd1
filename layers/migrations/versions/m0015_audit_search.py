"""The audit: entries are chained when their transaction ends, can be searched, and go to an archive when they are old."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"

SEARCH = """
DROP TRIGGER entry_immutable ON audit.entry;
ALTER TABLE audit.entry
    ADD COLUMN at timestamptz, ADD COLUMN account_id bigint, ADD COLUMN person text, ADD COLUMN seat_id bigint,
    ADD COLUMN action text, ADD COLUMN object text, ADD COLUMN result text;
UPDATE audit.entry SET
    at = (payload::jsonb ->> 'at')::timestamptz, account_id = (payload::jsonb ->> 'account_id')::bigint, person = payload::jsonb ->> 'person',
    seat_id = (payload::jsonb ->> 'seat_id')::bigint, action = payload::jsonb ->> 'action', object = payload::jsonb ->> 'object',
    result = payload::jsonb ->> 'result';
ALTER TABLE audit.entry
    ALTER COLUMN at SET NOT NULL, ALTER COLUMN person SET NOT NULL, ALTER COLUMN action SET NOT NULL, ALTER COLUMN object SET NOT NULL,
    ALTER COLUMN result SET NOT NULL;
CREATE INDEX entry_at ON audit.entry (at);
CREATE INDEX entry_object ON audit.entry (object COLLATE "C", id);
"""

ARCHIVE = """
CREATE TABLE audit.archive (
    last_id bigint PRIMARY KEY,
    last_hash bytea NOT NULL,
    first_id bigint NOT NULL,
    file_name text NOT NULL,
    file_sha256 text NOT NULL,
    archived_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TRIGGER archive_immutable BEFORE UPDATE OR DELETE ON audit.archive FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER archive_not_truncated BEFORE TRUNCATE ON audit.archive FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION audit.keep() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, audit AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.id <= (SELECT max(last_id) FROM audit.archive) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION '审计记录不能改动或删除' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER entry_immutable BEFORE UPDATE OR DELETE ON audit.entry FOR EACH ROW EXECUTE FUNCTION audit.keep();
"""

CHAIN = """
CREATE TABLE audit.pending (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payload text NOT NULL
);

CREATE FUNCTION audit.append_last(payloads text[]) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, audit AS $$
DECLARE
    last audit.head%ROWTYPE;
    said text;
    told jsonb;
    next_hash bytea;
BEGIN
    SELECT * INTO STRICT last FROM audit.head FOR UPDATE;
    FOREACH said IN ARRAY payloads LOOP
        told := said::jsonb;
        next_hash := sha256(last.hash || int8send(last.id + 1) || convert_to(said, 'UTF8'));
        INSERT INTO audit.entry (id, payload, previous, hash, at, account_id, person, seat_id, action, object, result)
        VALUES (
            last.id + 1, said, last.hash, next_hash, (told ->> 'at')::timestamptz, (told ->> 'account_id')::bigint, told ->> 'person',
            (told ->> 'seat_id')::bigint, told ->> 'action', told ->> 'object', told ->> 'result'
        );
        last.id := last.id + 1;
        last.hash := next_hash;
    END LOOP;
    UPDATE audit.head SET id = last.id, hash = last.hash;
    RETURN last.id;
END $$;
COMMENT ON FUNCTION audit.append_last IS 'Chains entries at once. From here to the end of the transaction nobody else can: for a transaction whose last statement this is.';

CREATE OR REPLACE FUNCTION audit.append(payloads text[]) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, audit AS $$
BEGIN
    INSERT INTO audit.pending (payload) SELECT said FROM unnest(payloads) WITH ORDINALITY AS given(said, place) ORDER BY place;
    RETURN cardinality(payloads);
END $$;
COMMENT ON FUNCTION audit.append IS 'Takes entries that are chained when the transaction is committed, after all its other locks are held: writers cannot deadlock.';

CREATE FUNCTION audit.enchain() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, audit AS $$
BEGIN
    PERFORM audit.append_last(ARRAY[NEW.payload]);
    DELETE FROM audit.pending WHERE number = NEW.number;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER pending_chained AFTER INSERT ON audit.pending
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit.enchain();
"""


def upgrade() -> None:
    """Fill the columns that are searched, and let the chain be closed at the end of each transaction."""
    for statements in (SEARCH, ARCHIVE, CHAIN):
        op.execute(statements)
