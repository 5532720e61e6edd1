-- name: add
INSERT INTO check_run (
    id, kind, title, parameters, valid_on, known_at, pack_version, pack_sha256, versions, classification_id, total, summary, created_at,
    account_id, seat_id
) VALUES (
    %(id)s, %(kind)s, %(title)s, %(parameters)s, %(valid_on)s, %(known_at)s, %(pack_version)s, %(pack_sha256)s, %(versions)s,
    %(classification_id)s, %(total)s, %(summary)s, %(created_at)s, %(account_id)s, %(seat_id)s
);

-- name: add_subjects
INSERT INTO check_run_subject (run_id, position, kind, name, check_id, properties, geom)
SELECT %(run_id)s, position, kind, name, check_id, properties::jsonb, geom::geometry
FROM unnest(
    %(position)s::integer[], %(kind)s::text[], %(name)s::text[], %(check_id)s::uuid[], %(properties)s::text[], %(geom)b::bytea[]
) AS new (position, kind, name, check_id, properties, geom);

-- name: finish_empty
UPDATE check_run SET finished_at = clock_timestamp() WHERE id = %(id)s AND total = 0;

-- name: list
SELECT id, kind, title, parameters, valid_on, known_at, pack_version, pack_sha256, versions, classification_id, total, done, summary,
    created_at, finished_at, account_id, seat_id
FROM check_run WHERE %(id)s::uuid IS NULL OR id = %(id)s
ORDER BY created_at DESC, id LIMIT %(limit)s OFFSET %(offset)s;

-- name: count
SELECT count(*) FROM check_run;

-- name: try_lock
SELECT pg_try_advisory_lock(7021960, hashtext(%(id)s));

-- name: unlock
SELECT pg_advisory_unlock(7021960, hashtext(%(id)s));

-- name: subjects
SELECT position, kind, name, check_id, properties, ST_AsBinary(geom) AS geometry, ST_SRID(geom) AS epsg
FROM check_run_subject WHERE run_id = %(id)s AND position >= %(start)s AND position < %(stop)s ORDER BY position;

-- name: add_results
INSERT INTO check_run_result (run_id, position, kind, name, verdict, before, check_id, report, geom)
SELECT %(run_id)s, position, kind, name, verdict, before, check_id, report, geom::geometry
FROM unnest(
    %(position)s::integer[], %(kind)s::text[], %(name)s::text[], %(verdict)s::text[], %(before)s::text[], %(check_id)s::uuid[],
    %(report)s::text[], %(geom)b::bytea[]
) AS new (position, kind, name, verdict, before, check_id, report, geom);

-- name: advance
UPDATE check_run SET done = %(stop)s, summary = %(summary)s,
    finished_at = CASE WHEN %(stop)s = total THEN clock_timestamp() END
WHERE id = %(id)s AND done = %(start)s AND finished_at IS NULL;

-- name: results
SELECT r.position, r.kind, r.name, r.verdict, r.before, r.check_id, coalesce(nullif(r.report, ''), c.report) AS report, c.packed, c.dictionary,
    ST_AsBinary(r.geom) AS geometry, ST_SRID(r.geom) AS epsg
FROM check_run_result AS r LEFT JOIN stored_check AS c ON c.id = r.check_id
WHERE r.run_id = %(id)s AND r.position > %(after)s AND (%(verdict)s::text IS NULL OR r.verdict = %(verdict)s)
ORDER BY r.position LIMIT %(limit)s;

-- name: worst
SELECT position, kind, name, verdict, before, check_id, '' AS report, NULL::bytea AS packed, NULL::bytea AS dictionary,
    ST_AsBinary(geom) AS geometry, ST_SRID(geom) AS epsg
FROM check_run_result
WHERE run_id = %(id)s AND verdict = ANY(%(verdicts)s)
ORDER BY array_position(%(verdicts)s, verdict), position LIMIT %(limit)s;

-- name: result_counts
SELECT verdict, count(*) FROM check_run_result WHERE run_id = %(id)s GROUP BY verdict;

-- name: plots_of_households
SELECT properties -> 'zddm', properties -> 'other_zddm' FROM household
WHERE properties ?| array['zddm', 'other_zddm'] ORDER BY household_no;

-- name: check_ids
SELECT id FROM stored_check WHERE pack_id = %(pack_id)s ORDER BY checked_at, id;
