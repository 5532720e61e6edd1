-- name: clear
DELETE FROM delivery_finding WHERE delivery_id = %(id)s;

-- name: copy
COPY delivery_finding (delivery_id, number, code, level, message, row_number, identifier, other, measured, unit, repair, geom) FROM STDIN;

-- name: list
SELECT number, code, level, message, row_number AS row, identifier, other, measured, unit, repair, ST_AsBinary(geom) AS geometry
FROM delivery_finding
WHERE delivery_id = %(id)s AND number > %(after)s
    AND (%(code)s::text IS NULL OR code = %(code)s) AND (%(level)s::text IS NULL OR level = %(level)s)
ORDER BY number LIMIT %(limit)s;
