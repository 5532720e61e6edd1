-- name: save
INSERT INTO application (case_no, properties, geom, expected, synthetic)
VALUES (%(case_no)s, %(properties)s, ST_GeomFromWKB(%(geom)s, %(epsg)s), %(expected)s, %(synthetic)s)
ON CONFLICT (case_no) DO UPDATE SET
    properties = excluded.properties, geom = excluded.geom, expected = excluded.expected, synthetic = excluded.synthetic;

-- name: list
SELECT a.case_no, a.properties, ST_AsBinary(a.geom) AS geometry, ST_SRID(a.geom) AS epsg, a.expected, a.synthetic,
    c.id AS check_id, c.verdict
FROM application AS a
LEFT JOIN LATERAL (
    SELECT s.id, s.verdict FROM stored_check AS s WHERE s.case_no = a.case_no ORDER BY s.checked_at DESC, s.id LIMIT 1
) AS c ON true
WHERE %(case_no)s::text IS NULL OR a.case_no = %(case_no)s
ORDER BY a.case_no;
