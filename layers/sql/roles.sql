-- name: make
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['cuntu_app', 'cuntu_tiles', 'cuntu_analyst'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS', wanted);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- another database of this server was first
        END;
    END LOOP;
    BEGIN
        IF NOT pg_has_role('cuntu_app', 'cuntu_tiles', 'MEMBER') THEN
            GRANT cuntu_tiles TO cuntu_app;
        END IF;
        IF NOT pg_has_role('cuntu_app', 'MEMBER') THEN
            GRANT cuntu_app, cuntu_tiles, cuntu_analyst TO CURRENT_USER;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN
        NULL;
    END;
END $$;

-- name: missing
SELECT wanted FROM unnest(%(names)s::text[]) AS wanted WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) ORDER BY wanted;

-- name: may_log_in
SELECT rolname FROM pg_roles WHERE rolname = ANY(%(names)s) AND rolcanlogin;

-- name: let_in
ALTER ROLE {role} LOGIN;

-- name: let_in_with_password
ALTER ROLE {role} LOGIN PASSWORD {verifier};

-- name: boxes_are_leakproof
SELECT p.proleakproof, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
FROM pg_operator AS o JOIN pg_proc AS p ON p.oid = o.oprcode
WHERE o.oprname = '&&' AND o.oprleft = 'geometry'::regtype AND o.oprright = 'geometry'::regtype;

-- name: mark_boxes_leakproof
DO $$
DECLARE
    meet regprocedure;
BEGIN
    SELECT o.oprcode::regprocedure INTO STRICT meet FROM pg_operator AS o
    WHERE o.oprname = '&&' AND o.oprleft = 'geometry'::regtype AND o.oprright = 'geometry'::regtype;
    EXECUTE format('ALTER FUNCTION %s LEAKPROOF', meet);
END $$;

-- name: standing
SELECT r.rolsuper OR r.rolbypassrls, EXISTS (
    SELECT FROM pg_class AS c WHERE c.oid = to_regclass('dataset_version') AND pg_has_role(session_user, c.relowner, 'MEMBER')
)
FROM pg_roles AS r WHERE r.rolname = session_user;
