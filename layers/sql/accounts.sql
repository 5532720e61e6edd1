-- name: open_account
INSERT INTO account (person_id, login, password_hash, password_set_at, must_change)
VALUES (
    %(person)s, %(login)s, %(password_hash)s, CASE WHEN %(password_hash)s::text IS NULL THEN NULL ELSE now() END, %(must_change)s
)
RETURNING id;

-- name: accounts
SELECT
    account.id, account.login, account.person_id, person.name AS person, account.password_hash IS NOT NULL AS has_password,
    account.oidc_subject, account.totp_confirmed_at IS NOT NULL AS second_factor, account.must_change,
    account.locked_until, account.disabled_at, account.created_at,
    (SELECT max(session.started_at) FROM session WHERE session.account_id = account.id) AS signed_in_at,
    (SELECT max(link.expires_at) FROM one_time_link AS link
     WHERE link.account_id = account.id AND link.used_at IS NULL AND link.expires_at > now()) AS link_until,
    (SELECT count(*) FROM api_token AS token
     WHERE token.account_id = account.id AND token.revoked_at IS NULL AND token.expires_at > now()) AS tokens
FROM account JOIN person ON person.id = account.person_id
WHERE (%(account)s::integer IS NULL OR account.id = %(account)s) AND (%(login)s::text IS NULL OR account.login = %(login)s)
ORDER BY account.disabled_at IS NOT NULL, account.login;

-- name: set_password
UPDATE account SET password_hash = %(password_hash)s, password_set_at = now(), must_change = %(must_change)s WHERE id = %(account)s;

-- name: forget_password
UPDATE account SET password_hash = NULL, password_set_at = NULL, must_change = true, failed = 0, locked_until = NULL WHERE id = %(account)s;

-- name: disable
UPDATE account SET disabled_at = now() WHERE id = %(account)s AND disabled_at IS NULL;

-- name: enable
UPDATE account SET disabled_at = NULL, failed = 0, locked_until = NULL WHERE id = %(account)s AND disabled_at IS NOT NULL;

-- name: unlock
UPDATE account SET failed = 0, locked_until = NULL WHERE id = %(account)s;

-- name: name_subject
UPDATE account SET oidc_subject = %(subject)s WHERE id = %(account)s;

-- name: remove_second_factor
WITH codes AS (DELETE FROM recovery_code WHERE account_id = %(account)s)
UPDATE account SET totp_secret = NULL, totp_confirmed_at = NULL, totp_last_step = NULL
WHERE id = %(account)s AND totp_secret IS NOT NULL;

-- name: end_sessions
UPDATE session SET ended_at = now() WHERE account_id = %(account)s AND ended_at IS NULL;

-- name: revoke_tokens
UPDATE api_token SET revoked_at = now() WHERE account_id = %(account)s AND revoked_at IS NULL;

-- name: issue_token
INSERT INTO api_token (id, account_id, seat_id, title, secret_sha256, permissions, expires_at)
VALUES (%(id)s, %(account)s, %(seat)s, %(title)s, %(secret)s, %(permissions)s, %(expires_at)s);

-- name: void_links
UPDATE one_time_link SET expires_at = now()
WHERE purpose = %(purpose)s AND account_id IS NOT DISTINCT FROM %(account)s::integer AND used_at IS NULL AND expires_at > now();

-- name: new_link
INSERT INTO one_time_link (id, secret_sha256, purpose, account_id, expires_at)
VALUES (%(id)s, %(secret)s, %(purpose)s, %(account)s, %(expires_at)s);

-- name: use_link
UPDATE one_time_link SET used_at = now()
WHERE secret_sha256 = %(secret)s AND purpose = %(purpose)s AND used_at IS NULL AND expires_at > now()
RETURNING id, purpose, account_id, expires_at;
