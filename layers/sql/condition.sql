-- name: server
SELECT current_setting('server_version_num')::int, current_setting('server_version'),
    (SELECT extversion FROM pg_extension WHERE extname = 'postgis'), current_setting('server_encoding'),
    (SELECT datcollate FROM pg_database WHERE datname = current_database()),
    current_setting('fsync') = 'on' AND current_setting('full_page_writes') = 'on', current_setting('synchronous_commit') <> 'off',
    extract(epoch FROM clock_timestamp())::float, current_setting('max_connections')::int, pg_database_size(current_database()),
    current_setting('log_error_verbosity') <> 'terse' OR current_setting('log_parameter_max_length_on_error') <> '0';

-- name: open_tables
SELECT c.oid::regclass::text FROM pg_class AS c
WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ('public'::regnamespace, 'audit'::regnamespace) AND NOT c.relrowsecurity
    AND c.oid <> 'alembic_version'::regclass AND EXISTS (SELECT FROM unnest(%(roles)s::text[]) AS role WHERE has_any_column_privilege(role, c.oid, 'SELECT'))
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
ORDER BY 1;

-- name: silenced
SELECT t.tgrelid::regclass || ' ' || t.tgname FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
WHERE t.tgenabled NOT IN ('O', 'A') AND c.relnamespace IN ('public'::regnamespace, 'audit'::regnamespace) ORDER BY 1;

-- name: cut_off_restorations
SELECT datname FROM pg_database WHERE datname ~ '_restore_[0-9]+$' AND starts_with(datname, current_database()) ORDER BY 1;

-- name: above_policies
SELECT r.rolname FROM pg_roles AS r
WHERE r.rolname = ANY(%(roles)s) AND (
    r.rolsuper OR r.rolbypassrls OR r.rolcreaterole OR r.rolcreatedb
    OR pg_has_role(r.oid, (SELECT relowner FROM pg_class WHERE oid = 'dataset_version'::regclass), 'MEMBER')
)
ORDER BY 1;

-- name: app
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %(role)s),
    CASE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = %(role)s) THEN
        has_table_privilege(%(role)s, 'audit.entry', 'UPDATE') OR has_table_privilege(%(role)s, 'audit.entry', 'DELETE')
        OR has_table_privilege(%(role)s, 'audit.entry', 'TRUNCATE') OR has_table_privilege(%(role)s, 'audit.head', 'UPDATE')
        OR has_table_privilege(%(role)s, 'stored_check', 'DELETE') OR has_schema_privilege(%(role)s, 'public', 'CREATE')
    ELSE true END;

-- name: seen_by_nobody
SELECT (SELECT count(*) FROM (SELECT FROM stored_check LIMIT 1) AS c) + (SELECT count(*) FROM (SELECT FROM application LIMIT 1) AS a)
    + (SELECT count(*) FROM (SELECT FROM household LIMIT 1) AS h);

-- name: holders
SELECT person.id, array_agg(DISTINCT seat_role.role ORDER BY seat_role.role), bool_or(account.id IS NOT NULL AND account.disabled_at IS NULL)
FROM seat_holder AS h JOIN seat ON seat.id = h.seat_id JOIN seat_role ON seat_role.seat_id = seat.id JOIN person ON person.id = h.person_id
LEFT JOIN account ON account.person_id = person.id
WHERE h.held_from <= %(today)s AND (h.held_to IS NULL OR h.held_to > %(today)s) AND (seat.ended_on IS NULL OR seat.ended_on > %(today)s)
GROUP BY person.id ORDER BY person.id;

-- name: empty_seats
SELECT seat.unit || ' ' || seat.title FROM seat
WHERE (seat.ended_on IS NULL OR seat.ended_on > %(today)s) AND NOT EXISTS (
    SELECT FROM seat_holder AS h WHERE h.seat_id = seat.id AND h.held_from <= %(today)s AND (h.held_to IS NULL OR h.held_to > %(today)s)
) ORDER BY 1;

-- name: last_backup
SELECT max(at) FROM audit.entry WHERE action = 'database.backup' AND result = 'done';

-- name: waiting
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float FROM job WHERE state = 'queued';

-- name: audit_head
SELECT id FROM audit.head;

-- name: sealed_with
SELECT encode(substring(s.name FROM 2 FOR 4), 'hex'), count(*)
FROM (SELECT name FROM applicant UNION ALL SELECT name FROM applicant_member UNION ALL SELECT name FROM household_person) AS s
WHERE s.name IS NOT NULL GROUP BY 1;
