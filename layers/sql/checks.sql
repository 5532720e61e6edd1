-- name: save
COPY stored_check (
    id, case_no, verdict, packed, dictionary, failed, properties, geom, subject_sha256, applied_on, valid_on, known_at, checked_at,
    pack_id, pack_version, pack_sha256, datasets, account_id, seat_id
) FROM STDIN;

-- name: get
SELECT
    id, case_no, verdict, report, packed, dictionary, failed, properties, ST_AsBinary(geom) AS geometry, ST_SRID(geom) AS epsg, subject_sha256, applied_on,
    valid_on, known_at, checked_at, pack_id, pack_version, pack_sha256, datasets, account_id, seat_id
FROM stored_check WHERE id = %(id)s;

-- name: list
SELECT id, case_no, verdict, applied_on, valid_on, known_at, checked_at, pack_id, pack_version
FROM stored_check
WHERE (%(verdict)s::text IS NULL OR verdict = %(verdict)s) AND (%(case_no)s::text IS NULL OR case_no = %(case_no)s)
ORDER BY checked_at DESC, id
LIMIT %(limit)s OFFSET %(offset)s;

-- name: count
SELECT count(*) FROM stored_check
WHERE (%(verdict)s::text IS NULL OR verdict = %(verdict)s) AND (%(case_no)s::text IS NULL OR case_no = %(case_no)s);

-- name: count_by_verdict
SELECT verdict, count(*) FROM stored_check GROUP BY verdict;

-- name: missing
SELECT wanted FROM unnest(%(ids)s::uuid[]) AS wanted WHERE NOT EXISTS (SELECT FROM stored_check AS c WHERE c.id = wanted);
