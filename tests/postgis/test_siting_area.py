"""Buildable land of villages of the demo county against a statement of PostGIS's own, written from the law and not from the pack."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import uuid4

import numpy as np
import pytest
import shapely
from frames import EPSG, meta, published
from planning import COUNTY, PROPERTIES

from layers import database, snapshot, versions
from layers.databases import create_database, drop_database
from layers.demo import build
from spatial.application_form import PROPERTIES as FORM
from spatial.application_form import read_value
from spatial.permit import VillageTypes
from spatial.proposals_trial import Setting
from spatial.rules.pack import load_pack
from spatial.siting_land import land
from spatial.siting_pack import load_siting

ON, AT = date(2026, 11, 1), datetime(2099, 1, 1, tzinfo=UTC)
VILLAGES = 8
BUFFER = "quad_segs=64"
"""PostGIS's circles lie inside the true ones, ours outside: with 64 segments the difference is below the 0.1 % asked for."""

# Raw features as delivered, one statement; numbers of the law by hand: road setbacks by class (公路安全保护条例 §11), half widths of centre
# lines, power line zones by voltage outside dense places (电力设施保护条例 §10), cables 0.75 m, pipelines 5 m, dyke land of unknown width up
# to 50 m from the toe (unknown, so never buildable), planned homestead land and blank land, boundaries only where a plan is approved.
STATEMENT = f"""
    WITH ground AS (
        SELECT geom, (attributes->>'plan_approved')::boolean AS planned FROM feature
        WHERE version_id = %(village)s AND attributes->>'ZLDWDM' = %(code)s
    ), allowed AS (
        SELECT ST_Intersection(ground.geom, (
            SELECT ST_Union(f.geom) FROM feature f
            WHERE f.version_id = %(planned_use)s AND f.attributes->>'GHDLBM' IN ('0703', '070301', '070302', '16') AND ST_Intersects(f.geom, ground.geom)
        )) AS geom, planned, ground.geom AS whole
        FROM ground
    ), bounded AS (
        SELECT CASE WHEN planned THEN ST_Intersection(geom, (
            SELECT ST_Union(f.geom) FROM feature f WHERE f.version_id = %(village_boundary)s AND ST_Intersects(f.geom, whole)
        )) ELSE geom END AS geom, whole
        FROM allowed
    ), dense AS (
        SELECT ST_Union(f.geom) AS geom FROM feature f, ground
        WHERE f.version_id = %(settlement)s AND f.attributes->>'CZCSXM' IN ('201', '201A', '202', '202A') AND ST_Intersects(f.geom, ground.geom)
    ), idle AS (
        SELECT ST_Union(f.geom) AS geom FROM feature f, ground
        WHERE f.version_id = %(parcel)s AND f.attributes->>'state' = 'idle' AND ST_Intersects(f.geom, ground.geom)
    ), forbidden AS (
        SELECT f.geom FROM feature f, ground WHERE ST_Intersects(f.geom, ground.geom) AND (
            f.version_id IN (%(basic_farmland)s, %(ecological_redline)s, %(river)s, %(reservoir)s, %(parcel)s, %(building)s)
            OR f.version_id = %(control_zone)s AND f.attributes->>'zone' = 'prohibited'
            OR f.version_id = %(water_source)s AND f.attributes->>'zone' = 'primary'
            OR f.version_id = %(heritage)s AND f.attributes->>'zone' = 'protection'
            OR f.version_id = %(historic_village)s AND f.attributes->>'zone' = 'core'
            OR f.version_id = %(hazard)s AND f.attributes->>'zone' = 'danger'
            OR f.version_id = %(nature_reserve)s AND f.attributes->>'zone' = 'core'
            OR f.version_id = %(scenic_area)s AND f.attributes->>'zone' = 'core'
            OR f.version_id = %(wetland)s AND f.attributes->>'level' = 'national')
        UNION ALL
        SELECT coalesce(ST_Difference(f.geom, (SELECT geom FROM idle)), f.geom) FROM feature f, ground
        WHERE f.version_id = %(control_zone)s AND f.attributes->>'zone' = 'restricted' AND ST_Intersects(f.geom, ground.geom)
        UNION ALL
        SELECT ST_Buffer(f.geom, road.metres + CASE WHEN ST_Dimension(f.geom) = 1 THEN road.half ELSE 0 END, '{BUFFER}')
        FROM feature f JOIN (VALUES ('expressway', 30, 20), ('national', 20, 10), ('provincial', 15, 8), ('county', 10, 6), ('township', 5, 5))
            AS road (class, metres, half) ON f.attributes->>'class' = road.class, ground
        WHERE f.version_id = %(road)s AND ST_DWithin(f.geom, ground.geom, 60)
        UNION ALL
        SELECT coalesce(ST_Difference(line.geom, (SELECT geom FROM dense)), line.geom) FROM (
            SELECT ST_Buffer(f.geom, CASE WHEN kv BETWEEN 1 AND 10 THEN 5 WHEN kv BETWEEN 35 AND 110 THEN 10 WHEN kv BETWEEN 154 AND 330 THEN 15 WHEN kv = 500 THEN 20 END, '{BUFFER}') AS geom
            FROM (SELECT geom, (attributes->>'kv')::float AS kv FROM feature WHERE version_id = %(power_line)s) AS f, ground
            WHERE ST_DWithin(f.geom, ground.geom, 30)) AS line
        UNION ALL
        SELECT ST_Buffer(f.geom, 0.75, '{BUFFER}') FROM feature f, ground WHERE f.version_id = %(cable)s AND ST_DWithin(f.geom, ground.geom, 5)
        UNION ALL
        SELECT ST_Buffer(f.geom, 5, '{BUFFER}') FROM feature f, ground WHERE f.version_id = %(pipeline)s AND ST_DWithin(f.geom, ground.geom, 10)
    ), unknown AS (
        SELECT ST_Buffer(f.geom, 50 + CASE WHEN ST_Dimension(f.geom) = 1 THEN dyke.half ELSE 0 END, '{BUFFER}') AS geom
        FROM feature f JOIN (VALUES ('1', 20), ('2', 15), ('3', 12), ('4', 10), ('5', 8)) AS dyke (grade, half) ON f.attributes->>'grade' = dyke.grade, ground
        WHERE f.version_id = %(dyke)s AND ST_DWithin(f.geom, ground.geom, 80)
    ), left_over AS (
        SELECT coalesce(ST_Difference(bounded.geom, (SELECT ST_Union(geom) FROM forbidden)), bounded.geom) AS geom FROM bounded
    )
    SELECT ST_Area(left_over.geom), coalesce(ST_Area(ST_Difference(left_over.geom, (SELECT ST_Union(geom) FROM unknown))), ST_Area(left_over.geom))
    FROM left_over
"""


@pytest.fixture(scope="module")
def loaded(server_url, template_database):
    """The demo county's layers published, and read back whole, with ids of their versions."""
    pack = load_pack("house-building", county=COUNTY)
    name = f"cuntu_test_{uuid4().hex[:12]}"
    with database.connect(create_database(server_url, name, template=template_database)) as conn:
        frames = {layer: frame for layer, frame in build(scale="small").layers.items() if layer in pack.layers}
        coverage = shapely.buffer(shapely.box(*shapely.total_bounds([shapely.box(*frame.total_bounds) for frame in frames.values()])), 1_000)
        systems = {"land_use": "survey", "planned_use": "ydyh2023"}
        for layer, frame in frames.items():
            published(conn, frame, meta(layer, coverage=coverage, code_system=systems.get(layer), survey_date=date(2026, 1, 1)))
        in_force = versions.in_force(conn, valid_on=ON, known_at=AT)
        yield conn, {layer: dataset.version for layer, dataset in in_force.items()}, snapshot.load(conn, in_force, epsg=EPSG), pack
    drop_database(server_url, name)


def rural(layers) -> list[str]:
    """The villages with the most planned homestead land in them: where there is something to compare."""
    village, plan = layers["village"], layers["planned_use"]
    homes = np.isin(plan.attributes["GHDLBM"].astype(str), ["0703"])
    rows, _ = shapely.STRtree(shapely.centroid(plan.features[homes])).query(village.features, predicate="contains")
    counts = np.bincount(rows, minlength=len(village.features))
    return [str(village.ids[row]) for row in np.argsort(-counts, kind="stable")[: VILLAGES - 2]] + [str(village.ids[0]), str(village.ids[-1])]


def test_buildable_land_agrees_with_postgis_within_a_thousandth(loaded):
    conn, ids, layers, pack = loaded
    codes = rural(layers)
    types = VillageTypes(dict.fromkeys((str(code) for code in layers["village"].ids), "cluster_upgrade"), "test")
    setting = Setting(layers, pack, ON, AT, types, EPSG)
    stated = {key: read_value(FORM[key], value)[0] for key, value in PROPERTIES.items()}
    compared = 0
    for code in codes:
        row = np.flatnonzero(layers["village"].ids == code)[0]
        ours = land(layers["village"].features[row], setting, stated, plot_m2=140.0, pack=load_siting())
        free, buildable = conn.execute(STATEMENT, ids | {"code": code}).fetchone()
        assert ours.buildable.area == pytest.approx(buildable or 0.0, rel=1e-3, abs=1.0), code
        assert ours.buildable.area <= (buildable or 0.0) + 1e-2, "our buffers never fall short of those of PostGIS"
        assert ours.unknown.area == pytest.approx((free or 0.0) - (buildable or 0.0), rel=1e-2, abs=1.0), code
        compared += (buildable or 0.0) > 5_000
    assert compared >= VILLAGES // 2


def test_the_rules_that_took_land_are_those_the_statement_knows(loaded):
    """A rule that the pack gains and the statement has not heard of shows here, not as a difference nobody can explain."""
    _, _, layers, pack = loaded
    types = VillageTypes(dict.fromkeys((str(code) for code in layers["village"].ids), "cluster_upgrade"), "test")
    setting = Setting(layers, pack, ON, AT, types, EPSG)
    stated = {key: read_value(FORM[key], value)[0] for key, value in PROPERTIES.items()}
    known = {"HB-001a", "HB-002", "HB-003b", "HB-006a", "HB-007a", "HB-008b", "HB-008c", "HB-040", "HB-043a", "HB-043c", "HB-044a", "HB-045a", "HB-045b", "HB-047a",
             "HB-048a", "HB-050a", "HB-050b", "HB-052a", "HB-060", "HB-070a", "HB-071a", "HB-073", "HB-080a"}  # fmt: skip
    found = land(shapely.union_all(layers["village"].features[:6]), setting, stated, plot_m2=140.0, pack=load_siting())
    assert {item.rule.key for item in found.taken} <= known
    assert set(found.beyond) == {"HB-025", "HB-030", "HB-033b"}
