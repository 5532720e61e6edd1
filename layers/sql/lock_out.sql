-- name: forget
DELETE FROM sign_in_try WHERE tried_at < now() - interval '1 day';

-- name: one_at_a_time
SELECT pg_advisory_xact_lock(hashtextextended(%(address)s, 7021963));

-- name: failures
SELECT count(*) FROM sign_in_try WHERE address = %(address)s AND NOT succeeded AND tried_at > now() - %(within)s;

-- name: note
INSERT INTO sign_in_try (address, login_sha256, succeeded) VALUES (%(address)s, %(login)s, false) RETURNING id;

-- name: count
WITH held AS (
    SELECT id, CASE WHEN locked_until < now() - interval '1 day' THEN 0 ELSE failed END + 1 AS failed
    FROM account
    WHERE id = %(account)s AND (locked_until IS NULL OR locked_until <= now())
    FOR UPDATE
)
UPDATE account SET
    failed = held.failed,
    locked_until = CASE
        WHEN held.failed %% %(most)s = 0
        THEN now() + LEAST(%(first)s * power(2, LEAST(held.failed / %(most)s - 1, 20)), %(longest)s)
        ELSE account.locked_until
    END
FROM held WHERE account.id = held.id
RETURNING account.failed %% %(most)s = 0 AS locks;

-- name: succeed
UPDATE sign_in_try SET succeeded = true WHERE id = %(attempt)s;

-- name: clear
UPDATE account SET failed = 0, locked_until = NULL WHERE id = %(account)s AND (failed > 0 OR locked_until IS NOT NULL);
