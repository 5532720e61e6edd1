"""Functions of the structure look names up among PostgreSQL's own first and among a session's temporary ones last.

Unless that is said, temporary types and tables come first of all: the service's role could put a type of its own in the place of `jsonb`,
and have its condition worked out as the owner by the functions of the audit.
"""

from __future__ import annotations

from alembic import op

revision = "0023"
down_revision = "0022"

FUNCTIONS = (
    "audit.append(text[])", "audit.append_last(text[])", "audit.enchain()", "audit.keep()", "refuse_change()", "keep_version()", "keep_figure()",
    "keep_run()", "keep_application_record()", "keep_holder()",
)  # fmt: skip

CHANGE = """
ALTER FUNCTION override_hits_only() SET search_path = pg_catalog, public, pg_temp;

-- A version is published by an act of its own.
ALTER POLICY app_insert ON dataset_version WITH CHECK (
    secrecy = ANY ((SELECT access.levels())::text[]) AND status = 'staged' AND (SELECT access.may('layers.deliver', 'layers.publish'))
);

-- People of households are erased where they ask for it.
GRANT DELETE ON household_person TO cuntu_app;
CREATE POLICY app_delete ON household_person FOR DELETE TO cuntu_app USING (
    (SELECT access.may('applicants.write')) AND EXISTS (SELECT FROM household AS h WHERE h.household_no = household_person.household_no)
);
"""


def upgrade() -> None:
    """Say so of each function that did not; a version comes in as staged; and erasing people of households is allowed."""
    for function in FUNCTIONS:
        op.execute(f"ALTER FUNCTION {function} SET search_path = pg_catalog, pg_temp")
    op.execute(CHANGE)
