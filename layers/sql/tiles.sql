-- name: version
SELECT layer_id, secrecy, status, epsg, set_config('max_parallel_workers_per_gather', '0', true)
FROM dataset_version WHERE id = %(id)s;

-- name: tile
WITH shown AS (
    SELECT f.fid, {properties}
        ST_AsMVTGeom(
            ST_Affine(ST_Simplify(f.geom, %(tolerance_m)s, true), %(a)s, %(b)s, %(d)s, %(e)s, %(xoff)s, %(yoff)s),
            ST_MakeBox2D(ST_Point(0, 0), ST_Point(4096, 4096))
        ) AS geom
    FROM feature AS f
    WHERE f.version_id = %(version)s AND f.geom && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, %(epsg)s)
      AND (f.area_m2 = 0 OR f.area_m2 >= %(least_m2)s)
)
SELECT ST_AsMVT(row, %(layer)s, 4096, 'geom', 'fid')
FROM (SELECT * FROM shown ORDER BY fid) AS row;

-- name: tile_from_afar
WITH bounds AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box, ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096) AS wide
),
shown AS (
    SELECT f.fid, {properties} ST_AsMVTGeom(ST_Simplify(f.geom, %(tolerance)s, true), bounds.box) AS geom
    FROM bounds, overview AS f
    WHERE f.version_id = %(version)s AND f.geom && bounds.wide
      AND (ST_Dimension(f.geom) < 2 OR ST_Area(f.geom) >= %(least)s)
)
SELECT ST_AsMVT(row, %(layer)s, 4096, 'geom', 'fid')
FROM (SELECT * FROM shown ORDER BY fid) AS row;
