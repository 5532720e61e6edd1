-- name: add
INSERT INTO job (id, kind) VALUES (%(id)s, %(kind)s);

-- name: start
UPDATE job SET state = 'running', started_at = now() WHERE id = %(id)s;

-- name: report
UPDATE job SET progress = %(progress)s, message = %(message)s WHERE id = %(id)s AND state = 'running';

-- name: finish
UPDATE job SET state = %(state)s, progress = %(progress)s, message = %(message)s, result = %(result)s, finished_at = now()
WHERE id = %(id)s AND state IN ('queued', 'running');

-- name: interrupt
UPDATE job SET state = 'interrupted', finished_at = now() WHERE state IN ('queued', 'running') RETURNING id;

-- name: get
SELECT id, kind, state, progress, message, result, created_at, started_at, finished_at FROM job WHERE id = %(id)s;

-- name: latest
SELECT id, kind, state, progress, message, result, created_at, started_at, finished_at FROM job
ORDER BY created_at DESC, id LIMIT %(limit)s;
