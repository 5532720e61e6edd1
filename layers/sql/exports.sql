-- name: kinds
SELECT
    ST_Dimension(geom), count(*), count(*) FILTER (WHERE GeometryType(geom) ~ '^MULTI'), sum(ST_NPoints(geom)),
    sum(CASE ST_Dimension(geom) WHEN 2 THEN ST_NRings(geom) ELSE ST_NumGeometries(geom) END), max(ST_NPoints(geom)),
    min(ST_XMin(geom)), min(ST_YMin(geom)), max(ST_XMax(geom)), max(ST_YMax(geom))
FROM feature WHERE version_id = %(version)s
GROUP BY 1 ORDER BY 1 DESC;

-- name: attributes
SELECT identifier, attributes::text FROM feature WHERE version_id = %(version)s ORDER BY fid;

-- name: rows
SELECT identifier, attributes::text, ST_AsBinary(CASE WHEN %(multi)s THEN ST_Multi(geom) ELSE geom END, 'NDR')
FROM feature
WHERE version_id = %(version)s AND (%(dimension)s::int IS NULL OR ST_Dimension(geom) = %(dimension)s)
ORDER BY fid;
