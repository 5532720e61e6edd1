-- name: change_days
SELECT DISTINCT day
FROM dataset_version, unnest(ARRAY[valid_from, valid_to]) AS day
WHERE status <> 'staged' AND day > %(first)s AND day <= %(last)s
  AND (%(layer)s::text IS NULL OR layer_id = %(layer)s)
ORDER BY day;

-- name: periods
SELECT layer_id, min(valid_from), CASE WHEN bool_and(valid_to IS NOT NULL) THEN max(valid_to) END
FROM dataset_version
WHERE status <> 'staged' AND known_from <= %(known_at)s AND (known_to IS NULL OR %(known_at)s < known_to)
  AND secrecy = ANY(%(secrecy)s)
GROUP BY layer_id;

-- name: extent
SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)
FROM (SELECT ST_Extent(geom) AS box FROM feature WHERE version_id = %(version)s) AS whole;

-- name: count
SELECT count(*) FROM feature AS f WHERE f.version_id = %(version)s {conditions};

-- name: page
SELECT f.identifier, f.attributes::text, ST_AsBinary(f.geom)
FROM feature AS f
WHERE f.version_id = %(version)s {conditions}
ORDER BY f.fid
LIMIT %(limit)s OFFSET %(offset)s;

-- name: in_region
AND ST_Intersects(f.geom, ST_GeomFromWKB(%(region)s, %(epsg)s))

-- name: with_attributes
AND f.attributes @> %(attributes)s

-- name: of_identifier
AND f.identifier = %(identifier)s
