-- name: add
INSERT INTO issued_paper (sha256, check_id, base_sha256, certificate, signature, issued_at, account_id, seat_id)
VALUES (%(sha256)s, %(check_id)s, %(base_sha256)s, %(certificate)s, %(signature)s, %(issued_at)s, %(account_id)s, %(seat_id)s)
ON CONFLICT (sha256) DO NOTHING;

-- name: lock_check
SELECT id, pg_advisory_xact_lock(hashtextextended(id::text, 7021962)) FROM stored_check WHERE id = %(check_id)s;

-- name: issued
SELECT sha256, check_id, base_sha256, certificate, signature, issued_at FROM issued_paper
WHERE check_id = %(check_id)s AND base_sha256 = %(base_sha256)s AND certificate IS NOT DISTINCT FROM %(certificate)s
ORDER BY issued_at, sha256 LIMIT 1;

-- name: get
SELECT sha256, check_id, base_sha256, certificate, signature, issued_at FROM issued_paper WHERE sha256 = %(sha256)s;
