-- name: add
INSERT INTO dataset_version (
    id, layer_id, law_status, title, authority, valid_from, valid_to, source_name, source_sha256, survey_date, code_system,
    secrecy, synthetic, display_only, epsg, coverage, feature_count, checksum, disjoint, qa
) OVERRIDING SYSTEM VALUE VALUES (
    %(id)s, %(layer)s, %(law_status)s, %(title)s, %(authority)s, %(valid_from)s, %(valid_to)s, %(source_name)s, %(source_sha256)s,
    %(survey_date)s, %(code_system)s, %(secrecy)s, %(synthetic)s, %(display_only)s, %(epsg)s, ST_GeomFromWKB(%(coverage)s, %(epsg)s),
    %(feature_count)s, %(checksum)s, %(disjoint)s, %(qa)s
);

-- name: lock_layer
SELECT pg_try_advisory_xact_lock(7021959, hashtext(%(layer)s));

-- name: standing
SELECT layer_id AS layer, status, law_status, valid_from, valid_to, secrecy, display_only, title, source_name, source_sha256
FROM dataset_version WHERE id = %(id)s;

-- name: last_change
SELECT max(greatest(known_from, known_to)) FROM dataset_version WHERE layer_id = %(layer)s;

-- name: clock
SELECT clock_timestamp(), (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date;

-- name: close_replaced
UPDATE dataset_version AS old SET known_to = %(at)s
FROM dataset_version AS new
WHERE new.id = %(id)s AND old.layer_id = new.layer_id AND old.id <> new.id AND old.display_only = new.display_only
  AND old.status = 'published' AND old.known_to IS NULL
  AND old.valid_from >= new.valid_from
  AND (new.valid_to IS NULL OR old.valid_to <= new.valid_to)
  AND new.law_status = coalesce((
    SELECT a.law_status FROM version_act AS a WHERE a.version_id = old.id AND a.act = 'law_status'
    ORDER BY a.made_at DESC, a.id DESC LIMIT 1
  ), old.law_status)
RETURNING old.id;

-- name: open
UPDATE dataset_version SET status = 'published', known_from = %(at)s WHERE id = %(id)s;

-- name: withdraw
UPDATE dataset_version SET status = 'withdrawn', known_to = coalesce(known_to, %(at)s) WHERE id = %(id)s;

-- name: in_force
SELECT DISTINCT ON (v.display_only, v.layer_id)
    v.display_only, v.layer_id AS layer, v.id AS version, v.title, v.authority, v.valid_from, v.valid_to, v.known_from, v.known_to, v.source_name,
    v.source_sha256, v.survey_date, v.code_system, coalesce(l.law_status, v.law_status) AS law_status, v.secrecy, v.synthetic,
    v.feature_count
FROM dataset_version AS v
LEFT JOIN LATERAL (
    SELECT a.law_status, a.made_at FROM version_act AS a
    WHERE a.version_id = v.id AND a.act = 'law_status' AND a.made_at <= %(known_at)s AND a.effective_from <= %(valid_on)s
    ORDER BY a.effective_from DESC, a.made_at DESC, a.id DESC LIMIT 1
) AS l ON true
WHERE v.status <> 'staged'
  AND v.known_from <= %(known_at)s AND (v.known_to IS NULL OR %(known_at)s < v.known_to)
  AND v.valid_from <= %(valid_on)s AND (v.valid_to IS NULL OR %(valid_on)s < v.valid_to)
  AND coalesce(l.law_status, v.law_status) = %(law_status)s
  AND v.display_only = ANY (%(display_only)s)
ORDER BY v.display_only, v.layer_id, greatest(v.known_from, l.made_at) DESC, v.id DESC;

-- name: history
SELECT
    layer_id AS layer, id AS version, title, authority, valid_from, valid_to, known_from, known_to, source_name, source_sha256,
    survey_date, code_system, law_status, secrecy, synthetic, feature_count, status, checksum, disjoint, epsg, qa, created_at, display_only
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
