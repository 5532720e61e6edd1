-- name: save
INSERT INTO household (household_no, village_code, properties, synthetic)
VALUES (%(household_no)s, %(village_code)s, %(properties)s, %(synthetic)s)
ON CONFLICT (household_no) DO UPDATE SET
    village_code = excluded.village_code, properties = excluded.properties, synthetic = excluded.synthetic;

-- name: of_village
SELECT household_no, village_code, properties, synthetic FROM household WHERE village_code = %(village_code)s ORDER BY household_no;

-- name: counts
SELECT village_code, count(*) FROM household GROUP BY village_code;
