-- name: open_account
INSERT INTO account (person_id, login, password_hash, password_set_at, must_change)
VALUES (
    %(person)s, %(login)s, %(password_hash)s, CASE WHEN %(password_hash)s::text IS NULL THEN NULL ELSE now() END, %(must_change)s
)
RETURNING id;

-- name: issue_token
INSERT INTO api_token (id, account_id, seat_id, title, secret_sha256, permissions, expires_at)
VALUES (%(id)s, %(account)s, %(seat)s, %(title)s, %(secret)s, %(permissions)s, %(expires_at)s);
