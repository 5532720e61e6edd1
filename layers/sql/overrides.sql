-- name: lock_check
SELECT id, pg_advisory_xact_lock(hashtextextended(id::text, 7021962)) FROM stored_check WHERE id = %(check_id)s;

-- name: add
INSERT INTO check_override (
    id, check_id, act, rule_key, feature_id, withdraws, reason, officer, unit, evidence, evidence_sha256, hit_features, made_at,
    account_id, seat_id
) VALUES (
    %(id)s, %(check_id)s, %(act)s, %(rule_key)s, %(feature_id)s, %(withdraws)s, %(reason)s, %(officer)s, %(unit)s, %(evidence)s,
    %(evidence_sha256)s, %(hit_features)s, clock_timestamp(), %(account_id)s, %(seat_id)s
) RETURNING made_at;

-- name: of_check
SELECT id, check_id, act, rule_key, feature_id, withdraws, reason, officer, unit, evidence, evidence_sha256, hit_features, made_at,
    account_id, seat_id
FROM check_override WHERE check_id = %(check_id)s ORDER BY made_at, id;
