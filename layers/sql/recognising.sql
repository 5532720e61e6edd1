-- name: sample
SELECT f.identifier, ST_AsBinary(f.geom)
FROM dataset_version AS v
JOIN feature AS f ON f.version_id = v.id
WHERE v.id = %(version)s AND v.epsg = %(epsg)s AND f.version_id = %(version)s
  AND (hashtext(f.identifier)::bigint + 2147483648) %% greatest(1, ceil(v.feature_count / %(most)s::numeric))::bigint = 0
ORDER BY f.fid;
