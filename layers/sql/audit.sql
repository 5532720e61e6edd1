-- name: append
SELECT {append}(%(payloads)s);

-- name: head
SELECT id, hash FROM audit.head;

-- name: database
SELECT c.system_identifier || '/' || d.oid FROM pg_control_system() AS c, pg_database AS d WHERE d.datname = current_database();

-- name: begin_reading
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: archived
SELECT last_id, last_hash FROM audit.archive ORDER BY last_id DESC LIMIT 1;

-- name: archives
SELECT last_id, 'audit/' || first_id || '-' || last_id, encode(last_hash, 'hex'), file_name, file_sha256 FROM audit.archive ORDER BY last_id;

-- name: acts_of_archiving
SELECT id, coalesce(object, ''), coalesce(payload, '') FROM audit.entry WHERE action = 'audit.archive' ORDER BY id;

-- name: hash_of
SELECT hash FROM audit.entry WHERE id = %(id)s;

-- name: rows
SELECT coalesce(id, 0) AS id, coalesce(payload, '') AS payload, coalesce(previous, '') AS previous, coalesce(hash, '') AS hash,
    coalesce(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), '') AS at, account_id, person, seat_id, action, object, result
FROM audit.entry
WHERE (%(first)s::bigint IS NULL OR id >= %(first)s) AND (%(last)s::bigint IS NULL OR id <= %(last)s)
ORDER BY id, ctid;

-- name: may_see_unchained
SELECT has_table_privilege('audit.pending', 'SELECT');

-- name: unchained
SELECT count(*) FROM audit.pending;

-- name: search
SELECT id, payload, previous, hash FROM audit.entry
WHERE (%(before)s::bigint IS NULL OR id < %(before)s)
    AND (%(since)s::timestamptz IS NULL OR at >= %(since)s) AND (%(until)s::timestamptz IS NULL OR at < %(until)s)
    AND (%(person)s::text IS NULL OR person = %(person)s) AND (%(seat_id)s::bigint IS NULL OR seat_id = %(seat_id)s)
    AND (%(action)s::text IS NULL OR action = %(action)s) AND (%(result)s::text IS NULL OR result = %(result)s)
    AND (%(object)s::text IS NULL OR object COLLATE "C" LIKE %(object)s) AND (%(text)s::text IS NULL OR payload ILIKE %(text)s)
ORDER BY id DESC LIMIT %(limit)s;

-- name: last_before
SELECT max(id) FROM audit.entry WHERE id < coalesce((SELECT min(id) FROM audit.entry WHERE at >= %(moment)s), (SELECT max(id) FROM audit.entry) + 1);

-- name: lock_archiving
SELECT pg_advisory_xact_lock(7021961);

-- name: add_archive
INSERT INTO audit.archive (last_id, last_hash, first_id, file_name, file_sha256)
VALUES (%(last_id)s, %(last_hash)s, %(first_id)s, %(file_name)s, %(file_sha256)s);

-- name: remove_archived
DELETE FROM audit.entry WHERE id <= %(last_id)s;
