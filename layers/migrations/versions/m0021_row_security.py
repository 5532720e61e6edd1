"""Row-level security: which rows whoever acts may see, add, change and remove. The owner is not bound.

What a connection has said of them is compared with each row; one that has said nothing sees nothing.
"""

from __future__ import annotations

from alembic import op

revision = "0021"
down_revision = "0020"


def may(*permissions: str) -> str:
    """Whoever acts has one of these permissions: asked once for a query, not for each row."""
    return "(SELECT access.may({}))".format(", ".join(f"'{name}'" for name in permissions))


HERE = "((SELECT access.everywhere()) OR {} ^@ ANY ((SELECT access.places())::text[]))"
"""A place of those that whoever acts looks after: a code begins with the town's, or is the village's. What has no place is the county's."""

LEVEL = "secrecy = ANY ((SELECT access.levels())::text[])"
STAGED_TOO = f"(status <> 'staged' OR {may('layers.inspect')})"
OF_VERSION = "version_id IN (SELECT id FROM dataset_version)"
VILLAGE = HERE.format("village_code")
OF_CHECK = "EXISTS (SELECT FROM stored_check AS c WHERE c.id = check_id)"
OF_RUN = "run_id IN (SELECT id FROM check_run)"
OF_CASE = "EXISTS (SELECT FROM application AS a WHERE a.case_no = {}.case_no)"
OF_HOUSEHOLD = "EXISTS (SELECT FROM household AS h WHERE h.household_no = household_person.household_no)"
OF_DELIVERY = "delivery_id IN (SELECT id FROM delivery)"
DELIVERY_LEVEL = "coalesce(description ->> 'secrecy', 'internal') = ANY ((SELECT access.levels())::text[])"
MINE = "account_id = (SELECT access.account())"
MY_JOB = f"({MINE} OR seat_id = (SELECT access.seat()))"
MY_PERSON = "(SELECT a.person_id FROM account AS a WHERE a.id = (SELECT access.account()))"
MY_SEAT = "id IN (SELECT h.seat_id FROM seat_holder AS h)"
PEOPLE = may("accounts.manage")
OWN = f"({PEOPLE} OR {MINE})"

Policies = dict[str, str]

POLICIES: dict[str, Policies] = {
    "dataset_version": {
        "SELECT": f"{LEVEL} AND {STAGED_TOO}",
        "INSERT": f"{LEVEL} AND {may('layers.deliver', 'layers.publish')}",
        "UPDATE": f"{LEVEL} AND {may('layers.publish')}",
        "DELETE": f"{LEVEL} AND status = 'staged' AND {may('layers.deliver', 'layers.publish')}",
    },
    "feature": {"SELECT": OF_VERSION},
    "piece": {"SELECT": OF_VERSION},
    "overview": {"SELECT": OF_VERSION},
    "version_act": {"SELECT": f"{may('layers.inspect')} OR {OF_VERSION}", "INSERT": may("layers.deliver", "layers.publish")},
    "place_code_change": {"SELECT": may("maps.view"), "INSERT": may("layers.publish")},
    "classification_run": {"SELECT": may("maps.view"), "INSERT": may("villages.classify")},
    "classification_result": {"SELECT": may("maps.view"), "INSERT": may("villages.classify")},
    "stored_check": {
        "SELECT": f"{may('checks.read', 'checks.make')} AND {VILLAGE}",
        "INSERT": f"{may('checks.make', 'checks.override', 'runs.make')} AND {VILLAGE}",
    },
    "report_dictionary": {
        "SELECT": may("checks.read", "checks.make", "runs.read"),
        "INSERT": may("checks.make", "checks.override", "runs.make"),
    },
    "check_override": {"SELECT": OF_CHECK, "INSERT": f"{may('checks.override')} AND {OF_CHECK}"},
    "recheck": {"SELECT": OF_CHECK, "INSERT": f"{may('checks.override')} AND {OF_CHECK}"},
    "issued_paper": {"SELECT": OF_CHECK, "INSERT": f"{may('checks.read', 'checks.make')} AND {OF_CHECK}"},
    "check_run": {
        "SELECT": f"{may('runs.read', 'runs.make')} AND {HERE.format('place_code')}",
        "INSERT": f"{may('runs.make')} AND {HERE.format('place_code')}",
        "UPDATE": f"{may('runs.make')} AND {HERE.format('place_code')}",
    },
    "check_run_subject": {"SELECT": OF_RUN, "INSERT": f"{may('runs.make')} AND {OF_RUN}"},
    "check_run_result": {"SELECT": OF_RUN, "INSERT": f"{may('runs.make')} AND {OF_RUN}"},
    "application": {
        "SELECT": f"{may('checks.read', 'checks.make', 'applicants.read', 'applicants.write')} AND {VILLAGE}",
        "INSERT": f"{may('checks.make', 'applicants.write')} AND {VILLAGE}",
        "UPDATE": f"{may('checks.make', 'applicants.write')} AND {VILLAGE}",
    },
    "application_record": {
        "SELECT": f"{may('checks.read', 'checks.make')} AND {OF_CASE.format('application_record')}",
        "INSERT": f"{may('checks.make', 'applicants.write')} AND {OF_CASE.format('application_record')}",
        "UPDATE": f"{may('checks.make', 'applicants.write')} AND {OF_CASE.format('application_record')}",
    },
    "applicant": {
        "SELECT": f"{may('applicants.read', 'applicants.write', 'applicants.reveal')} AND {OF_CASE.format('applicant')}",
        "INSERT": f"{may('applicants.write')} AND {OF_CASE.format('applicant')}",
        "UPDATE": f"{may('applicants.write')} AND {OF_CASE.format('applicant')}",
    },
    "applicant_member": {
        "SELECT": f"{may('applicants.read', 'applicants.write', 'applicants.reveal')} AND {OF_CASE.format('applicant_member')}",
        "INSERT": f"{may('applicants.write')} AND {OF_CASE.format('applicant_member')}",
        "UPDATE": f"{may('applicants.write')} AND {OF_CASE.format('applicant_member')}",
        "DELETE": f"{may('applicants.write')} AND {OF_CASE.format('applicant_member')}",
    },
    "household": {
        "SELECT": f"{may('applicants.read', 'applicants.write')} AND {VILLAGE}",
        "INSERT": f"{may('applicants.write')} AND {VILLAGE}",
        "UPDATE": f"{may('applicants.write')} AND {VILLAGE}",
    },
    "household_person": {
        "SELECT": f"{may('applicants.read', 'applicants.write', 'applicants.reveal')} AND {OF_HOUSEHOLD}",
        "INSERT": f"{may('applicants.write')} AND {OF_HOUSEHOLD}",
        "UPDATE": f"{may('applicants.write')} AND {OF_HOUSEHOLD}",
    },
    "progress_value": {"SELECT": may("progress.view"), "INSERT": may("layers.publish"), "UPDATE": may("layers.publish")},
    "job": {
        "SELECT": f"{may('operations.read')} OR {MY_JOB}",
        "INSERT": f"{may('*')} OR {MINE}",
        "UPDATE": may("*"),
    },
    "delivery": {
        "SELECT": f"{may('layers.inspect', 'layers.deliver', 'layers.publish')} AND {DELIVERY_LEVEL}",
        "INSERT": f"{may('layers.deliver')} AND {DELIVERY_LEVEL}",
        "UPDATE": f"{may('layers.deliver', 'layers.publish')} AND {DELIVERY_LEVEL}",
    },
    "delivery_finding": {
        "SELECT": OF_DELIVERY,
        "INSERT": f"{may('layers.deliver')} AND {OF_DELIVERY}",
        "DELETE": f"{may('layers.deliver')} AND {OF_DELIVERY}",
    },
    "seat": {
        "SELECT": f"{PEOPLE} OR id = (SELECT access.seat()) OR {MY_SEAT}",
        "INSERT": PEOPLE,
        "UPDATE": PEOPLE,
    },
    "seat_role": {"SELECT": "seat_id IN (SELECT s.id FROM seat AS s)", "INSERT": PEOPLE, "DELETE": PEOPLE},
    "person": {"SELECT": f"{PEOPLE} OR id = {MY_PERSON}", "INSERT": PEOPLE},
    "seat_holder": {"SELECT": f"{PEOPLE} OR person_id = {MY_PERSON}", "INSERT": PEOPLE, "UPDATE": PEOPLE},
    "account": {
        "SELECT": f"{PEOPLE} OR id = (SELECT access.account())",
        "INSERT": PEOPLE,
        "UPDATE": f"{PEOPLE} OR id = (SELECT access.account())",
    },
    "session": {"SELECT": OWN, "INSERT": OWN, "UPDATE": OWN, "DELETE": may("*")},
    "api_token": {"SELECT": OWN, "INSERT": OWN, "UPDATE": OWN},
    "one_time_link": {"SELECT": PEOPLE, "INSERT": PEOPLE, "UPDATE": PEOPLE},
    "sign_in_try": {"SELECT": PEOPLE, "INSERT": may("*"), "UPDATE": may("*"), "DELETE": may("*")},
    "recovery_code": {"SELECT": OWN, "INSERT": OWN, "UPDATE": OWN, "DELETE": OWN},
    "audit.entry": {"SELECT": may("audit.read")},
    "audit.head": {"SELECT": may("audit.read")},
    "audit.archive": {"SELECT": may("audit.read")},
    "audit.pending": {},
}
"""When a row may be seen, and when one may be added, changed or removed. Written from the permissions in `api/access/roles.yaml`."""

OF_TILES: dict[str, str] = {"dataset_version": f"{LEVEL} AND status <> 'staged'", "feature": OF_VERSION, "overview": OF_VERSION}

OF_ANALYSTS: dict[str, str] = {
    "dataset_version": "secrecy IN ('public', 'internal') AND status <> 'staged'", "feature": OF_VERSION, "piece": OF_VERSION,
    "overview": OF_VERSION, "classification_run": "true", "classification_result": "true", "progress_value": "true", "place_code_change": "true",
}  # fmt: skip
"""Analysts ask the database themselves, so nothing they could say of themselves counts."""


def upgrade() -> None:
    """Put every table under its policies."""
    for table, policies in POLICIES.items():
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        for command, condition in policies.items():
            made = f"CREATE POLICY app_{command.lower()} ON {table} FOR {command} TO cuntu_app"
            op.execute(f"{made} WITH CHECK ({condition})" if command == "INSERT" else f"{made} USING ({condition})")
    for table, condition in OF_TILES.items():
        op.execute(f"CREATE POLICY tiles_select ON {table} FOR SELECT TO cuntu_tiles USING ({condition})")
    for table, condition in OF_ANALYSTS.items():
        op.execute(f"CREATE POLICY analyst_select ON {table} FOR SELECT TO cuntu_analyst USING ({condition})")
