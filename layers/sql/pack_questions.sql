-- name: overlaps
SELECT x.id, {columns}
FROM (
    SELECT s.id, {shared} AS m2
    FROM bench_site AS s JOIN piece AS p ON {meets}
    WHERE p.version_id = {version} AND {of_sites}
    OFFSET 0
) AS x
GROUP BY x.id

-- name: overlaps_by_attribute
SELECT x.id, {columns}
FROM (
    SELECT s.id, {shared} AS m2, f.attributes
    FROM bench_site AS s JOIN piece AS p ON {meets}
    JOIN feature AS f ON f.version_id = {version} AND f.fid = p.fid
    WHERE p.version_id = {version} AND {of_sites}
    OFFSET 0
) AS x
GROUP BY x.id

-- name: overlaps_by_feature
SELECT x.id, max(x.m2) AS largest_m2, sum(x.m2) AS m2, (array_agg(x.fid ORDER BY x.m2 DESC))[1] AS fid
FROM (
    SELECT s.id, p.fid, sum({shared}) AS m2
    FROM bench_site AS s JOIN piece AS p ON {meets}
    WHERE p.version_id = {version} AND {of_sites}
    GROUP BY s.id, p.fid
) AS x
GROUP BY x.id

-- name: near
SELECT x.id, {columns}
FROM (
    SELECT s.id, ST_Distance(p.geom, s.geom) AS m, ST_Dimension(p.geom) < 2 AS thin, f.attributes
    FROM bench_site AS s JOIN piece AS p ON {meets}
    JOIN feature AS f ON f.version_id = {version} AND f.fid = p.fid
    WHERE p.version_id = {version} AND {of_sites}
    OFFSET 0
) AS x
GROUP BY x.id

-- name: gap
SELECT x.id, min(x.m)
FROM (
    SELECT s.id, ST_Distance(f.geom, s.geom) AS m
    FROM bench_site AS s JOIN feature AS f ON ST_DWithin(f.geom, s.geom, {reach})
    WHERE f.version_id = {version} AND {of_sites}
      AND NOT (ST_Intersects(f.geom, s.geom) AND ST_Area(ST_Intersection(f.geom, s.geom)) >= 0.5 * f.area_m2)
) AS x
GROUP BY x.id

-- name: meets
ST_Intersects(p.geom, s.geom)

-- name: boxes_meet
p.geom && s.geom

-- name: shared
ST_Area(ST_Intersection(p.geom, s.geom))

-- name: shared_or_whole
CASE WHEN ST_CoveredBy(s.geom, p.geom) THEN s.area_m2 ELSE ST_Area(ST_Intersection(p.geom, s.geom)) END

-- name: within
ST_DWithin(p.geom, s.geom, {reach})

-- name: boxes_within
p.geom && ST_Expand(s.geom, {reach})

-- name: every_overlap
sum(x.m2)

-- name: chosen_overlap
sum(x.m2) FILTER (WHERE {chosen})

-- name: chosen_distance
min(x.m) FILTER (WHERE {chosen} AND x.m <= {radius})

-- name: smallest_clearance
min(greatest(x.m - CASE WHEN x.thin THEN {half} ELSE 0 END, 0) - {required})

-- name: by_class
CASE {rows} ELSE {otherwise} END

-- name: of_class
WHEN x.attributes ->> {field} = {key} THEN {metres}

-- name: of_range
WHEN (x.attributes ->> {field})::float8 BETWEEN {low} AND {high} THEN {metres}

-- name: anything
true

-- name: one_of
x.attributes ->> {field} = ANY ({values}::text[])

-- name: none_of
x.attributes ->> {field} <> ALL ({values}::text[])

-- name: starting_with
x.attributes ->> {field} LIKE ANY ({values}::text[])

-- name: not_starting_with
NOT x.attributes ->> {field} LIKE ANY ({values}::text[])

-- name: before
(x.attributes ->> {field})::date < {day}

-- name: sites_between
s.id >= {first} AND s.id < {last}

-- name: site_of_pgbench
s.id = :site

-- name: answer
(SELECT q FROM ({question}) AS q)

-- name: one_site
SELECT {answers};
