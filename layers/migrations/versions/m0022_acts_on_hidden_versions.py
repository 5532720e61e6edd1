"""Acts on a version too closed for whoever acts are hidden with it; those on versions that were discarded are not."""

from __future__ import annotations

from alembic import op

revision = "0022"
down_revision = "0021"

CHANGE = """
CREATE FUNCTION access.version_stands(version integer) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM public.dataset_version AS v WHERE v.id = version)
$$;
REVOKE EXECUTE ON FUNCTION access.version_stands(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access.version_stands(integer) TO cuntu_app;

ALTER POLICY app_select ON version_act USING (
    version_id IN (SELECT id FROM dataset_version)
    OR ((SELECT access.may('layers.inspect')) AND NOT access.version_stands(version_id))
);
"""


def upgrade() -> None:
    """Ask of an act whose version is not seen whether it is hidden or gone."""
    op.execute(CHANGE)
