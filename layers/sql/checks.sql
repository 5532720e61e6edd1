-- name: save
WITH saved AS (
    INSERT INTO stored_check (
        id, case_no, verdict, packed, dictionary, failed, properties, geom, subject_sha256, applied_on, valid_on, known_at, checked_at,
        pack_id, pack_version, pack_sha256, datasets, account_id, seat_id, village_code
    )
    SELECT
        id, case_no, verdict, packed, dictionary, string_to_array(failed, E'\x1f'), properties::jsonb, geom::geometry, subject_sha256, applied_on,
        valid_on, known_at, checked_at, pack_id, pack_version, pack_sha256, datasets::jsonb, account_id, seat_id, village_code
    FROM unnest(
        %(id)s::uuid[], %(case_no)b::text[], %(verdict)b::text[], %(packed)b::bytea[], %(dictionary)b::bytea[], %(failed)b::text[],
        %(properties)b::text[], %(geom)b::bytea[], %(subject_sha256)b::text[], %(applied_on)s::date[], %(valid_on)s::date[],
        %(known_at)s::timestamptz[], %(checked_at)s::timestamptz[], %(pack_id)b::text[], %(pack_version)b::text[], %(pack_sha256)b::text[],
        %(datasets)b::text[], %(account_id)s::integer[], %(seat_id)s::integer[],
        %(village_code)b::text[]
    ) AS given (
        id, case_no, verdict, packed, dictionary, failed, properties, geom, subject_sha256, applied_on, valid_on, known_at, checked_at,
        pack_id, pack_version, pack_sha256, datasets, account_id, seat_id, village_code
    )
    RETURNING 1
)
SELECT {append}(%(payloads)b::text[]) FROM (SELECT count(*) FROM saved) AS stored;

-- name: get
SELECT
    id, case_no, verdict, report, packed, dictionary, failed, properties, ST_AsBinary(geom) AS geometry, ST_SRID(geom) AS epsg, subject_sha256, applied_on,
    valid_on, known_at, checked_at, pack_id, pack_version, pack_sha256, datasets, account_id, seat_id, village_code
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
