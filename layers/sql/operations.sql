-- name: checks_stored
SELECT count(*) FROM stored_check;

-- name: jobs
SELECT state, count(*) FROM job GROUP BY state;

-- name: queue_age
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0) FROM job WHERE state = 'queued';

-- name: audit_head
SELECT id FROM audit.head;

-- name: failed_sign_ins
SELECT count(*) FROM sign_in_try WHERE NOT succeeded AND tried_at > now() - interval '1 hour';

-- name: in_force_since
SELECT extract(epoch FROM max(known_from)) FROM dataset_version WHERE status = 'published' AND known_to IS NULL;

-- name: connections
SELECT sum(numbackends)::int, current_setting('max_connections')::int FROM pg_stat_database;
