"""The rights of the database's roles, what policies ask of a session, and where each check lies.

A session says of whoever acts: `cuntu.secrecy`, `cuntu.places`, `cuntu.permissions`, `cuntu.account`, `cuntu.seat` (`layers.acting`).
"""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"

ACCESS = """
CREATE SCHEMA access;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

CREATE FUNCTION access.said(name text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT coalesce(current_setting('cuntu.' || name, true), '')
$$;
CREATE FUNCTION access.may(VARIADIC wanted text[]) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT string_to_array(access.said('permissions'), ',') && (wanted || '*'::text)
$$;
CREATE FUNCTION access.levels() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE access.said('secrecy')
        WHEN 'secret' THEN ARRAY['public', 'internal', 'secret'] WHEN 'internal' THEN ARRAY['public', 'internal']
        WHEN 'public' THEN ARRAY['public'] ELSE ARRAY[]::text[]
    END
$$;
CREATE FUNCTION access.everywhere() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT access.said('places') = '*'
$$;
CREATE FUNCTION access.places() RETURNS text[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT ARRAY(SELECT code FROM unnest(string_to_array(access.said('places'), ',')) AS code WHERE code ~ '^([0-9]{9}|[0-9]{12})$' ORDER BY code)
$$;
CREATE FUNCTION access.own_place() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN access.everywhere() THEN NULL ELSE (access.places())[1] END
$$;
CREATE FUNCTION access.account() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(access.said('account'), '')::integer
$$;
CREATE FUNCTION access.seat() RETURNS integer LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT nullif(access.said('seat'), '')::integer
$$;
COMMENT ON SCHEMA access IS 'What this session has said of whoever acts';
"""

COLUMNS = """
ALTER TABLE stored_check ADD COLUMN village_code text;
ALTER TABLE check_run ADD COLUMN place_code text;
ALTER TABLE check_run ALTER COLUMN place_code SET DEFAULT access.own_place();

-- The villages in force are copied first: with the number of their version written into the statement, PostgreSQL reads their partition and no other.
CREATE TEMPORARY TABLE village_now (fid integer, code text, epsg integer, geom geometry) ON COMMIT DROP;
DO $$
DECLARE
    chosen record;
BEGIN
    FOR chosen IN
        SELECT v.id, v.epsg FROM dataset_version AS v
        WHERE v.layer_id = 'village' AND v.status = 'published' AND v.known_to IS NULL AND NOT v.display_only
            AND v.valid_from <= current_date AND (v.valid_to IS NULL OR current_date < v.valid_to)
            AND coalesce((
                SELECT a.law_status FROM version_act AS a WHERE a.version_id = v.id AND a.act = 'law_status' ORDER BY a.made_at DESC, a.id DESC LIMIT 1
            ), v.law_status) = 'in_force'
        ORDER BY v.known_from DESC, v.id DESC LIMIT 1
    LOOP
        EXECUTE format(
            $text$INSERT INTO village_now SELECT f.fid, f.identifier, %s, f.geom FROM feature AS f
            WHERE f.version_id = %s AND coalesce(f.attributes ->> 'status', 'normal') <> 'removed'$text$, chosen.epsg, chosen.id
        );
    END LOOP;
END $$;
CREATE INDEX ON village_now USING gist (geom);
ANALYZE village_now;

CREATE FUNCTION pg_temp.village_of(site geometry) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE
    middle geometry := ST_Transform(ST_Centroid(site), (SELECT epsg FROM village_now LIMIT 1));
BEGIN
    RETURN (SELECT v.code FROM village_now AS v WHERE v.geom && middle AND ST_Intersects(v.geom, middle) ORDER BY v.fid LIMIT 1);
END $$;
ALTER TABLE stored_check DISABLE TRIGGER stored_check_immutable;
UPDATE stored_check SET village_code = pg_temp.village_of(geom);
ALTER TABLE stored_check ENABLE TRIGGER stored_check_immutable;
UPDATE application SET village_code = pg_temp.village_of(geom) WHERE village_code IS NULL;
DROP FUNCTION pg_temp.village_of(geometry);
DROP TABLE village_now;
"""

# The tables of a version are the owner's: made, closed and dropped by these functions, filled by the service in between.
TABLES = """
CREATE FUNCTION access.make_version_tables(version integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parent text;
BEGIN
    IF version IS NULL OR version <= 0 OR EXISTS (SELECT FROM public.dataset_version AS v WHERE v.id = version AND v.status <> 'staged') THEN
        RAISE EXCEPTION '版本 % 不能再有新的数据表', version USING ERRCODE = 'restrict_violation';
    END IF;
    FOREACH parent IN ARRAY ARRAY['feature', 'piece', 'overview'] LOOP
        EXECUTE format('CREATE TABLE public.%1$I (LIKE public.%2$I INCLUDING GENERATED)', parent || '_' || version, parent);
        EXECUTE format('ALTER TABLE public.%1$I ALTER COLUMN version_id SET DEFAULT %2$s, ADD CHECK (version_id = %2$s)', parent || '_' || version, version);
        EXECUTE format('GRANT SELECT, INSERT ON public.%I TO cuntu_app', parent || '_' || version);
    END LOOP;
END $$;

CREATE FUNCTION access.close_version_tables(version integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    parent text;
    own text;
BEGIN
    IF version IS NULL OR version <= 0 THEN
        RAISE EXCEPTION '没有版本 %', version USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOREACH parent IN ARRAY ARRAY['feature', 'piece', 'overview'] LOOP
        own := parent || '_' || version;
        EXECUTE format('REVOKE ALL ON public.%I FROM cuntu_app', own);
        EXECUTE format('ALTER TABLE public.%I ADD PRIMARY KEY (version_id, fid%s)', own, CASE parent WHEN 'piece' THEN ', part' ELSE '' END);
        IF parent = 'feature' THEN
            EXECUTE format('CREATE INDEX ON public.%I (version_id, identifier)', own);
        END IF;
        EXECUTE format('CREATE INDEX ON public.%I USING gist (geom)', own);
        EXECUTE format('ANALYZE public.%I', own);
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES IN (%s)', parent, own, version);
        EXECUTE format('CREATE TRIGGER not_truncated BEFORE TRUNCATE ON public.%I FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change()', own);
    END LOOP;
END $$;

CREATE FUNCTION access.drop_version_tables(version integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    parent text;
BEGIN
    IF version IS NULL OR version <= 0 OR EXISTS (SELECT FROM public.dataset_version AS v WHERE v.id = version) THEN
        RAISE EXCEPTION '版本 % 的数据表不能删除', version USING ERRCODE = 'restrict_violation';
    END IF;
    FOREACH parent IN ARRAY ARRAY['feature', 'piece', 'overview'] LOOP
        EXECUTE format('DROP TABLE public.%I', parent || '_' || version);
    END LOOP;
END $$;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA access FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.make_version_tables(integer), access.close_version_tables(integer), access.drop_version_tables(integer) TO cuntu_app;
GRANT USAGE ON SCHEMA access TO cuntu_app, cuntu_tiles;
GRANT EXECUTE ON FUNCTION access.said(text), access.may(text[]), access.levels() TO cuntu_app, cuntu_tiles;
GRANT EXECUTE ON FUNCTION access.everywhere(), access.places(), access.own_place(), access.account(), access.seat() TO cuntu_app;
"""

AUDIT = """
REVOKE ALL ON SCHEMA audit FROM PUBLIC;
GRANT USAGE ON SCHEMA audit TO cuntu_app;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.append(text[]), audit.append_last(text[]) TO cuntu_app;
"""

READ = "SELECT"
ADD = "SELECT, INSERT"

GRANTS: dict[str, str] = {
    "alembic_version": READ,
    "dataset_version": f"{ADD}, UPDATE (status, known_from, known_to), DELETE",
    "feature": READ,
    "piece": READ,
    "overview": READ,
    "version_act": ADD,
    "place_code_change": ADD,
    "classification_run": ADD,
    "classification_result": ADD,
    "stored_check": ADD,
    "report_dictionary": ADD,
    "check_override": ADD,
    "recheck": ADD,
    "issued_paper": ADD,
    "check_run": f"{ADD}, UPDATE (done, summary, finished_at)",
    "check_run_subject": ADD,
    "check_run_result": ADD,
    "application": f"{ADD}, UPDATE (properties, geom, expected, synthetic, village_code)",
    "application_record": f"{ADD}, UPDATE (known_to)",
    "applicant": f"{ADD}, UPDATE",
    "applicant_member": f"{ADD}, UPDATE, DELETE",
    "household": f"{ADD}, UPDATE (village_code, properties, synthetic)",
    "household_person": f"{ADD}, UPDATE",
    "progress_value": f"{ADD}, UPDATE (known_to)",
    "job": f"{ADD}, UPDATE (state, progress, message, result, started_at, finished_at)",
    "delivery": f"{ADD}, UPDATE (state, description, choice, recognition, summary, repairs, repaired, problem, version_id, job_id, acts, changed_at)",
    "delivery_finding": f"{ADD}, DELETE",
    "seat": f"{ADD}, UPDATE (ended_on)",
    "seat_role": f"{ADD}, DELETE",
    "person": ADD,
    "seat_holder": f"{ADD}, UPDATE (held_to)",
    "account": (
        f"{ADD}, UPDATE (password_hash, password_set_at, must_change, oidc_subject, totp_secret, totp_confirmed_at, totp_last_step,"
        " failed, locked_until, disabled_at)"
    ),
    "session": f"{ADD}, UPDATE (secret_sha256, seat_id, second_factor, seen_at, ended_at), DELETE",
    "api_token": f"{ADD}, UPDATE (revoked_at, used_at)",
    "one_time_link": f"{ADD}, UPDATE (expires_at, used_at)",
    "sign_in_try": f"{ADD}, UPDATE (succeeded), DELETE",
    "recovery_code": f"{ADD}, UPDATE (used_at), DELETE",
    "audit.entry": READ,
    "audit.head": READ,
    "audit.archive": READ,
}
"""What the service may do with each table. Where history is kept it may add and nothing else, or say when something ended."""

TILES = ("dataset_version", "feature", "overview")
ANALYST = ("dataset_version", "feature", "piece", "overview", "classification_run", "classification_result", "progress_value", "place_code_change")


def upgrade() -> None:
    """Make what policies ask, fill in where each check lies, and give each role what it needs and nothing more."""
    for block in (ACCESS, COLUMNS, TABLES, AUDIT):
        op.execute(block)
    for role in ("cuntu_app", "cuntu_tiles", "cuntu_analyst"):
        op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    for table, rights in GRANTS.items():
        op.execute(f"GRANT {rights} ON {table} TO cuntu_app")
    op.execute("GRANT USAGE ON SEQUENCE dataset_version_id_seq TO cuntu_app")
    for table in TILES:
        op.execute(f"GRANT SELECT ON {table} TO cuntu_tiles")
    for table in ANALYST:
        op.execute(f"GRANT SELECT ON {table} TO cuntu_analyst")
