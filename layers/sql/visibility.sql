-- name: visible
SELECT id FROM dataset_version WHERE id = ANY(%(versions)s);
