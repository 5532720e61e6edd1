-- name: roster
SELECT DISTINCT ON (identifier)
    identifier, attributes ->> 'ZLDWMC', attributes ->> 'XZQDM', attributes ->> 'XZQMC'
FROM feature
WHERE version_id = %(version)s AND coalesce(attributes ->> 'status', 'normal') <> 'removed'
ORDER BY identifier;

-- name: figures
SELECT period, village_code, numerator, denominator, synthetic
FROM progress_value
WHERE indicator = %(indicator)s AND period = ANY(%(periods)s)
  AND known_from <= %(known_at)s AND (known_to IS NULL OR %(known_at)s < known_to)
ORDER BY period, village_code;

-- name: periods
SELECT indicator, array_agg(DISTINCT period ORDER BY period)
FROM progress_value
WHERE known_from <= %(known_at)s AND (known_to IS NULL OR %(known_at)s < known_to)
GROUP BY indicator
ORDER BY indicator;

-- name: lock
SELECT pg_advisory_xact_lock(7021960);

-- name: clock
SELECT clock_timestamp();

-- name: last_change
SELECT max(greatest(known_from, known_to)) FROM progress_value;

-- name: close_corrected
UPDATE progress_value AS old SET known_to = %(at)s
FROM unnest(
    %(village_code)s::text[], %(indicator)s::text[], %(period)s::date[], %(numerator)s::float8[], %(denominator)s::float8[]
) AS new (village_code, indicator, period, numerator, denominator)
WHERE old.known_to IS NULL
  AND (old.indicator, old.period, old.village_code) = (new.indicator, new.period, new.village_code)
  AND (old.numerator, old.denominator) IS DISTINCT FROM (new.numerator, new.denominator);

-- name: add
INSERT INTO progress_value (village_code, indicator, period, numerator, denominator, source_name, synthetic, known_from, account_id, seat_id)
SELECT new.village_code, new.indicator, new.period, new.numerator, new.denominator, %(source_name)s, %(synthetic)s, %(at)s,
    %(account_id)s::integer, %(seat_id)s::integer
FROM unnest(
    %(village_code)s::text[], %(indicator)s::text[], %(period)s::date[], %(numerator)s::float8[], %(denominator)s::float8[]
) AS new (village_code, indicator, period, numerator, denominator)
WHERE NOT EXISTS (
    SELECT FROM progress_value AS held
    WHERE held.known_to IS NULL
      AND (held.indicator, held.period, held.village_code) = (new.indicator, new.period, new.village_code)
);
