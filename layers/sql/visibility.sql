-- name: unseen
SELECT asked.id FROM unnest(%(versions)s::integer[]) AS asked (id)
WHERE NOT EXISTS (SELECT FROM dataset_version AS v WHERE v.id = asked.id) AND access.version_stands(asked.id);
