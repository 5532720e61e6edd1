-- name: receive
CREATE TEMPORARY TABLE reported (
    village_code text, indicator text, period date, numerator double precision, denominator double precision
) ON COMMIT DROP;

-- name: copy
COPY reported (village_code, indicator, period, numerator, denominator) FROM STDIN;

-- name: close_replaced
UPDATE progress_value AS old SET known_to = %(at)s
FROM reported AS new
WHERE old.known_to IS NULL
  AND (old.indicator, old.period, old.village_code) = (new.indicator, new.period, new.village_code);

-- name: add
INSERT INTO progress_value (village_code, indicator, period, numerator, denominator, source_name, synthetic, known_from)
SELECT village_code, indicator, period, numerator, denominator, %(source_name)s, %(synthetic)s, %(at)s
FROM reported;

-- name: forget_received
DROP TABLE reported;

-- name: known
SELECT village_code, indicator, period, numerator, denominator, source_name, synthetic, known_from
FROM progress_value
WHERE known_from <= %(known_at)s AND (known_to IS NULL OR %(known_at)s < known_to)
  AND (%(indicators)s::text[] IS NULL OR indicator = ANY(%(indicators)s))
  AND (%(first)s::date IS NULL OR period >= %(first)s) AND (%(last)s::date IS NULL OR period <= %(last)s)
ORDER BY indicator, period, village_code;
