-- name: add
INSERT INTO version_act (version_id, layer_id, act, law_status, effective_from, officer, unit, reason, details, made_at)
VALUES (
    %(version)s, %(layer)s, %(act)s, %(law_status)s, %(effective_from)s, %(officer)s, %(unit)s, %(reason)s, %(details)s, %(made_at)s
);

-- name: listed
SELECT version_id AS version, layer_id AS layer, act, law_status, effective_from, officer, unit, reason, details, made_at
FROM version_act
WHERE (%(layer)s::text IS NULL OR layer_id = %(layer)s) AND (%(version)s::integer IS NULL OR version_id = %(version)s)
ORDER BY made_at DESC, id DESC;
