-- name: make
DROP TABLE IF EXISTS bench_tile;
CREATE TABLE bench_tile AS
SELECT f.fid, {properties} ST_Transform(f.geom, 3857) AS geom FROM feature AS f WHERE f.version_id = {version};
ALTER TABLE bench_tile ADD PRIMARY KEY (fid);
CREATE INDEX ON bench_tile USING gist (geom);
ANALYZE bench_tile;

-- name: one_worker
SET max_parallel_workers_per_gather = 0;

-- name: tile
WITH shown AS (
    SELECT {columns} ST_AsMVTGeom(t.geom, ST_TileEnvelope(%(z)s, %(x)s, %(y)s)) AS geom
    FROM bench_tile AS t
    WHERE t.geom && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096)
)
SELECT ST_AsMVT(shown, %(layer)s, 4096, 'geom', 'fid') FROM shown;
