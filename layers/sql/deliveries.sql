-- name: add
INSERT INTO delivery (id, file_name, sha256, bytes, description, choice, repairs, acts, account_id, seat_id)
VALUES (%(id)s, %(file_name)s, %(sha256)s, %(bytes)s, %(description)s, %(choice)s, %(repairs)s, %(acts)s, %(account_id)s, %(seat_id)s);

-- name: of_account
SELECT coalesce(sum(bytes) FILTER (WHERE created_at >= %(since)s), 0)::bigint,
    count(*) FILTER (WHERE state IN ('received', 'recognised', 'checked'))
FROM delivery
WHERE account_id = %(account)s AND (created_at >= %(since)s OR state IN ('received', 'recognised', 'checked'));

-- name: list
SELECT d.id, d.file_name, d.sha256, d.bytes,
    CASE
        WHEN d.state IN ('staged', 'published') AND v.id IS NULL THEN 'checked'
        WHEN d.state = 'staged' AND v.status <> 'staged' THEN 'published'
        ELSE d.state
    END AS state,
    d.description, d.choice, d.recognition, d.summary - 'sketch' AS summary, d.repairs, d.repaired, d.problem, d.version_id, d.job_id, d.acts,
    d.created_at, d.changed_at
FROM delivery AS d LEFT JOIN dataset_version AS v ON v.id = d.version_id
WHERE %(id)s::uuid IS NULL OR d.id = %(id)s
ORDER BY d.created_at DESC, d.id LIMIT %(limit)s OFFSET %(offset)s;

-- name: sketch
SELECT summary -> 'sketch' FROM delivery WHERE id = %(id)s;

-- name: count
SELECT count(*) FROM delivery;

-- name: lock
SELECT id FROM delivery WHERE id = %(id)s FOR UPDATE NOWAIT;

-- name: ask
UPDATE delivery SET choice = %(choice)s, description = %(description)s, repairs = %(repairs)s, changed_at = clock_timestamp()
WHERE id = %(id)s;

-- name: work
UPDATE delivery SET job_id = %(job_id)s WHERE id = %(id)s;

-- name: recognise
UPDATE delivery SET state = 'recognised', recognition = %(recognition)s, summary = NULL, problem = NULL, version_id = NULL,
    repaired = '[]', changed_at = clock_timestamp()
WHERE id = %(id)s;

-- name: check
UPDATE delivery SET state = 'checked', recognition = %(recognition)s, summary = %(summary)s, problem = NULL, version_id = NULL,
    repaired = '[]', changed_at = clock_timestamp()
WHERE id = %(id)s;

-- name: stage
UPDATE delivery SET state = 'staged', version_id = %(version_id)s, summary = summary || jsonb_build_object('after', %(after)s::jsonb), repaired = %(repaired)s, acts = acts || %(acts)s, problem = NULL,
    changed_at = clock_timestamp()
WHERE id = %(id)s;

-- name: end
UPDATE delivery SET state = %(state)s, problem = %(problem)s, acts = acts || %(acts)s, changed_at = clock_timestamp()
WHERE id = %(id)s;

-- name: trouble
UPDATE delivery SET problem = %(problem)s, changed_at = clock_timestamp() WHERE id = %(id)s;

-- name: idle
SELECT d.id FROM delivery AS d
WHERE (
    d.state IN ('received', 'recognised', 'checked')
    OR d.state = 'staged' AND NOT EXISTS (SELECT FROM dataset_version AS v WHERE v.id = d.version_id)
) AND d.changed_at < clock_timestamp() - %(older_than)s
ORDER BY d.id FOR UPDATE SKIP LOCKED;

-- name: wanting_file
SELECT d.id FROM delivery AS d LEFT JOIN dataset_version AS v ON v.id = d.version_id
WHERE d.state IN ('received', 'recognised', 'checked') OR d.state = 'staged' AND (v.id IS NULL OR v.status = 'staged');
