"""Runs over many subjects: what they rest on, their subjects, and their results chunk by chunk."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

RUNS = """
CREATE TABLE check_run (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    title text NOT NULL,
    parameters jsonb NOT NULL,
    valid_on date NOT NULL,
    known_at timestamptz NOT NULL,
    pack_version text NOT NULL,
    pack_sha256 text NOT NULL,
    versions jsonb NOT NULL,
    classification_id uuid,
    total integer NOT NULL,
    done integer NOT NULL DEFAULT 0,
    summary jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CONSTRAINT check_run_kind CHECK (kind IN ('file', 'open', 'houses', 'plan_difference', 'backtest')),
    CONSTRAINT check_run_done CHECK (done >= 0 AND done <= total),
    CONSTRAINT check_run_finished CHECK (finished_at IS NULL OR done = total)
);
CREATE INDEX check_run_time ON check_run (created_at DESC, id);

CREATE TABLE check_run_subject (
    run_id uuid NOT NULL REFERENCES check_run (id),
    position integer NOT NULL,
    kind text NOT NULL,
    name text,
    check_id uuid,
    properties jsonb NOT NULL,
    geom geometry NOT NULL,
    PRIMARY KEY (run_id, position)
);

CREATE TABLE check_run_result (
    run_id uuid NOT NULL REFERENCES check_run (id),
    position integer NOT NULL,
    kind text NOT NULL,
    name text,
    verdict text NOT NULL,
    before text,
    check_id uuid,
    report text NOT NULL,
    geom geometry NOT NULL,
    PRIMARY KEY (run_id, position)
);
CREATE INDEX check_run_result_verdict ON check_run_result (run_id, verdict, position);
"""

KEPT = """
CREATE FUNCTION keep_run() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.finished_at IS NOT NULL OR NEW.done < OLD.done
        OR to_jsonb(NEW) - '{done,summary,finished_at}'::text[] <> to_jsonb(OLD) - '{done,summary,finished_at}'::text[]
    THEN
        RAISE EXCEPTION '入库后不能改动：% %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER check_run_kept BEFORE UPDATE OR DELETE ON check_run FOR EACH ROW EXECUTE FUNCTION keep_run();
CREATE TRIGGER check_run_not_truncated BEFORE TRUNCATE ON check_run FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER check_run_subject_immutable BEFORE UPDATE OR DELETE ON check_run_subject
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER check_run_subject_not_truncated BEFORE TRUNCATE ON check_run_subject
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER check_run_result_immutable BEFORE UPDATE OR DELETE ON check_run_result
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER check_run_result_not_truncated BEFORE TRUNCATE ON check_run_result
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make the tables of runs."""
    op.execute(RUNS)
    op.execute(KEPT)
