-- name: closed_by
SELECT old.id
FROM dataset_version AS old
JOIN dataset_version AS w ON w.id = %(id)s AND old.layer_id = w.layer_id AND old.id <> w.id
LEFT JOIN version_act AS a ON a.version_id = w.id AND a.act = 'publish'
WHERE old.status = 'published' AND old.known_to = w.known_from
  AND (a.id IS NULL OR a.details -> 'closed' @> to_jsonb(old.id))
ORDER BY old.known_from, old.id;

-- name: later
SELECT n.id
FROM dataset_version AS n JOIN dataset_version AS w ON w.id = %(id)s AND n.layer_id = w.layer_id AND n.id <> w.id
WHERE n.status = 'published' AND n.known_from >= w.known_from AND (n.known_to IS NULL OR n.known_to = w.known_to)
  AND n.display_only = w.display_only
  AND (w.valid_to IS NULL OR n.valid_from < w.valid_to) AND (n.valid_to IS NULL OR w.valid_from < n.valid_to)
ORDER BY n.id;

-- name: copy_version
INSERT INTO dataset_version (
    layer_id, law_status, title, authority, valid_from, valid_to, source_name, source_sha256, survey_date, code_system,
    secrecy, synthetic, display_only, epsg, coverage, feature_count, checksum, disjoint, qa
)
SELECT
    layer_id, law_status, title, authority, valid_from, valid_to, source_name, source_sha256, survey_date, code_system,
    secrecy, synthetic, display_only, epsg, coverage, feature_count, checksum, disjoint, qa || jsonb_build_object('restores', id)
FROM dataset_version WHERE id = %(id)s
RETURNING id;

-- name: copy_declarations
INSERT INTO version_act (
    version_id, layer_id, act, law_status, effective_from, officer, unit, reason, details, made_at, account_id, seat_id
)
SELECT
    %(new)s, layer_id, act, law_status, effective_from, %(officer)s, %(unit)s, %(reason)s, jsonb_build_object('restores', version_id),
    clock_timestamp(), %(account_id)s, %(seat_id)s
FROM version_act WHERE version_id = %(old)s AND act = 'law_status'
ORDER BY made_at, id;
