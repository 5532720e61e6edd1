-- name: facts
SELECT id, epsg, disjoint, ST_AsBinary(coverage) FROM dataset_version WHERE id = ANY(%(ids)s);

-- name: features
SELECT fid, identifier, attributes::text, ST_AsBinary(geom) FROM feature WHERE version_id = %(version)s ORDER BY fid;

-- name: split_pieces
SELECT fid, ST_AsBinary(geom) FROM piece WHERE version_id = %(version)s AND part > 0 ORDER BY fid, part;

-- name: near_pieces
SELECT fid, part, ST_AsBinary(geom) FROM piece
WHERE version_id = %(version)s
  AND (fid, part) IN (
    SELECT p.fid, p.part
    FROM (SELECT ST_SetSRID(ST_GeomFromWKB(b), %(epsg)s) AS box FROM unnest(%(boxes)s::bytea[]) AS b OFFSET 0) AS near
    JOIN piece AS p ON p.geom && near.box
    WHERE p.version_id = %(version)s
  )
ORDER BY fid, part;

-- name: chosen_features
SELECT fid, identifier, attributes::text, ST_AsBinary(geom) FROM feature
WHERE version_id = %(version)s AND fid = ANY(%(fids)s)
ORDER BY fid;
