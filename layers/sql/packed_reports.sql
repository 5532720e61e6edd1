-- name: dictionary_of_basis
SELECT sha256 FROM report_dictionary WHERE basis = %(basis)s ORDER BY created_at, sha256 LIMIT 1;

-- name: content
SELECT content FROM report_dictionary WHERE sha256 = %(sha256)s;

-- name: add_dictionary
INSERT INTO report_dictionary (sha256, basis, content) VALUES (%(sha256)s, %(basis)s, %(content)s) ON CONFLICT DO NOTHING;
