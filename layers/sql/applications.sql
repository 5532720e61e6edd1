-- name: save
INSERT INTO application (case_no, properties, geom, expected, synthetic, village_code)
VALUES (%(case_no)s, %(properties)s, ST_GeomFromWKB(%(geom)s, %(epsg)s), %(expected)s, %(synthetic)s, %(village_code)s)
ON CONFLICT (case_no) DO UPDATE SET
    properties = excluded.properties, geom = excluded.geom, expected = excluded.expected, synthetic = excluded.synthetic,
    village_code = coalesce(
        excluded.village_code, CASE WHEN ST_AsBinary(application.geom) = ST_AsBinary(excluded.geom) THEN application.village_code END
    );

-- name: locate
UPDATE application AS a SET village_code = (
    SELECT f.attributes->>'ZLDWDM' FROM feature AS f
    WHERE f.version_id = %(village_version)s AND ST_Intersects(f.geom, ST_PointOnSurface(a.geom))
    ORDER BY f.fid LIMIT 1
)
WHERE a.village_code IS NULL;

-- name: list
SELECT a.case_no, a.properties, ST_AsBinary(a.geom) AS geometry, ST_SRID(a.geom) AS epsg, a.expected, a.synthetic,
    a.village_code, c.id AS check_id, c.verdict
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

-- name: cases
SELECT a.case_no, a.village_code, a.synthetic, a.created_at, r.case_no IS NOT NULL AS is_open, d.closed_at, c.id AS check_id, c.verdict
FROM application AS a
LEFT JOIN application_record AS r ON r.case_no = a.case_no AND r.known_to IS NULL
LEFT JOIN LATERAL (SELECT max(e.known_to) AS closed_at FROM application_record AS e WHERE e.case_no = a.case_no) AS d ON r.case_no IS NULL
LEFT JOIN LATERAL (
    SELECT s.id, s.verdict FROM stored_check AS s WHERE s.case_no = a.case_no ORDER BY s.checked_at DESC, s.id LIMIT 1
) AS c ON true
WHERE (%(case_nos)s::text[] IS NULL OR a.case_no = ANY(%(case_nos)s))
  AND (%(places)s::text[] IS NULL OR EXISTS (SELECT FROM unnest(%(places)s::text[]) AS p WHERE starts_with(a.village_code, p)))
ORDER BY a.created_at DESC, a.case_no DESC
LIMIT %(limit)s OFFSET %(offset)s;

-- name: count_cases
SELECT count(*) FROM application AS a
WHERE %(places)s::text[] IS NULL OR EXISTS (SELECT FROM unnest(%(places)s::text[]) AS p WHERE starts_with(a.village_code, p));
