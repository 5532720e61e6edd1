-- name: save
INSERT INTO household (household_no, village_code, properties, synthetic)
VALUES (%(household_no)s, %(village_code)s, %(properties)s, %(synthetic)s)
ON CONFLICT (household_no) DO UPDATE SET
    village_code = excluded.village_code, properties = excluded.properties, synthetic = excluded.synthetic;

-- name: of_village
SELECT household_no, village_code, properties, synthetic FROM household WHERE village_code = %(village_code)s ORDER BY household_no;

-- name: counts
SELECT village_code, count(*) FROM household GROUP BY village_code;

-- name: save_person
INSERT INTO household_person (household_no, part, name, phone, identity_number, address, identity_index)
VALUES (%(household_no)s, %(part)s, %(name)s, %(phone)s, %(identity_number)s, %(address)s, %(identity_index)s)
ON CONFLICT (household_no, part) DO UPDATE SET
    name = excluded.name, phone = excluded.phone, identity_number = excluded.identity_number, address = excluded.address,
    identity_index = excluded.identity_index;

-- name: persons
SELECT household_no, part, name, phone, identity_number, address FROM household_person
WHERE household_no = %(household_no)s ORDER BY part DESC;

-- name: by_identity
SELECT household_no, part FROM household_person WHERE identity_index = ANY(%(indexes)s) ORDER BY household_no, part;
