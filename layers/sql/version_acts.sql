-- name: add
INSERT INTO version_act (
    version_id, layer_id, act, law_status, effective_from, officer, unit, reason, details, made_at, account_id, seat_id
)
VALUES (
    %(version)s, %(layer)s, %(act)s, %(law_status)s, %(effective_from)s, %(officer)s, %(unit)s, %(reason)s, %(details)s, %(made_at)s,
    %(account_id)s, %(seat_id)s
);

-- name: listed
SELECT version_id AS version, layer_id AS layer, act, law_status, effective_from, officer, unit, reason, details, made_at, account_id, seat_id
FROM version_act
WHERE (%(layer)s::text IS NULL OR layer_id = %(layer)s) AND (%(version)s::integer IS NULL OR version_id = %(version)s)
ORDER BY made_at DESC, id DESC;
