-- name: add
INSERT INTO job (id, kind, input, account_id, seat_id, owner) VALUES (%(id)s, %(kind)s, %(input)s, %(account_id)s, %(seat_id)s, %(owner)s)
RETURNING id, kind, state, progress, message, result, created_at, started_at, finished_at, account_id, seat_id;

-- name: take
UPDATE job SET state = 'running', started_at = clock_timestamp()
WHERE id = (SELECT id FROM job WHERE state = 'queued' ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, input, owner;

-- name: report
UPDATE job SET state = 'running', progress = %(progress)s, message = %(message)s, started_at = coalesce(started_at, clock_timestamp())
WHERE id = %(id)s AND state IN ('queued', 'running');

-- name: finish
UPDATE job SET state = %(state)s, progress = CASE WHEN %(state)s = 'done' THEN 1 ELSE progress END, message = %(message)s,
    result = %(result)s, started_at = coalesce(started_at, clock_timestamp()), finished_at = clock_timestamp()
WHERE id = %(id)s AND state IN ('queued', 'running');

-- name: get
SELECT id, kind, state, progress, message, result, created_at, started_at, finished_at, account_id, seat_id FROM job WHERE id = %(id)s;

-- name: list
SELECT id, kind, state, progress, message, result, created_at, started_at, finished_at, account_id, seat_id
FROM job WHERE %(all)s OR account_id = %(account_id)s OR seat_id = %(seat_id)s
ORDER BY created_at DESC, id LIMIT %(limit)s;

-- name: interrupt
UPDATE job SET state = 'interrupted', message = %(message)s, finished_at = clock_timestamp()
WHERE state = 'running' OR (state = 'queued' AND created_at < clock_timestamp() - make_interval(secs => %(queued_for_s)s));

-- name: owner_now
SELECT seat.place_code, seat.secrecy, ARRAY(SELECT role FROM seat_role WHERE seat_role.seat_id = seat.id ORDER BY role) AS roles
FROM account JOIN seat ON seat.id = %(seat_id)s AND (seat.ended_on IS NULL OR seat.ended_on > %(today)s)
WHERE account.id = %(account_id)s AND account.disabled_at IS NULL AND EXISTS (
    SELECT FROM seat_holder AS h
    WHERE h.seat_id = seat.id AND h.person_id = account.person_id AND h.held_from <= %(today)s AND (h.held_to IS NULL OR h.held_to > %(today)s)
);
