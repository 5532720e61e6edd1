-- name: save
INSERT INTO applicant (case_no, name, sex, birth, phone, identity_number, registered_address, address, bounds, identity_index)
VALUES (%(case_no)s, %(name)s, %(sex)s, %(birth)s, %(phone)s, %(identity_number)s, %(registered_address)s, %(address)s, %(bounds)s, %(identity_index)s)
ON CONFLICT (case_no) DO UPDATE SET
    name = excluded.name, sex = excluded.sex, birth = excluded.birth, phone = excluded.phone, identity_number = excluded.identity_number,
    registered_address = excluded.registered_address, address = excluded.address, bounds = excluded.bounds,
    identity_index = excluded.identity_index, changed_at = now(), erased_at = NULL;

-- name: lock
SELECT FROM application WHERE case_no = %(case_no)s FOR UPDATE;

-- name: clear_members
DELETE FROM applicant_member WHERE case_no = ANY(%(case_nos)s);

-- name: add_member
INSERT INTO applicant_member (case_no, position, name, relation, birth, identity_number, registered_address, identity_index)
VALUES (%(case_no)s, %(position)s, %(name)s, %(relation)s, %(birth)s, %(identity_number)s, %(registered_address)s, %(identity_index)s);

-- name: of_cases
SELECT case_no, name, sex, birth, phone, identity_number, registered_address, address, bounds, recorded_at, changed_at, erased_at
FROM applicant WHERE case_no = ANY(%(case_nos)s) ORDER BY case_no;

-- name: members_of_cases
SELECT case_no, position, name, relation, birth, identity_number, registered_address
FROM applicant_member WHERE case_no = ANY(%(case_nos)s) ORDER BY case_no, position;

-- name: by_identity
SELECT case_no FROM applicant WHERE identity_index = ANY(%(indexes)s)
UNION
SELECT case_no FROM applicant_member WHERE identity_index = ANY(%(indexes)s)
ORDER BY 1;
