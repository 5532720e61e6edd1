-- name: clear
DELETE FROM delivery_finding WHERE delivery_id = %(id)s;

-- name: add
INSERT INTO delivery_finding (delivery_id, number, code, level, message, row_number, identifier, other, measured, unit, repair, geom)
SELECT %(id)s, number, code, level, message, row_number, identifier, other, measured, unit, repair, geom::geometry
FROM unnest(
    %(number)s::integer[], %(code)s::text[], %(level)s::text[], %(message)s::text[], %(row_number)s::integer[], %(identifier)s::text[],
    %(other)s::text[], %(measured)s::float8[], %(unit)s::text[], %(repair)s::text[], %(geom)b::bytea[]
) AS new (number, code, level, message, row_number, identifier, other, measured, unit, repair, geom);

-- name: list
SELECT number, code, level, message, row_number AS row, identifier, other, measured, unit, repair, ST_AsBinary(geom) AS geometry
FROM delivery_finding
WHERE delivery_id = %(id)s AND number > %(after)s
    AND (%(code)s::text IS NULL OR code = %(code)s) AND (%(level)s::text IS NULL OR level = %(level)s)
ORDER BY number LIMIT %(limit)s;
