-- name: begin
BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;

-- name: plain_output
SELECT set_config(name, value, true)
FROM (VALUES ('TimeZone', 'UTC'), ('DateStyle', 'ISO, YMD'), ('IntervalStyle', 'postgres'), ('extra_float_digits', '1'),
             ('bytea_output', 'hex'), ('row_security', 'off'), ('statement_timeout', '0')) AS s (name, value);

-- name: tables
SELECT n.nspname, c.relname
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
ORDER BY 1, 2;

-- name: lock
LOCK TABLE {table} IN ACCESS SHARE MODE;

-- name: server
SELECT current_setting('server_version'), (SELECT extversion FROM pg_extension WHERE extname = 'postgis');

-- name: migration
SELECT version_num FROM alembic_version;

-- name: checksum
SELECT count(*), coalesce(sum(hashtextextended(r.said, 0)), 0), coalesce(sum(hashtextextended(r.said, 1)), 0)
FROM (SELECT t::text AS said FROM ONLY {table} AS t OFFSET 0) AS r;

-- name: guards
WITH ours AS (
    SELECT c.oid, format('%I.%I', n.nspname, c.relname) AS name, c.relowner AS owner, c.relacl AS acl, c.relkind, c.relrowsecurity, c.relforcerowsecurity
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
), functions AS (
    SELECT p.oid, format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) AS name, p.proowner AS owner, p.proacl AS acl,
        p.prosecdef
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')
), granted AS (
    SELECT name, owner, acl FROM ours
    UNION ALL SELECT name, owner, acl FROM functions
    UNION ALL SELECT format('%I', nspname), nspowner, nspacl FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
)
SELECT format('grant %s %s %s', granted.name, a.privilege_type, CASE a.grantee WHEN 0 THEN 'public' ELSE pg_get_userbyid(a.grantee) END) AS said
FROM granted, aclexplode(granted.acl) AS a
WHERE a.grantee <> granted.owner AND pg_get_userbyid(granted.owner) <> 'pg_database_owner'
UNION ALL
SELECT format('rows %s %s', name, CASE WHEN relforcerowsecurity THEN 'forced' ELSE 'secured' END) FROM ours WHERE relrowsecurity
UNION ALL
SELECT format('policy %I.%I %I %s %s %s', schemaname, tablename, policyname, permissive, cmd, roles) FROM pg_policies
UNION ALL
SELECT format('trigger %s %I %s', ours.name, t.tgname, t.tgenabled) FROM pg_trigger AS t JOIN ours ON ours.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL
SELECT format('definer %s', name) FROM functions WHERE prosecdef
ORDER BY 1;

-- name: roles
WITH named AS (
    SELECT a.grantee AS oid FROM pg_class AS c, aclexplode(c.relacl) AS a WHERE c.relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    UNION SELECT a.grantee FROM pg_proc AS p, aclexplode(p.proacl) AS a WHERE p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    UNION SELECT a.grantee FROM pg_namespace AS n, aclexplode(n.nspacl) AS a
    UNION SELECT a.grantee FROM pg_default_acl AS d, aclexplode(d.defaclacl) AS a
    UNION SELECT unnest(polroles) FROM pg_policy
)
SELECT rolname FROM pg_roles JOIN named USING (oid) WHERE rolname !~ '^pg_' AND rolname <> current_user ORDER BY 1;
