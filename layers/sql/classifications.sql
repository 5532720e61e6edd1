-- name: add_run
INSERT INTO classification_run (id, pack_id, pack_version, pack_sha256, parameters, datasets, valid_on, known_at, created_at)
VALUES (%(id)s, %(pack_id)s, %(pack_version)s, %(pack_sha256)s, %(parameters)s, %(datasets)s, %(valid_on)s, %(known_at)s, clock_timestamp());

-- name: copy_results
COPY classification_result (run_id, village_code, village_type, report) FROM STDIN

-- name: applicable
SELECT id FROM classification_run WHERE valid_on <= %(valid_on)s AND created_at <= %(known_at)s
ORDER BY valid_on DESC, created_at DESC, id LIMIT 1;

-- name: run
SELECT id, pack_id, pack_version, pack_sha256, parameters, datasets, valid_on, known_at, created_at
FROM classification_run WHERE id = %(id)s;

-- name: runs
SELECT id, pack_id, pack_version, pack_sha256, parameters, datasets, valid_on, known_at, created_at
FROM classification_run ORDER BY created_at DESC, id LIMIT %(limit)s;

-- name: types
SELECT village_code, village_type FROM classification_result WHERE run_id = %(id)s ORDER BY village_code;

-- name: reports
SELECT report FROM classification_result WHERE run_id = %(id)s ORDER BY village_code;

-- name: village_report
SELECT report FROM classification_result WHERE run_id = %(id)s AND village_code = %(village_code)s;
