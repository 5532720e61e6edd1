-- name: export_snapshot
SELECT pg_export_snapshot();

-- name: roles_there
SELECT rolname FROM pg_roles;

-- name: has_audit
SELECT to_regclass('audit.head') IS NOT NULL;

-- name: audit_head
SELECT id, encode(hash, 'hex') FROM audit.head;

-- name: end_connections
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %(database)s;

-- name: rename
ALTER DATABASE {database} RENAME TO {name};
