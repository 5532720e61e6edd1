-- name: duckdb_sites
CREATE OR REPLACE TABLE site AS SELECT id, ST_GeomFromWKB(wkb) AS geom FROM incoming;

-- name: duckdb_ground
CREATE OR REPLACE TABLE ground AS SELECT ST_GeomFromWKB(wkb) AS geom FROM incoming;

-- name: duckdb_extension
LOAD {path}

-- name: sedona_partitions
SET datafusion.execution.target_partitions = {threads}

-- name: sedona_sites
SELECT id, ST_GeomFromWKB(wkb) AS geom FROM incoming WHERE id % 2 = 0
UNION ALL
SELECT id, ST_GeomFromWKB(wkb) AS geom FROM incoming WHERE id % 2 = 1

-- name: sedona_ground
SELECT ST_GeomFromWKB(wkb) AS geom FROM incoming

-- name: overlap
SELECT s.id, sum(ST_Area(ST_Intersection(g.geom, s.geom))) AS m2
FROM site AS s JOIN ground AS g ON ST_Intersects(g.geom, s.geom)
GROUP BY s.id
