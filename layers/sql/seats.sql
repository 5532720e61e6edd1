-- name: new_seat
INSERT INTO seat (title, unit, place_code, secrecy) VALUES (%(title)s, %(unit)s, %(place_code)s, %(secrecy)s) RETURNING id;

-- name: give_role
INSERT INTO seat_role (seat_id, role) VALUES (%(seat)s, %(role)s) ON CONFLICT DO NOTHING;

-- name: new_person
INSERT INTO person (name) VALUES (%(name)s) RETURNING id;

-- name: appoint
INSERT INTO seat_holder (seat_id, person_id, held_from, held_to) VALUES (%(seat)s, %(person)s, %(held_from)s, %(held_to)s);
