-- name: sealed_applicants
SELECT case_no, name, sex, birth, phone, identity_number, registered_address, address, bounds FROM applicant ORDER BY case_no FOR UPDATE;

-- name: reseal_applicant
UPDATE applicant SET
    name = %(name)s, sex = %(sex)s, birth = %(birth)s, phone = %(phone)s, identity_number = %(identity_number)s,
    registered_address = %(registered_address)s, address = %(address)s, bounds = %(bounds)s, identity_index = %(identity_index)s
WHERE case_no = %(case_no)s;

-- name: sealed_members
SELECT case_no, position, name, relation, birth, identity_number, registered_address FROM applicant_member ORDER BY case_no, position FOR UPDATE;

-- name: reseal_member
UPDATE applicant_member SET
    name = %(name)s, relation = %(relation)s, birth = %(birth)s, identity_number = %(identity_number)s,
    registered_address = %(registered_address)s, identity_index = %(identity_index)s
WHERE case_no = %(case_no)s AND position = %(position)s;

-- name: sealed_household_persons
SELECT household_no, part, name, phone, identity_number, address FROM household_person ORDER BY household_no, part FOR UPDATE;

-- name: reseal_household_person
UPDATE household_person SET
    name = %(name)s, phone = %(phone)s, identity_number = %(identity_number)s, address = %(address)s, identity_index = %(identity_index)s
WHERE household_no = %(household_no)s AND part = %(part)s;
