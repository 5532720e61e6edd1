-- name: add
INSERT INTO dataset_version (
    layer_id, law_status, title, authority, valid_from, valid_to, source_name, source_sha256, survey_date, code_system,
    secrecy, synthetic, epsg, coverage, feature_count, checksum, disjoint, qa
) VALUES (
    %(layer)s, %(law_status)s, %(title)s, %(authority)s, %(valid_from)s, %(valid_to)s, %(source_name)s, %(source_sha256)s,
    %(survey_date)s, %(code_system)s, %(secrecy)s, %(synthetic)s, %(epsg)s, ST_GeomFromWKB(%(coverage)s, %(epsg)s),
    %(feature_count)s, %(checksum)s, %(disjoint)s, %(qa)s
) RETURNING id;

-- name: lock_layer
SELECT pg_try_advisory_xact_lock(7021959, hashtext(%(layer)s));

-- name: layer_and_status
SELECT layer_id, status FROM dataset_version WHERE id = %(id)s;

-- name: last_change
SELECT max(greatest(known_from, known_to)) FROM dataset_version WHERE layer_id = %(layer)s;

-- name: clock
SELECT clock_timestamp();

-- name: close_replaced
UPDATE dataset_version AS old SET known_to = %(at)s
FROM dataset_version AS new
WHERE new.id = %(id)s AND old.layer_id = new.layer_id AND old.id <> new.id
  AND old.status = 'published' AND old.known_to IS NULL
  AND old.valid_from >= new.valid_from
  AND (new.valid_to IS NULL OR old.valid_to <= new.valid_to);

-- name: open
UPDATE dataset_version SET status = 'published', known_from = %(at)s WHERE id = %(id)s;

-- name: withdraw
UPDATE dataset_version SET status = 'withdrawn', known_to = coalesce(known_to, %(at)s) WHERE id = %(id)s;

-- name: in_force
SELECT DISTINCT ON (layer_id)
    layer_id AS layer, id AS version, title, authority, valid_from, valid_to, known_from, known_to, source_name, source_sha256,
    survey_date, code_system, law_status, secrecy, synthetic, feature_count
FROM dataset_version
WHERE status <> 'staged'
  AND known_from <= %(known_at)s AND (known_to IS NULL OR %(known_at)s < known_to)
  AND valid_from <= %(valid_on)s AND (valid_to IS NULL OR %(valid_on)s < valid_to)
ORDER BY layer_id, known_from DESC, id DESC;

-- name: history
SELECT
    layer_id AS layer, id AS version, title, authority, valid_from, valid_to, known_from, known_to, source_name, source_sha256,
    survey_date, code_system, law_status, secrecy, synthetic, feature_count, status, checksum, disjoint, epsg, qa, created_at
FROM dataset_version
WHERE layer_id = %(layer)s OR id = %(id)s
ORDER BY id DESC;

-- name: leftovers
SELECT id FROM dataset_version
WHERE status = 'staged' AND created_at < now() - %(older_than)s
ORDER BY id
FOR UPDATE SKIP LOCKED;

-- name: delete_staged
DELETE FROM dataset_version WHERE id = %(id)s AND status = 'staged';
