-- name: version
SELECT layer_id, secrecy, status FROM dataset_version WHERE id = %(id)s;

-- name: one_worker
SET LOCAL max_parallel_workers_per_gather = 0;

-- name: tile
WITH bounds AS (
    SELECT ST_TileEnvelope(%(z)s, %(x)s, %(y)s) AS box, ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096) AS wide
),
shown AS (
    SELECT f.fid, {properties}, ST_AsMVTGeom(ST_Simplify(f.geom_3857, %(tolerance_m)s, true), bounds.box) AS geom
    FROM bounds, feature AS f
    WHERE f.version_id = %(version)s AND f.geom_3857 && bounds.wide AND (f.area_m2 = 0 OR f.area_m2 >= %(least_m2)s)
)
SELECT ST_AsMVT(row, %(layer)s, 4096, 'geom', 'fid')
FROM (SELECT * FROM shown WHERE geom IS NOT NULL ORDER BY fid) AS row;
