-- name: lock_migrations
SELECT pg_advisory_xact_lock(7021958);

-- name: has_migration_table
SELECT to_regclass('alembic_version') IS NOT NULL;

-- name: migration
SELECT version_num FROM alembic_version;

-- name: tell
SELECT set_config(name, value, {within}) FROM unnest(%(names)s::text[], %(values)s::text[]) AS told (name, value);
