-- name: lock
SELECT pg_advisory_xact_lock(4742230001);

-- name: new_seat
INSERT INTO seat (title, unit, place_code, secrecy) VALUES (%(title)s, %(unit)s, %(place_code)s, %(secrecy)s) RETURNING id;

-- name: give_role
INSERT INTO seat_role (seat_id, role) VALUES (%(seat)s, %(role)s) ON CONFLICT DO NOTHING;

-- name: take_role
DELETE FROM seat_role WHERE seat_id = %(seat)s AND role = %(role)s;

-- name: end_seat
UPDATE seat SET ended_on = %(on)s WHERE id = %(seat)s;

-- name: end_holdings
UPDATE seat_holder SET held_to = greatest(held_from, %(on)s)
WHERE seat_id = %(seat)s AND (held_to IS NULL OR held_to > %(on)s) AND held_to IS DISTINCT FROM greatest(held_from, %(on)s);

-- name: new_person
INSERT INTO person (name) VALUES (%(name)s) RETURNING id;

-- name: appoint
INSERT INTO seat_holder (seat_id, person_id, held_from, held_to) VALUES (%(seat)s, %(person)s, %(held_from)s, %(held_to)s) RETURNING id;

-- name: end_holding
UPDATE seat_holder SET held_to = %(on)s WHERE id = %(holding)s;

-- name: seats
SELECT
    seat.id, seat.title, seat.unit, seat.place_code, seat.secrecy, seat.ended_on, seat.created_at,
    ARRAY(SELECT role FROM seat_role WHERE seat_role.seat_id = seat.id ORDER BY role) AS roles,
    held.id AS holding_id, held.person_id, person.name AS person, held.held_from, held.held_to
FROM seat
LEFT JOIN seat_holder AS held ON held.seat_id = seat.id AND held.held_from <= %(today)s AND (held.held_to IS NULL OR held.held_to > %(today)s)
LEFT JOIN person ON person.id = held.person_id
WHERE %(seat)s::integer IS NULL OR seat.id = %(seat)s
ORDER BY seat.ended_on IS NOT NULL, seat.unit, seat.title, seat.id;

-- name: seat_named
SELECT id FROM seat WHERE unit = %(unit)s AND title = %(title)s;

-- name: holdings
SELECT held.id, held.seat_id, seat.title AS seat, seat.unit, held.person_id, person.name AS person, held.held_from, held.held_to, held.created_at
FROM seat_holder AS held JOIN person ON person.id = held.person_id JOIN seat ON seat.id = held.seat_id
WHERE (%(seat)s::integer IS NULL OR held.seat_id = %(seat)s)
  AND (%(person)s::integer IS NULL OR held.person_id = %(person)s)
  AND (%(holding)s::integer IS NULL OR held.id = %(holding)s)
ORDER BY held.held_from DESC, held.id DESC;

-- name: people
SELECT person.id, person.name, account.id AS account_id, account.login
FROM person LEFT JOIN account ON account.person_id = person.id
WHERE %(person)s::integer IS NULL OR person.id = %(person)s
ORDER BY person.name, person.id;

-- name: roles_beside
SELECT seat.title AS seat, seat.unit, array_agg(DISTINCT seat_role.role) AS roles
FROM seat_holder AS held JOIN seat ON seat.id = held.seat_id JOIN seat_role ON seat_role.seat_id = seat.id
WHERE held.person_id = %(person)s AND held.seat_id <> %(seat)s
  AND daterange(held.held_from, held.held_to) && daterange(greatest(%(held_from)s, %(today)s), %(held_to)s)
  AND (seat.ended_on IS NULL OR seat.ended_on > greatest(%(held_from)s, %(today)s))
GROUP BY seat.id
ORDER BY seat.unit, seat.title;

-- name: administrators
WITH held AS (
    SELECT daterange(greatest(h.held_from, %(today)s), least(h.held_to, seat.ended_on)) AS days
    FROM seat_holder AS h
    JOIN seat ON seat.id = h.seat_id
    JOIN seat_role ON seat_role.seat_id = seat.id AND seat_role.role = %(role)s
    JOIN account ON account.person_id = h.person_id AND account.disabled_at IS NULL
    WHERE coalesce(least(h.held_to, seat.ended_on) > greatest(h.held_from, %(today)s), true)
      AND (account.password_hash IS NOT NULL OR account.oidc_subject IS NOT NULL OR EXISTS (
          SELECT FROM one_time_link AS link WHERE link.account_id = account.id AND link.used_at IS NULL AND link.expires_at > now()
      ))
)
SELECT coalesce(bool_or(days @> %(today)s), false), coalesce(range_agg(days) @> daterange(%(today)s, NULL), false) FROM held;
