-- name: of_account
SELECT api_token.id, api_token.title, seat.title AS seat, seat.unit, api_token.permissions, api_token.created_at, api_token.expires_at,
    api_token.used_at
FROM api_token JOIN seat ON seat.id = api_token.seat_id
WHERE api_token.account_id = %(account)s AND api_token.revoked_at IS NULL AND api_token.expires_at > now()
ORDER BY api_token.created_at DESC, api_token.id;

-- name: count
SELECT count(*) FROM api_token WHERE account_id = %(account)s AND revoked_at IS NULL AND expires_at > now();

-- name: revoke
UPDATE api_token SET revoked_at = now() WHERE id = %(id)s AND account_id = %(account)s AND revoked_at IS NULL RETURNING id;

-- name: revoke_all
UPDATE api_token SET revoked_at = now() WHERE account_id = %(account)s AND revoked_at IS NULL AND expires_at > now() RETURNING id;
