-- name: add
INSERT INTO job (id, kind, input) VALUES (%(id)s, %(kind)s, %(input)s)
RETURNING id, kind, state, progress, message, result, created_at, started_at, finished_at;

-- name: take
UPDATE job SET state = 'running', started_at = clock_timestamp()
WHERE id = (SELECT id FROM job WHERE state = 'queued' ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, input;

-- name: report
UPDATE job SET state = 'running', progress = %(progress)s, message = %(message)s, started_at = coalesce(started_at, clock_timestamp())
WHERE id = %(id)s AND state IN ('queued', 'running');

-- name: finish
UPDATE job SET state = %(state)s, progress = CASE WHEN %(state)s = 'done' THEN 1 ELSE progress END, message = %(message)s,
    result = %(result)s, started_at = coalesce(started_at, clock_timestamp()), finished_at = clock_timestamp()
WHERE id = %(id)s AND state IN ('queued', 'running');

-- name: get
SELECT id, kind, state, progress, message, result, created_at, started_at, finished_at FROM job WHERE id = %(id)s;

-- name: list
SELECT id, kind, state, progress, message, result, created_at, started_at, finished_at
FROM job ORDER BY created_at DESC, id LIMIT %(limit)s;

-- name: interrupt
UPDATE job SET state = 'interrupted', message = %(message)s, finished_at = clock_timestamp()
WHERE state = 'running' OR (state = 'queued' AND created_at < clock_timestamp() - make_interval(secs => %(queued_for_s)s));
