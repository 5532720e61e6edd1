-- name: start
INSERT INTO session (id, account_id, seat_id, secret_sha256, address, second_factor, ends_at)
VALUES (%(id)s, %(account)s, %(seat)s, %(secret)s, %(address)s, %(second_factor)s, now() + %(lasts)s);

-- name: rotate
UPDATE session SET
    secret_sha256 = %(secret)s, seat_id = COALESCE(%(seat)s, seat_id), second_factor = second_factor OR %(second_factor)s
WHERE id = %(id)s AND account_id = %(account)s AND ended_at IS NULL
RETURNING id;

-- name: end
UPDATE session SET ended_at = now() WHERE id = %(id)s AND account_id = %(account)s AND ended_at IS NULL RETURNING id;

-- name: end_all
UPDATE session SET ended_at = now()
WHERE account_id = %(account)s AND ended_at IS NULL AND id IS DISTINCT FROM %(but)s RETURNING id;

-- name: of_account
SELECT session.id, seat.title AS seat, session.address, session.second_factor, session.started_at, session.seen_at
FROM session LEFT JOIN seat ON seat.id = session.seat_id
WHERE session.account_id = %(account)s AND session.ended_at IS NULL AND session.ends_at > now() AND session.seen_at > now() - %(idle)s
ORDER BY session.seen_at DESC, session.id;

-- name: forget
DELETE FROM session WHERE COALESCE(ended_at, ends_at) < now() - interval '30 days';

-- name: seats
SELECT seat.id, seat.title, seat.unit, seat.place_code,
    ARRAY(SELECT role FROM seat_role WHERE seat_role.seat_id = seat.id ORDER BY role) AS roles
FROM account
JOIN seat_holder AS h ON h.person_id = account.person_id
    AND h.held_from <= %(today)s AND (h.held_to IS NULL OR h.held_to > %(today)s)
JOIN seat ON seat.id = h.seat_id AND (seat.ended_on IS NULL OR seat.ended_on > %(today)s)
WHERE account.id = %(account)s
ORDER BY (SELECT max(s.started_at) FROM session AS s WHERE s.account_id = account.id AND s.seat_id = seat.id) DESC NULLS LAST, seat.id;
