-- name: save_run
INSERT INTO classification_run (id, pack_id, pack_version, pack_sha256, parameters, datasets, valid_on, known_at, account_id, seat_id)
VALUES (%(id)s, %(pack_id)s, %(pack_version)s, %(pack_sha256)s, %(parameters)s, %(datasets)s, %(valid_on)s, %(known_at)s, %(account_id)s, %(seat_id)s);

-- name: save_result
INSERT INTO classification_result (run_id, village_code, village_type, report)
VALUES (%(run_id)s, %(village_code)s, %(village_type)s, %(report)s);

-- name: run
SELECT id, pack_id, pack_version, pack_sha256, parameters, datasets, valid_on, known_at, created_at, account_id, seat_id
FROM classification_run WHERE id = %(id)s;

-- name: latest_run
SELECT id, pack_id, pack_version, pack_sha256, parameters, datasets, valid_on, known_at, created_at, account_id, seat_id
FROM classification_run ORDER BY created_at DESC, id LIMIT 1;

-- name: applicable
SELECT id FROM classification_run WHERE valid_on <= %(valid_on)s AND created_at <= %(known_at)s
ORDER BY valid_on DESC, created_at DESC, id LIMIT 1;

-- name: runs
SELECT id, pack_id, pack_version, pack_sha256, parameters, datasets, valid_on, known_at, created_at, account_id, seat_id
FROM classification_run ORDER BY created_at DESC, id LIMIT %(limit)s;

-- name: results
SELECT village_code, village_type, report FROM classification_result WHERE run_id = %(id)s ORDER BY village_code;

-- name: types
SELECT village_code, village_type FROM classification_result WHERE run_id = %(id)s AND (report::jsonb ->> 'decided')::boolean;

-- name: result
SELECT village_code, village_type, report FROM classification_result WHERE run_id = %(id)s AND village_code = %(village_code)s;
