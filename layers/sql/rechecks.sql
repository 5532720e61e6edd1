-- name: lock_check
SELECT id, pg_advisory_xact_lock(hashtextextended(id::text, 7021962)) FROM stored_check WHERE id = %(check_id)s;

-- name: add
INSERT INTO recheck (check_id, previous_id, grounds) VALUES (%(check_id)s, %(previous_id)s, %(grounds)s);

-- name: chain
WITH RECURSIVE before AS (
    SELECT r.check_id, r.previous_id, r.grounds, -1 AS step FROM recheck AS r WHERE r.check_id = %(check_id)s
    UNION ALL
    SELECT r.check_id, r.previous_id, r.grounds, b.step - 1 FROM before AS b JOIN recheck AS r ON r.check_id = b.previous_id
), after AS (
    SELECT r.check_id, r.previous_id, r.grounds, 1 AS step FROM recheck AS r WHERE r.previous_id = %(check_id)s
    UNION ALL
    SELECT r.check_id, r.previous_id, r.grounds, a.step + 1 FROM after AS a JOIN recheck AS r ON r.previous_id = a.check_id
)
SELECT check_id, previous_id, grounds FROM (SELECT * FROM before UNION ALL SELECT * FROM after) AS links ORDER BY step;
