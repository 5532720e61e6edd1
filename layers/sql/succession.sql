-- name: changes
SELECT code, kind, name_before, name_after, last_listed, changed_on, successors, source_name, recorded_at
FROM place_code_change
WHERE recorded_at <= %(known_at)s
ORDER BY recorded_at, id;

-- name: lock
SELECT pg_advisory_xact_lock(7021961);

-- name: add
INSERT INTO place_code_change (code, kind, name_before, name_after, last_listed, changed_on, successors, source_name, source_sha256)
SELECT n.code, n.kind, n.name_before, n.name_after, n.last_listed, n.changed_on, coalesce(string_to_array(nullif(n.successors, ''), ';'), '{}'),
    %(source_name)s, %(source_sha256)s
FROM unnest(
    %(code)s::text[], %(kind)s::text[], %(name_before)s::text[], %(name_after)s::text[], %(last_listed)s::date[], %(changed_on)s::date[],
    %(successors)s::text[]
) AS n (code, kind, name_before, name_after, last_listed, changed_on, successors)
WHERE NOT EXISTS (
    SELECT FROM place_code_change AS held
    WHERE (held.code, held.kind, held.changed_on) = (n.code, n.kind, n.changed_on)
      AND held.name_before IS NOT DISTINCT FROM n.name_before AND held.name_after IS NOT DISTINCT FROM n.name_after
      AND held.successors = coalesce(string_to_array(nullif(n.successors, ''), ';'), '{}')
);
