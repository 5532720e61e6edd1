"""Dataset versions with their features and pieces, results, applications, households, progress values and jobs."""

from __future__ import annotations

from alembic import op

revision = "0001"
down_revision = None

VERSIONS = """
CREATE TABLE dataset_version (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer_id text NOT NULL,
    status text NOT NULL DEFAULT 'staged',
    law_status text NOT NULL,
    title text NOT NULL,
    authority text NOT NULL,
    valid_from date NOT NULL,
    valid_to date,
    known_from timestamptz,
    known_to timestamptz,
    source_name text NOT NULL,
    source_sha256 text NOT NULL,
    survey_date date,
    code_system text,
    secrecy text NOT NULL,
    synthetic boolean NOT NULL,
    epsg integer NOT NULL,
    coverage geometry NOT NULL,
    feature_count integer NOT NULL,
    checksum text NOT NULL,
    disjoint boolean NOT NULL,
    qa jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT dataset_version_status CHECK (status IN ('staged', 'published', 'withdrawn')),
    CONSTRAINT dataset_version_secrecy CHECK (secrecy IN ('public', 'internal', 'secret')),
    CONSTRAINT dataset_version_valid_period CHECK (valid_to > valid_from),
    CONSTRAINT dataset_version_known_period CHECK (known_to >= known_from),
    CONSTRAINT dataset_version_known_once_published CHECK ((status = 'staged') = (known_from IS NULL))
);
CREATE INDEX dataset_version_layer ON dataset_version (layer_id, known_from);

CREATE TABLE feature (
    version_id integer NOT NULL,
    fid integer NOT NULL,
    identifier text NOT NULL,
    attributes jsonb NOT NULL,
    geom geometry NOT NULL,
    geom_3857 geometry NOT NULL,
    area_m2 double precision NOT NULL,
    PRIMARY KEY (version_id, fid)
) PARTITION BY LIST (version_id);
CREATE INDEX feature_identifier ON feature (version_id, identifier);
CREATE INDEX feature_geom ON feature USING gist (geom);
CREATE INDEX feature_geom_3857 ON feature USING gist (geom_3857);

CREATE TABLE piece (
    version_id integer NOT NULL,
    fid integer NOT NULL,
    part integer NOT NULL,
    geom geometry NOT NULL,
    PRIMARY KEY (version_id, fid, part)
) PARTITION BY LIST (version_id);
CREATE INDEX piece_geom ON piece USING gist (geom);
"""

IMMUTABLE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '入库后不能改动：% %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER feature_immutable BEFORE INSERT OR UPDATE OR DELETE ON feature FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER feature_not_truncated BEFORE TRUNCATE ON feature FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER piece_immutable BEFORE INSERT OR UPDATE OR DELETE ON piece FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER piece_not_truncated BEFORE TRUNCATE ON piece FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION keep_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status = 'staged' THEN RETURN OLD; END IF;
        RAISE EXCEPTION '已发布的数据版本 % 不能删除', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF to_jsonb(NEW) - '{status,known_from,known_to}'::text[] <> to_jsonb(OLD) - '{status,known_from,known_to}'::text[]
        OR (OLD.known_from IS NOT NULL AND NEW.known_from IS DISTINCT FROM OLD.known_from)
        OR (OLD.known_to IS NOT NULL AND NEW.known_to IS DISTINCT FROM OLD.known_to)
        OR array_position('{staged,published,withdrawn}'::text[], NEW.status)
            < array_position('{staged,published,withdrawn}'::text[], OLD.status)
    THEN
        RAISE EXCEPTION '数据版本 % 的记录不能改动', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER dataset_version_kept BEFORE UPDATE OR DELETE ON dataset_version FOR EACH ROW EXECUTE FUNCTION keep_version();
CREATE TRIGGER dataset_version_not_truncated BEFORE TRUNCATE ON dataset_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

RESULTS = """
CREATE TABLE classification_run (
    id uuid PRIMARY KEY,
    pack_id text NOT NULL,
    pack_version text NOT NULL,
    pack_sha256 text NOT NULL,
    parameters jsonb NOT NULL,
    datasets jsonb NOT NULL,
    valid_on date NOT NULL,
    known_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE classification_result (
    run_id uuid NOT NULL REFERENCES classification_run (id),
    village_code text NOT NULL,
    village_type text NOT NULL,
    report text NOT NULL,
    PRIMARY KEY (run_id, village_code)
);
CREATE INDEX classification_result_type ON classification_result (run_id, village_type);

CREATE TABLE stored_check (
    id uuid PRIMARY KEY,
    case_no text,
    verdict text NOT NULL,
    report text NOT NULL,
    properties jsonb NOT NULL,
    geom geometry NOT NULL,
    subject_sha256 text NOT NULL,
    applied_on date,
    valid_on date NOT NULL,
    known_at timestamptz NOT NULL,
    checked_at timestamptz NOT NULL,
    pack_id text NOT NULL,
    pack_version text NOT NULL,
    pack_sha256 text NOT NULL,
    datasets jsonb NOT NULL
);
CREATE INDEX stored_check_case ON stored_check (case_no, checked_at);
CREATE INDEX stored_check_time ON stored_check (checked_at DESC, id);
CREATE INDEX stored_check_geom ON stored_check USING gist (geom);
"""

RESULTS_KEPT = """
CREATE TRIGGER stored_check_immutable BEFORE UPDATE OR DELETE ON stored_check FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stored_check_not_truncated BEFORE TRUNCATE ON stored_check FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER classification_run_immutable BEFORE UPDATE OR DELETE ON classification_run
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER classification_run_not_truncated BEFORE TRUNCATE ON classification_run
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER classification_result_immutable BEFORE UPDATE OR DELETE ON classification_result
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER classification_result_not_truncated BEFORE TRUNCATE ON classification_result
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

REGISTERS = """
CREATE TABLE application (
    case_no text PRIMARY KEY,
    properties jsonb NOT NULL,
    geom geometry NOT NULL,
    expected jsonb,
    synthetic boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX application_geom ON application USING gist (geom);

CREATE TABLE household (
    household_no text PRIMARY KEY,
    village_code text NOT NULL,
    properties jsonb NOT NULL,
    synthetic boolean NOT NULL
);
CREATE INDEX household_village ON household (village_code);

CREATE TABLE progress_value (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    village_code text NOT NULL,
    indicator text NOT NULL,
    period date NOT NULL,
    numerator double precision,
    denominator double precision,
    source_name text NOT NULL,
    synthetic boolean NOT NULL,
    known_from timestamptz NOT NULL,
    known_to timestamptz,
    CONSTRAINT progress_value_month CHECK (extract(day FROM period) = 1),
    CONSTRAINT progress_value_known_period CHECK (known_to >= known_from)
);
CREATE UNIQUE INDEX progress_value_current ON progress_value (indicator, period, village_code) WHERE known_to IS NULL;
CREATE INDEX progress_value_period ON progress_value (indicator, period);

CREATE FUNCTION keep_figure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR OLD.known_to IS NOT NULL OR to_jsonb(NEW) - 'known_to' <> to_jsonb(OLD) - 'known_to' THEN
        RAISE EXCEPTION '入库后不能改动：% %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER progress_value_kept BEFORE UPDATE OR DELETE ON progress_value FOR EACH ROW EXECUTE FUNCTION keep_figure();
CREATE TRIGGER progress_value_not_truncated BEFORE TRUNCATE ON progress_value
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE job (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    state text NOT NULL DEFAULT 'queued',
    progress double precision NOT NULL DEFAULT 0,
    message text NOT NULL DEFAULT '',
    result jsonb,
    created_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT job_state CHECK (state IN ('queued', 'running', 'done', 'failed', 'interrupted')),
    CONSTRAINT job_progress CHECK (progress >= 0 AND progress <= 1)
);
"""


def upgrade() -> None:
    """Make every table."""
    op.execute("CREATE EXTENSION IF NOT EXISTS postgis")
    for block in (VERSIONS, IMMUTABLE, RESULTS, RESULTS_KEPT, REGISTERS):
        op.execute(block)
