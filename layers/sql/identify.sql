-- name: near
SELECT f.identifier, f.attributes::text, ST_AsBinary(f.geom)
FROM feature AS f, (SELECT ST_SetSRID(ST_MakePoint(%(east)s, %(north)s), %(epsg)s) AS at) AS place
WHERE f.version_id = %(version)s AND f.geom && ST_Expand(place.at, %(radius)s) AND ST_DWithin(f.geom, place.at, %(radius)s)
ORDER BY ST_Distance(f.geom, place.at), f.fid
LIMIT %(limit)s;
