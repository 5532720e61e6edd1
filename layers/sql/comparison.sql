-- name: same
(
    {before} = {after} OR (
        abs(ST_XMin({before}) - ST_XMin({after})) <= %(tolerance)s AND abs(ST_XMax({before}) - ST_XMax({after})) <= %(tolerance)s
        AND abs(ST_YMin({before}) - ST_YMin({after})) <= %(tolerance)s AND abs(ST_YMax({before}) - ST_YMax({after})) <= %(tolerance)s
        AND ST_Dimension({before}) = ST_Dimension({after})
        AND CASE
            WHEN ST_Normalize(ST_SnapToGrid(ST_Multi({before}), %(tolerance)s))
                = ST_Normalize(ST_SnapToGrid(ST_Multi({after}), %(tolerance)s)) THEN true
            WHEN abs(ST_Area({before}) - ST_Area({after})) > %(tolerance)s * (ST_Perimeter({before}) + ST_Perimeter({after})) THEN false
            WHEN ST_HausdorffDistance({before}, {after}) > %(tolerance)s THEN false
            WHEN ST_Dimension({before}) < 2 THEN true
            ELSE ST_Area(ST_SymDifference({before}, {after})) <= %(tolerance)s * ST_Perimeter({before})
        END
    )
)

-- name: changes
WITH joined AS MATERIALIZED (
    SELECT
        b.fid AS b_fid, a.fid AS a_fid, b.attributes <> a.attributes AS attributes_changed,
        CASE WHEN b.fid IS NOT NULL AND a.fid IS NOT NULL THEN NOT {same_pair} END AS geometry_changed
    FROM (SELECT fid, identifier, attributes, geom FROM feature WHERE version_id = %(before)s) AS b
    FULL JOIN (SELECT fid, identifier, attributes, geom FROM feature WHERE version_id = %(after)s) AS a USING (identifier)
),
candidates AS MATERIALIZED (
    SELECT r.b_fid, f.fid AS a_fid
    FROM joined AS r
    JOIN feature AS b ON b.version_id = %(before)s AND b.fid = r.b_fid
    CROSS JOIN LATERAL (
        SELECT n.fid FROM feature AS n
        WHERE n.version_id = %(after)s AND n.geom && ST_Expand(b.geom, %(tolerance)s) AND {same_place}
    ) AS f
    WHERE r.a_fid IS NULL AND EXISTS (SELECT FROM joined WHERE b_fid IS NULL)
),
ranked AS (
    SELECT
        c.b_fid, c.a_fid, rank() OVER (PARTITION BY c.a_fid ORDER BY c.b_fid) AS b_rank,
        rank() OVER (PARTITION BY c.b_fid ORDER BY c.a_fid) AS a_rank
    FROM candidates AS c JOIN joined AS added ON added.a_fid = c.a_fid AND added.b_fid IS NULL
),
recoded AS MATERIALIZED (SELECT b_fid, a_fid FROM ranked WHERE a_rank = b_rank),
found AS (
    SELECT 'recoded' AS kind, b_fid, a_fid, NULL::boolean AS attributes_changed, false AS geometry_changed FROM recoded
    UNION ALL
    SELECT
        CASE WHEN b_fid IS NULL THEN 'added' WHEN a_fid IS NULL THEN 'removed' ELSE 'changed' END,
        b_fid, a_fid, attributes_changed, coalesce(geometry_changed, false)
    FROM joined
    WHERE (b_fid IS NULL OR a_fid IS NULL OR attributes_changed OR geometry_changed)
      AND NOT (a_fid IS NULL AND b_fid IN (SELECT b_fid FROM recoded))
      AND NOT (b_fid IS NULL AND a_fid IN (SELECT a_fid FROM recoded))
)
SELECT
    f.kind, f.b_fid, f.a_fid, b.identifier, a.identifier,
    coalesce(f.attributes_changed, f.kind = 'recoded' AND b.attributes - %(identifier)s <> a.attributes - %(identifier)s, false),
    f.geometry_changed, CASE WHEN f.geometry_changed THEN ST_Distance(ST_Centroid(b.geom), ST_Centroid(a.geom)) END,
    b.area_m2, a.area_m2
FROM found AS f
LEFT JOIN feature AS b ON b.version_id = %(before)s AND b.fid = f.b_fid
LEFT JOIN feature AS a ON a.version_id = %(after)s AND a.fid = f.a_fid
ORDER BY array_position('{{changed,recoded,added,removed}}'::text[], f.kind), coalesce(a.identifier, b.identifier), f.b_fid, f.a_fid;

-- name: plain_plan
SET LOCAL jit = off;

-- name: details
SELECT w.place, b.attributes, a.attributes, CASE WHEN %(shapes)s THEN ST_AsBinary(coalesce(a.geom, b.geom)) END
FROM unnest(%(b_fids)s::integer[], %(a_fids)s::integer[]) WITH ORDINALITY AS w (b_fid, a_fid, place)
LEFT JOIN feature AS b ON b.version_id = %(before)s AND b.fid = w.b_fid
LEFT JOIN feature AS a ON a.version_id = %(after)s AND a.fid = w.a_fid
ORDER BY w.place;
