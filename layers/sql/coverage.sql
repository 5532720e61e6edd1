-- name: outline
SELECT ST_AsGeoJSON(ST_Transform(ST_SimplifyPreserveTopology(coverage, 5), 4326), 6)::jsonb
FROM dataset_version WHERE id = %(id)s;
