-- name: closed
SELECT p.case_no, max(e.known_to) AS closed_at, p.phone IS NOT NULL AS has_phone,
    p.name IS NOT NULL OR p.identity_number IS NOT NULL OR EXISTS (SELECT FROM applicant_member AS m WHERE m.case_no = p.case_no) AS has_rest
FROM applicant AS p JOIN application_record AS e ON e.case_no = p.case_no
GROUP BY p.case_no
HAVING bool_and(e.known_to IS NOT NULL)
ORDER BY p.case_no;

-- name: is_recorded
SELECT 1 FROM applicant WHERE case_no = %(case_no)s;

-- name: is_open
SELECT EXISTS (SELECT FROM application_record WHERE case_no = %(case_no)s AND known_to IS NULL);

-- name: erase_phone
UPDATE applicant SET phone = NULL, changed_at = now() WHERE case_no = %(case_no)s AND phone IS NOT NULL;

-- name: erase_applicant
UPDATE applicant SET
    name = NULL, sex = NULL, birth = NULL, phone = NULL, identity_number = NULL, registered_address = NULL, address = NULL, bounds = NULL,
    identity_index = NULL, changed_at = now(), erased_at = now()
WHERE case_no = %(case_no)s;

-- name: erase_members
DELETE FROM applicant_member WHERE case_no = %(case_no)s;

-- name: erase_member
DELETE FROM applicant_member WHERE case_no = %(case_no)s AND position = %(position)s;

-- name: erase_household_person
DELETE FROM household_person WHERE household_no = %(household_no)s AND part = %(part)s;

-- name: found_applicant
SELECT case_no FROM applicant WHERE identity_index = ANY(%(indexes)s) ORDER BY case_no;

-- name: found_member
SELECT case_no, position FROM applicant_member WHERE identity_index = ANY(%(indexes)s) ORDER BY case_no, position;

-- name: may_vacuum
SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'applicant'::regclass;

-- name: vacuum_applicant
VACUUM applicant;

-- name: vacuum_member
VACUUM applicant_member;

-- name: vacuum_household_person
VACUUM household_person;

-- name: looks
SELECT payload FROM audit.entry
WHERE object COLLATE "C" = %(object)s AND action = ANY(%(actions)s)
ORDER BY id;
