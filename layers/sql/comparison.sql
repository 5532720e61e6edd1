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

-- name: differing
SELECT * FROM (
    SELECT
        b.fid AS b_fid, a.fid AS a_fid, b.attributes <> a.attributes AS attributes_changed,
        CASE WHEN b.fid IS NOT NULL AND a.fid IS NOT NULL THEN NOT {same} END AS geometry_changed
    FROM (SELECT fid, identifier, attributes, geom FROM feature WHERE version_id = %(before)s) AS b
    FULL JOIN (SELECT fid, identifier, attributes, geom FROM feature WHERE version_id = %(after)s) AS a USING (identifier)
) AS joined
WHERE b_fid IS NULL OR a_fid IS NULL OR attributes_changed OR geometry_changed;

-- name: same_place
WITH b AS MATERIALIZED (
    -- The boxes are made before they are compared: under row security an index serves only a comparison of which every function is leakproof.
    SELECT f.fid, f.geom, ST_Expand(f.geom, %(tolerance)s) AS around
    FROM unnest(%(went)s::integer[]) AS went (fid)
    JOIN feature AS f ON f.version_id = %(before)s AND f.fid = went.fid
)
SELECT b.fid, a.fid
FROM b
CROSS JOIN LATERAL (
    SELECT n.fid FROM feature AS n
    WHERE n.version_id = %(after)s AND n.geom && b.around AND {same}
    OFFSET 0
) AS a
ORDER BY b.fid, a.fid;

-- name: numbers
SELECT
    b.identifier, a.identifier, b.attributes - %(identifier)s <> a.attributes - %(identifier)s,
    CASE WHEN w.moved THEN ST_Distance(ST_Centroid(b.geom), ST_Centroid(a.geom)) END, b.area_m2, a.area_m2
FROM unnest(%(b_fids)s::integer[], %(a_fids)s::integer[], %(moved)s::boolean[]) WITH ORDINALITY AS w (b_fid, a_fid, moved, place)
LEFT JOIN feature AS b ON b.version_id = %(before)s AND b.fid = w.b_fid
LEFT JOIN feature AS a ON a.version_id = %(after)s AND a.fid = w.a_fid
ORDER BY w.place;

-- name: plain_plan
SET LOCAL jit = off;

-- name: details
SELECT w.place, b.attributes, a.attributes, CASE WHEN %(shapes)s THEN ST_AsBinary(coalesce(a.geom, b.geom)) END
FROM unnest(%(b_fids)s::integer[], %(a_fids)s::integer[]) WITH ORDINALITY AS w (b_fid, a_fid, place)
LEFT JOIN feature AS b ON b.version_id = %(before)s AND b.fid = w.b_fid
LEFT JOIN feature AS a ON a.version_id = %(after)s AND a.fid = w.a_fid
ORDER BY w.place;
