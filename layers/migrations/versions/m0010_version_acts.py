"""Acts on dataset versions (who published, withdrew, discarded what, and a plan's law status), and changes of place codes."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"

ACTS = """
CREATE TABLE version_act (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    version_id integer NOT NULL,
    layer_id text NOT NULL,
    act text NOT NULL,
    law_status text,
    effective_from date,
    officer text NOT NULL,
    unit text NOT NULL,
    reason text NOT NULL,
    details jsonb NOT NULL DEFAULT '{}',
    made_at timestamptz NOT NULL,
    CONSTRAINT version_act_kind CHECK (act IN ('publish', 'withdraw', 'discard', 'law_status')),
    CONSTRAINT version_act_law_status CHECK (
        (act = 'law_status') = (law_status IS NOT NULL) AND (act = 'law_status') = (effective_from IS NOT NULL)
        AND law_status IN ('draft', 'in_force', 'superseded')
    ),
    CONSTRAINT version_act_stated CHECK (officer ~ '\\S' AND unit ~ '\\S' AND reason ~ '\\S')
);
CREATE INDEX version_act_version ON version_act (version_id, made_at);
CREATE INDEX version_act_layer ON version_act (layer_id, made_at);

CREATE TRIGGER version_act_immutable BEFORE UPDATE OR DELETE ON version_act FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER version_act_not_truncated BEFORE TRUNCATE ON version_act FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

CODES = """
CREATE TABLE place_code_change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL,
    kind text NOT NULL,
    name_before text,
    name_after text,
    last_listed date,
    changed_on date NOT NULL,
    successors text[] NOT NULL DEFAULT '{}',
    source_name text NOT NULL,
    source_sha256 text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT place_code_change_kind CHECK (kind IN ('new', 'rename', 'merge', 'split', 'vanish')),
    CONSTRAINT place_code_change_code CHECK (code ~ '^([0-9]{9}|[0-9]{12})$'),
    CONSTRAINT place_code_change_successors CHECK (
        CASE kind WHEN 'merge' THEN cardinality(successors) = 1 WHEN 'split' THEN cardinality(successors) > 1
            ELSE cardinality(successors) = 0 END
        AND NOT code = ANY (successors)
    ),
    CONSTRAINT place_code_change_order CHECK (last_listed < changed_on)
);
CREATE INDEX place_code_change_code_time ON place_code_change (code, changed_on);

CREATE TRIGGER place_code_change_immutable BEFORE UPDATE OR DELETE ON place_code_change FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER place_code_change_not_truncated BEFORE TRUNCATE ON place_code_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make both tables; what was published before has no act."""
    op.execute(ACTS)
    op.execute(CODES)
