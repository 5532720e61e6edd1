-- name: create_sites
CREATE TABLE bench_site (id integer PRIMARY KEY, geom geometry NOT NULL, area_m2 double precision NOT NULL);

-- name: copy_sites
COPY bench_site (id, geom, area_m2) FROM STDIN

-- name: index_sites
CREATE INDEX bench_site_geom ON bench_site USING gist (geom);
ANALYZE bench_site;

-- name: drop_sites
DROP TABLE IF EXISTS bench_site;

-- name: one_layer_of_one_site
(SELECT coalesce(sum(ST_Area(ST_Intersection(p.geom, s.geom))), 0) FROM piece AS p
 WHERE p.version_id = {version} AND ST_Intersects(p.geom, s.geom))

-- name: one_site
SELECT {measures} FROM bench_site AS s WHERE s.id = :site;

-- name: plain
SELECT s.id, sum(ST_Area(ST_Intersection(p.geom, s.geom)))
FROM bench_site AS s JOIN piece AS p ON ST_Intersects(p.geom, s.geom)
WHERE p.version_id = {version} AND s.id >= {first} AND s.id < {last} GROUP BY s.id;

-- name: covered_first
SELECT s.id, sum(CASE WHEN ST_CoveredBy(s.geom, p.geom) THEN s.area_m2 ELSE ST_Area(ST_Intersection(p.geom, s.geom)) END)
FROM bench_site AS s JOIN piece AS p ON ST_Intersects(p.geom, s.geom)
WHERE p.version_id = {version} AND s.id >= {first} AND s.id < {last} GROUP BY s.id;

-- name: boxes_only
SELECT s.id, sum(ST_Area(ST_Intersection(p.geom, s.geom)))
FROM bench_site AS s JOIN piece AS p ON p.geom && s.geom
WHERE p.version_id = {version} AND s.id >= {first} AND s.id < {last} GROUP BY s.id;
