"""Shapes for tiles seen from afar; the copy of every feature in Web Mercator goes, as tiles are cut from the county's own coordinates."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"

OVERVIEW = """
ALTER TABLE feature DROP COLUMN geom_3857;

CREATE TABLE overview (
    version_id integer NOT NULL,
    fid integer NOT NULL,
    attributes jsonb NOT NULL,
    geom geometry NOT NULL,
    PRIMARY KEY (version_id, fid)
) PARTITION BY LIST (version_id);
CREATE INDEX overview_geom ON overview USING gist (geom);
"""

# Layers that are drawn only where a tile shows whole features have no such shapes.
EARLIER_VERSIONS = """
DO $$
DECLARE earlier integer;
BEGIN
    FOR earlier IN SELECT id FROM dataset_version WHERE layer_id NOT IN (
        'building', 'parcel', 'cable', 'old_tree', 'land_use', 'planned_use', 'slope'
    ) ORDER BY id LOOP
        EXECUTE format('CREATE TABLE overview_%1$s (LIKE overview)', earlier);
        EXECUTE format(
            'INSERT INTO overview_%1$s SELECT version_id, fid, attributes, shape FROM ('
            '  SELECT version_id, fid, attributes, ST_Transform(ST_Simplify(geom, 16.55, ST_Dimension(geom) < 2), 3857) AS shape FROM feature'
            '  WHERE version_id = %1$s AND (area_m2 = 0 OR area_m2 >= 4381)) AS thinned WHERE NOT ST_IsEmpty(shape) ORDER BY fid', earlier);
        EXECUTE format('ALTER TABLE overview ATTACH PARTITION overview_%1$s FOR VALUES IN (%1$s)', earlier);
        EXECUTE format('CREATE TRIGGER not_truncated BEFORE TRUNCATE ON overview_%1$s '
            'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', earlier);
    END LOOP;
END $$;
"""

IMMUTABLE = """
CREATE TRIGGER overview_immutable BEFORE INSERT OR UPDATE OR DELETE ON overview FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER overview_not_truncated BEFORE TRUNCATE ON overview FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    """Make the table and the shapes of the versions that are there."""
    op.execute(OVERVIEW)
    op.execute(EARLIER_VERSIONS)
    op.execute(IMMUTABLE)
