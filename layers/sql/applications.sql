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

-- name: lock_records
SELECT pg_advisory_xact_lock(hashtext('application_record'));

-- name: share_records
SELECT pg_advisory_xact_lock_shared(hashtext('application_record'));

-- name: close_changed
UPDATE application_record SET known_to = clock_timestamp()
WHERE case_no = %(case_no)s AND known_to IS NULL
  AND (household_id IS DISTINCT FROM %(household_id)s OR ST_AsBinary(geom) <> %(geom)s);

-- name: open_record
INSERT INTO application_record (case_no, household_id, geom, known_from)
SELECT %(case_no)s, %(household_id)s, ST_GeomFromWKB(%(geom)s, %(epsg)s), clock_timestamp()
WHERE NOT EXISTS (SELECT FROM application_record WHERE case_no = %(case_no)s AND known_to IS NULL);

-- name: settle
UPDATE application_record SET known_to = clock_timestamp() WHERE case_no = ANY(%(case_nos)s) AND known_to IS NULL;

-- name: last_record_change
SELECT greatest(
    (SELECT max(known_from) FROM application_record WHERE known_from <= %(known_at)s),
    (SELECT max(known_to) FROM application_record WHERE known_to <= %(known_at)s)
);

-- name: live_records
SELECT case_no, household_id, ST_AsBinary(geom) FROM application_record
WHERE known_from <= %(known_at)s AND (known_to IS NULL OR known_to > %(known_at)s)
ORDER BY case_no, id;
