-- name: of_session
WITH found AS (
    SELECT * FROM session
    WHERE secret_sha256 = %(secret)s AND ended_at IS NULL AND ends_at > now() AND seen_at > now() - %(idle)s
), seen AS (
    UPDATE session SET seen_at = now() FROM found WHERE session.id = found.id AND session.seen_at < now() - interval '30 seconds'
)
SELECT
    found.id AS grant_id, account.id AS account_id, account.login,
    account.must_change AND account.password_hash IS NOT NULL AS must_change, person.id AS person_id, person.name AS person,
    seat.id AS seat_id, seat.title AS seat, seat.unit, seat.place_code, seat.secrecy, NULL::text[] AS permissions,
    ARRAY(SELECT role FROM seat_role WHERE seat_role.seat_id = seat.id ORDER BY role) AS roles,
    found.second_factor, account.totp_confirmed_at IS NOT NULL AS enrolled
FROM found JOIN account ON account.id = found.account_id JOIN person ON person.id = account.person_id
LEFT JOIN seat ON seat.id = found.seat_id AND (seat.ended_on IS NULL OR seat.ended_on > %(today)s) AND EXISTS (
    SELECT FROM seat_holder AS h
    WHERE h.seat_id = seat.id AND h.person_id = person.id AND h.held_from <= %(today)s AND (h.held_to IS NULL OR h.held_to > %(today)s)
)
WHERE account.disabled_at IS NULL;

-- name: of_token
WITH found AS (
    SELECT * FROM api_token WHERE secret_sha256 = %(secret)s AND revoked_at IS NULL AND expires_at > now()
), seen AS (
    UPDATE api_token SET used_at = now() FROM found
    WHERE api_token.id = found.id AND (api_token.used_at IS NULL OR api_token.used_at < now() - interval '1 minute')
)
SELECT
    found.id AS grant_id, account.id AS account_id, account.login, false AS must_change, person.id AS person_id, person.name AS person,
    seat.id AS seat_id, seat.title AS seat, seat.unit, seat.place_code, seat.secrecy, found.permissions,
    ARRAY(SELECT role FROM seat_role WHERE seat_role.seat_id = seat.id ORDER BY role) AS roles,
    true AS second_factor, account.totp_confirmed_at IS NOT NULL AS enrolled
FROM found JOIN account ON account.id = found.account_id JOIN person ON person.id = account.person_id
JOIN seat ON seat.id = found.seat_id AND (seat.ended_on IS NULL OR seat.ended_on > %(today)s) AND EXISTS (
    SELECT FROM seat_holder AS h
    WHERE h.seat_id = seat.id AND h.person_id = person.id AND h.held_from <= %(today)s AND (h.held_to IS NULL OR h.held_to > %(today)s)
)
WHERE account.disabled_at IS NULL AND NOT (account.must_change AND account.password_hash IS NOT NULL);
