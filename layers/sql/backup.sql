-- name: close
ALTER DATABASE {database} ALLOW_CONNECTIONS false;

-- name: end_connections
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %(database)s;

-- name: rename
ALTER DATABASE {database} RENAME TO {name};

-- name: reopen
ALTER DATABASE {database} ALLOW_CONNECTIONS true;
