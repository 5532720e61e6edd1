-- name: change_days
SELECT DISTINCT day
FROM (
    SELECT v.layer_id, unnest(ARRAY[v.valid_from, v.valid_to]) AS day FROM dataset_version AS v WHERE v.status <> 'staged'
    UNION
    SELECT a.layer_id, a.effective_from FROM version_act AS a WHERE a.act = 'law_status'
) AS change
WHERE day > %(first)s AND day <= %(last)s AND (%(layer)s::text IS NULL OR layer_id = %(layer)s)
ORDER BY day;

-- name: periods
SELECT v.layer_id, min(v.valid_from), CASE WHEN bool_and(v.valid_to IS NOT NULL) THEN max(v.valid_to) END
FROM dataset_version AS v
WHERE v.status <> 'staged' AND v.known_from <= %(known_at)s AND (v.known_to IS NULL OR %(known_at)s < v.known_to)
  AND v.secrecy = ANY(%(secrecy)s) AND NOT v.display_only
  AND (v.law_status = 'in_force' OR EXISTS (
      SELECT 1 FROM version_act AS a
      WHERE a.version_id = v.id AND a.act = 'law_status' AND a.law_status = 'in_force' AND a.made_at <= %(known_at)s
  ))
GROUP BY v.layer_id;

-- name: extent
SELECT ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box)
FROM (SELECT ST_Extent(geom) AS box FROM feature WHERE version_id = %(version)s) AS whole;

-- name: count
SELECT count(*) FROM feature AS f WHERE f.version_id = %(version)s {conditions};

-- name: page
SELECT f.identifier, f.attributes::text, ST_AsGeoJSON({shape}, %(decimals)s, 0)
FROM feature AS f
WHERE f.version_id = %(version)s {conditions}
ORDER BY f.fid
LIMIT %(limit)s OFFSET %(offset)s;

-- name: east_first
ST_Transform(ST_ForcePolygonCCW(f.geom), %(srid)s)

-- name: north_first
ST_FlipCoordinates(ST_Transform(ST_ForcePolygonCCW(f.geom), %(srid)s))

-- name: in_region
AND f.geom && ST_GeomFromWKB(%(region)s, %(epsg)s) AND ST_Intersects(f.geom, ST_GeomFromWKB(%(region)s, %(epsg)s))

-- name: with_attributes
AND f.attributes @> %(attributes)s

-- name: of_identifier
AND f.identifier = %(identifier)s
