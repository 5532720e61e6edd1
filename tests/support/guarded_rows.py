"""One row of each kind in two towns, nowhere and at each level of secrecy, and who should see which: written from `roles.yaml`, not from the policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
from frames import meta, published, red_lines

from api.access.permissions import granted
from layers import versions
from layers.acting import NOBODY, Acting

HERE, BESIDE = "421223100201", "421223101201"
TOWN, VILLAGE = HERE[:9], HERE
PLACES: Mapping[str, str | None] = {"here": HERE, "beside": BESIDE, "nowhere": None}
NUMBERS = {name: place + 1 for place, name in enumerate(PLACES)}
LEVELS = ("public", "internal", "secret")

CASES = """
INSERT INTO application (case_no, properties, geom, synthetic, village_code) VALUES (%(name)s, '{}', 'POINT(0 0)', true, %(code)s);
INSERT INTO applicant (case_no) VALUES (%(name)s);
INSERT INTO applicant_member (case_no, position) VALUES (%(name)s, 1);
INSERT INTO application_record (case_no, geom, known_from) VALUES (%(name)s, 'POINT(0 0)', now());
INSERT INTO stored_check (id, case_no, verdict, packed, dictionary, properties, geom, subject_sha256, valid_on, known_at, checked_at, pack_id, pack_version, pack_sha256,
    datasets, village_code, failed)
VALUES (%(id)s, %(name)s, 'refused', '', '', '{}', 'POINT(0 0)', '', '2026-01-01', now(), now(), 'p', '1', '', '[]', %(code)s, ARRAY['R']);
INSERT INTO issued_paper (sha256, check_id, base_sha256, issued_at) VALUES (%(key)s, %(id)s, '', now());
INSERT INTO check_run (id, kind, title, parameters, valid_on, known_at, pack_version, pack_sha256, versions, total, created_at, place_code)
VALUES (%(id)s, 'file', %(name)s, '{}', '2026-01-01', now(), '1', '', '{}', 1, now(), %(code)s);
INSERT INTO check_run_subject (run_id, position, kind, properties, geom) VALUES (%(id)s, 0, 'application', '{}', 'POINT(0 0)');
INSERT INTO check_run_result (run_id, position, kind, verdict, report, geom) VALUES (%(id)s, 0, 'application', 'refused', '', 'POINT(0 0)');
INSERT INTO check_override (id, check_id, act, rule_key, reason, officer, unit, evidence, made_at)
VALUES (%(id)s, %(id)s, 'mark', 'R', 'r', 'o', 'u', 'e', now());
"""
HOUSEHOLDS = """
INSERT INTO household (household_no, village_code, properties, synthetic) VALUES (%(name)s, %(code)s, '{}', true);
INSERT INTO household_person (household_no, part) VALUES (%(name)s, 'head');
"""
ONCE = """
INSERT INTO report_dictionary (sha256, basis, content) VALUES ('d', 'b', 'c');
INSERT INTO recheck (check_id, previous_id, grounds) VALUES ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002', '[]');
INSERT INTO classification_run (id, pack_id, pack_version, pack_sha256, parameters, datasets, valid_on, known_at)
VALUES ('00000000-0000-0000-0000-000000000001', 'p', '1', '', '{}', '[]', '2026-01-01', now());
INSERT INTO classification_result (run_id, village_code, village_type, report) VALUES ('00000000-0000-0000-0000-000000000001', '421223100201', 't', '{}');
INSERT INTO progress_value (village_code, indicator, period, source_name, synthetic, known_from) VALUES ('421223100201', 'R01', '2026-01-01', 's', true, now());
INSERT INTO place_code_change (code, kind, changed_on, last_listed, source_name, source_sha256)
VALUES ('421223101299', 'vanish', '2026-01-01', '2025-12-31', 's', repeat('0', 64));
INSERT INTO job (id, kind, account_id, seat_id) VALUES ('00000000-0000-0000-0000-000000000001', 'k', 9001, 9002);
INSERT INTO delivery (id, file_name, sha256, bytes, description) VALUES
    ('00000000-0000-0000-0000-000000000001', 'f', '', 1, '{"secrecy": "public"}'), ('00000000-0000-0000-0000-000000000002', 'f', '', 1, '{}'),
    ('00000000-0000-0000-0000-000000000003', 'f', '', 1, '{"secrecy": "secret"}');
INSERT INTO delivery_finding (delivery_id, number, code, level, message) SELECT id, 1, 'c', 'note', 'm' FROM delivery;
INSERT INTO session (id, account_id, secret_sha256, address, ends_at) SELECT gen_random_uuid(), id, 's', '', now() FROM account;
INSERT INTO one_time_link (id, secret_sha256, purpose, expires_at) VALUES (gen_random_uuid(), 'l', 'administrator', now());
INSERT INTO sign_in_try (address, login_sha256, succeeded) VALUES ('', '', false);
INSERT INTO recovery_code (account_id, code_sha256) SELECT id, 'c' FROM account;
INSERT INTO audit.archive (last_id, last_hash, first_id, file_name, file_sha256) VALUES (1, '', 1, 'f', '');
SELECT audit.append(ARRAY['{"at": "2026-01-01T00:00:00+08:00", "person": "", "action": "a", "object": "o", "result": "done"}']);
"""


def fill(conn: psycopg.Connection[Any]) -> None:
    """Write the rows as the owner, and commit."""
    conn.execute("ALTER TABLE check_override DISABLE TRIGGER check_override_hits_only")
    for name, code in PLACES.items():
        told = {"name": name, "code": code, "id": UUID(int=NUMBERS[name]), "key": name.encode()}
        for statement in (CASES + (HOUSEHOLDS if code else "")).split(";\n"):
            if statement.strip():
                conn.execute(statement, told)
    conn.execute("ALTER TABLE check_override ENABLE TRIGGER check_override_hits_only")
    for statement in ONCE.split(";\n"):
        if statement.strip():
            conn.execute(statement)
    for level in LEVELS:
        published_at(conn, level)
    versions.discard(conn, versions.stage(conn, red_lines(), meta(secrecy="internal"), epsg=4547))
    versions.stage(conn, red_lines(), meta(secrecy="internal"), epsg=4547)
    conn.commit()


def published_at(conn: psycopg.Connection[Any], level: str) -> int:
    """Publish a version of some level of secrecy, seen from afar as well."""
    if level != "secret":
        return published(conn, red_lines(), meta(secrecy=level))
    version = versions.stage(conn, red_lines(), meta(secrecy=level), epsg=4547, max_secrecy="secret")
    versions.publish(conn, version)
    return version


@dataclass(frozen=True)
class Seen:
    """Somebody to look as: their roles, their place and the highest level they see."""

    roles: tuple[str, ...]
    place: str | None
    secrecy: str | None

    @property
    def acting(self) -> Acting:
        """Them, at work."""
        if not self.roles:
            return NOBODY
        places = None if self.place is None else frozenset({self.place})
        return Acting(channel="http", person="某人", secrecy=self.secrecy, places=places, permissions=granted(self.roles))

    def may(self, *wanted: str) -> bool:
        """Whether their roles have one of some permissions."""
        return bool(granted(self.roles) & set(wanted))

    @property
    def levels(self) -> int:
        """How many levels of secrecy they see."""
        return 0 if not self.roles or self.secrecy is None else LEVELS.index(self.secrecy) + 1

    def cases(self, *wanted: str, homeless: bool = True) -> int:
        """How many of one row here, one beside and (if there is one) one nowhere they see with one of some permissions."""
        return 0 if not self.may(*wanted) else 1 if self.place is not None else 3 if homeless else 2

    def versions(self) -> int:
        """How many dataset versions: one of each level, and a staged internal one for whoever inspects."""
        return self.levels + (self.may("layers.inspect") and self.levels >= 2)


READS_CHECKS = ("checks.read", "checks.make")
HANDLES = ("applicants.read", "applicants.write", "applicants.reveal")
ACCOUNTS = ("accounts.manage",)

Expected = Callable[[Seen, int], int]


def all_with(*wanted: str) -> Expected:
    """Every row, with one of some permissions."""
    return lambda seen, there: there if seen.may(*wanted) else 0


def cases_with(*wanted: str, homeless: bool = True) -> Expected:
    """Rows of one's place, with one of some permissions."""
    return lambda seen, there: seen.cases(*wanted, homeless=homeless)


def both(wanted: tuple[str, ...], also: tuple[str, ...]) -> Expected:
    """Rows of one's place, with a permission of each kind."""
    return lambda seen, there: seen.cases(*wanted) if seen.may(*also) else 0


SEEN: Mapping[str, Expected] = {
    "dataset_version": lambda seen, there: seen.versions(),
    "feature": lambda seen, there: seen.versions(),
    "piece": lambda seen, there: seen.versions(),
    "overview": lambda seen, there: seen.versions(),
    "version_act": lambda seen, there: seen.levels + seen.may("layers.inspect"),
    "place_code_change": all_with("maps.view"),
    "classification_run": all_with("maps.view"),
    "classification_result": all_with("maps.view"),
    "progress_value": all_with("progress.view"),
    "stored_check": cases_with(*READS_CHECKS),
    "check_override": cases_with(*READS_CHECKS),
    "issued_paper": cases_with(*READS_CHECKS),
    "recheck": lambda seen, there: 1 if seen.may(*READS_CHECKS) else 0,
    "report_dictionary": all_with(*READS_CHECKS, "runs.read"),
    "check_run": cases_with("runs.read", "runs.make"),
    "check_run_subject": cases_with("runs.read", "runs.make"),
    "check_run_result": cases_with("runs.read", "runs.make"),
    "application": cases_with(*READS_CHECKS, "applicants.read", "applicants.write"),
    "application_record": cases_with(*READS_CHECKS),
    "applicant": both((*READS_CHECKS, "applicants.read", "applicants.write"), HANDLES),
    "applicant_member": both((*READS_CHECKS, "applicants.read", "applicants.write"), HANDLES),
    "household": cases_with("applicants.read", "applicants.write", homeless=False),
    "household_person": cases_with("applicants.read", "applicants.write", homeless=False),
    "job": all_with("operations.read"),
    "delivery": lambda seen, there: seen.levels if seen.may("layers.inspect", "layers.deliver", "layers.publish") else 0,
    "delivery_finding": lambda seen, there: seen.levels if seen.may("layers.inspect", "layers.deliver", "layers.publish") else 0,
    "seat": all_with(*ACCOUNTS),
    "seat_role": all_with(*ACCOUNTS),
    "person": all_with(*ACCOUNTS),
    "seat_holder": all_with(*ACCOUNTS),
    "account": all_with(*ACCOUNTS),
    "session": all_with(*ACCOUNTS),
    "api_token": all_with(*ACCOUNTS),
    "recovery_code": all_with(*ACCOUNTS),
    "one_time_link": all_with(*ACCOUNTS),
    "sign_in_try": all_with(*ACCOUNTS),
    "audit.entry": all_with("audit.read"),
    "audit.head": all_with("audit.read"),
    "audit.archive": all_with("audit.read"),
}
"""How many of so many rows somebody without an account of their own sees of each table."""
