"""Acts of officers on stored checks: hits marked as wrong, such marks withdrawn, and checks made again."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"

OVERRIDES = """
CREATE TABLE check_override (
    id uuid PRIMARY KEY,
    check_id uuid NOT NULL REFERENCES stored_check (id),
    act text NOT NULL,
    rule_key text NOT NULL,
    feature_id text,
    withdraws uuid REFERENCES check_override (id),
    reason text NOT NULL,
    officer text NOT NULL,
    unit text NOT NULL,
    evidence text,
    evidence_sha256 text,
    made_at timestamptz NOT NULL,
    CONSTRAINT check_override_act CHECK (act IN ('mark', 'withdraw')),
    CONSTRAINT check_override_withdraws CHECK ((act = 'withdraw') = (withdraws IS NOT NULL)),
    CONSTRAINT check_override_stated CHECK (reason ~ '\\S' AND officer ~ '\\S' AND unit ~ '\\S' AND rule_key ~ '\\S'),
    CONSTRAINT check_override_evidence CHECK (
        act = 'withdraw' OR (evidence IS NOT NULL AND evidence ~ '\\S') OR evidence_sha256 IS NOT NULL
    ),
    CONSTRAINT check_override_sha256 CHECK (evidence_sha256 ~ '^[0-9a-f]{64}$')
);
CREATE INDEX check_override_check ON check_override (check_id, made_at);
CREATE UNIQUE INDEX check_override_withdrawn_once ON check_override (withdraws) WHERE withdraws IS NOT NULL;

CREATE FUNCTION override_hits_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.act = 'mark' AND NOT EXISTS (
        SELECT FROM stored_check AS c, jsonb_array_elements(c.report::jsonb -> 'findings') AS f
        WHERE c.id = NEW.check_id AND f ->> 'outcome' = 'fail' AND (f ->> 'rule_id') || coalesce(f ->> 'branch', '') = NEW.rule_key
    ) THEN
        RAISE EXCEPTION '规则 % 在这份审查中没有命中', NEW.rule_key USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.act = 'withdraw' AND NOT EXISTS (
        SELECT FROM check_override AS o
        WHERE o.id = NEW.withdraws AND o.act = 'mark' AND o.check_id = NEW.check_id AND o.rule_key = NEW.rule_key
            AND o.feature_id IS NOT DISTINCT FROM NEW.feature_id
    ) THEN
        RAISE EXCEPTION '没有可撤回的更正 %', NEW.withdraws USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER check_override_hits_only BEFORE INSERT ON check_override FOR EACH ROW EXECUTE FUNCTION override_hits_only();
CREATE TRIGGER check_override_immutable BEFORE UPDATE OR DELETE ON check_override FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER check_override_not_truncated BEFORE TRUNCATE ON check_override FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

RECHECKS = """
CREATE TABLE recheck (
    check_id uuid PRIMARY KEY REFERENCES stored_check (id),
    previous_id uuid NOT NULL REFERENCES stored_check (id),
    grounds jsonb NOT NULL,
    CONSTRAINT recheck_forward CHECK (check_id <> previous_id)
);
CREATE UNIQUE INDEX recheck_previous ON recheck (previous_id);

CREATE TRIGGER recheck_immutable BEFORE UPDATE OR DELETE ON recheck FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER recheck_not_truncated BEFORE TRUNCATE ON recheck FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make the tables of acts."""
    op.execute(OVERRIDES)
    op.execute(RECHECKS)
