"""Reports kept compressed, with what they say alike in dictionaries of their own, and the rules that failed as a column."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"

PACKED = """
CREATE TABLE report_dictionary (
    sha256 bytea PRIMARY KEY,
    basis text NOT NULL,
    content bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX report_dictionary_basis ON report_dictionary (basis, created_at);

CREATE TRIGGER report_dictionary_immutable BEFORE UPDATE OR DELETE ON report_dictionary
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER report_dictionary_not_truncated BEFORE TRUNCATE ON report_dictionary
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE stored_check
    ALTER COLUMN report DROP NOT NULL,
    ADD COLUMN packed bytea,
    ADD COLUMN dictionary bytea,
    ADD COLUMN failed text[],
    ADD CONSTRAINT stored_check_one_form CHECK (
        num_nonnulls(report, packed) = 1 AND (packed IS NULL) = (dictionary IS NULL) AND (packed IS NULL) = (failed IS NULL)
    );
ALTER TABLE stored_check ALTER COLUMN packed SET STORAGE EXTERNAL;
"""

HITS = """
CREATE OR REPLACE FUNCTION override_hits_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.act = 'mark' AND NOT EXISTS (
        SELECT FROM stored_check AS c WHERE c.id = NEW.check_id AND (
            NEW.rule_key = ANY (c.failed) OR (c.failed IS NULL AND EXISTS (
                SELECT FROM jsonb_array_elements(c.report::jsonb -> 'findings') AS f
                WHERE f ->> 'outcome' = 'fail' AND (f ->> 'rule_id') || coalesce(f ->> 'branch', '') = NEW.rule_key
            ))
        )
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
"""


def upgrade() -> None:
    """Make room for packed reports; those stored before stay as they are."""
    op.execute(PACKED)
    op.execute(HITS)
