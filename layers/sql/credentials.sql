-- name: of_login
SELECT account.id, account.login, account.person_id, person.name AS person, account.password_hash, account.disabled_at IS NOT NULL AS disabled,
    account.totp_secret, account.totp_confirmed_at, account.totp_last_step, account.password_set_at
FROM account JOIN person ON person.id = account.person_id WHERE account.login = %(login)s;

-- name: of_account
SELECT account.id, account.login, account.person_id, person.name AS person, account.password_hash, account.disabled_at IS NOT NULL AS disabled,
    account.totp_secret, account.totp_confirmed_at, account.totp_last_step, account.password_set_at
FROM account JOIN person ON person.id = account.person_id WHERE account.id = %(account)s;

-- name: of_subject
SELECT account.id, account.login, account.person_id, person.name AS person, account.password_hash, account.disabled_at IS NOT NULL AS disabled,
    account.totp_secret, account.totp_confirmed_at, account.totp_last_step, account.password_set_at
FROM account JOIN person ON person.id = account.person_id WHERE account.oidc_subject = %(subject)s;

-- name: keep_hash
UPDATE account SET password_hash = %(hash)s WHERE id = %(account)s AND password_hash = %(before)s;

-- name: draft_totp
UPDATE account SET totp_secret = %(secret)s, totp_confirmed_at = NULL, totp_last_step = NULL WHERE id = %(account)s AND totp_confirmed_at IS NULL;

-- name: confirm_totp
UPDATE account SET totp_confirmed_at = now(), totp_last_step = %(step)s
WHERE id = %(account)s AND totp_secret IS NOT NULL AND totp_confirmed_at IS NULL RETURNING id;

-- name: sealed_secrets
SELECT id, totp_secret FROM account WHERE totp_secret IS NOT NULL ORDER BY id FOR UPDATE;

-- name: reseal_totp
UPDATE account SET totp_secret = %(secret)s WHERE id = %(account)s;

-- name: use_step
UPDATE account SET totp_last_step = %(step)s
WHERE id = %(account)s AND totp_confirmed_at IS NOT NULL AND (totp_last_step IS NULL OR totp_last_step < %(step)s) RETURNING id;

-- name: drop_totp
UPDATE account SET totp_secret = NULL, totp_confirmed_at = NULL, totp_last_step = NULL WHERE id = %(account)s;

-- name: drop_recovery_codes
DELETE FROM recovery_code WHERE account_id = %(account)s;

-- name: keep_recovery_codes
INSERT INTO recovery_code (account_id, code_sha256) SELECT %(account)s, unnest(%(codes)s::bytea[]);

-- name: has_recovery_code
SELECT EXISTS (SELECT FROM recovery_code WHERE account_id = %(account)s AND code_sha256 = %(code)s AND used_at IS NULL);

-- name: use_recovery_code
UPDATE recovery_code SET used_at = now() WHERE account_id = %(account)s AND code_sha256 = %(code)s AND used_at IS NULL RETURNING account_id;

-- name: recovery_codes_left
SELECT count(*) FROM recovery_code WHERE account_id = %(account)s AND used_at IS NULL;

-- name: linked
SELECT account_id FROM one_time_link
WHERE secret_sha256 = %(secret)s AND purpose = 'password' AND used_at IS NULL AND expires_at > now();
