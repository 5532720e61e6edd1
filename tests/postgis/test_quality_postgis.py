"""PostGIS, asked in its own words, agrees with the acceptance check: what is valid, what overlaps, where gaps are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import psycopg
import pytest
import shapely
from frames import EPSG, meta, published
from partitions_at_random import AREA, partition, survey, with_faults
from quality_cases import frame, placed

from layers import catalog
from layers.quality import Context, check, context

LAND_USE = catalog.layer("land_use")
INVALID = {"QC-G02", "QC-G05", "QC-G06", "QC-G07"}

OVERLAPS = """
    WITH shared AS (
        SELECT a.row AS first, b.row AS second, ST_CollectionExtract(ST_Intersection(a.geom, b.geom), 3) AS geom
        FROM patch AS a JOIN patch AS b ON a.row < b.row AND ST_Intersects(a.geom, b.geom)
    )
    SELECT first, second, ST_Area(geom) FROM shared
    WHERE ST_Area(geom) > 0.5 AND ST_Area(geom) > 0.1 * ST_Perimeter(geom) ORDER BY first, second
"""
GAPS = """
    WITH whole AS (SELECT ST_Union(geom) AS geom FROM patch),
    shells AS (SELECT ST_BuildArea(ST_Collect(ST_ExteriorRing(part.geom))) AS geom FROM whole, LATERAL ST_Dump(whole.geom) AS part),
    gap AS (SELECT (ST_Dump(ST_Difference(ST_MakeValid(shells.geom), whole.geom))).geom FROM shells, whole)
    SELECT ST_Area(geom) FROM gap WHERE ST_Area(geom) > 0.5 AND ST_Area(geom) > 0.1 * ST_Perimeter(geom) ORDER BY 1
"""


def stored(db: psycopg.Connection[Any], shapes: Any) -> set[int]:
    """Put shapes into a table of their own, by row; return the rows that PostGIS does not even take for geometries."""
    db.execute("CREATE TEMP TABLE patch (row int PRIMARY KEY, geom geometry)")
    refused = set()
    for row, shape in enumerate(shapes):
        try:
            with db.transaction():
                db.execute("INSERT INTO patch VALUES (%s, ST_GeomFromWKB(%s))", (row, shapely.to_wkb(shape)))
        except psycopg.errors.InternalError:
            refused.add(row)
    return refused


@pytest.mark.shared
def test_postgis_calls_invalid_what_the_check_calls_invalid(db, shared_dir):
    table = pd.read_csv(shared_dir / "data" / "robustness" / "geos_isvalid_863_cases.csv", keep_default_na=False)
    with np.errstate(invalid="ignore"):
        # As a store holds them: rings of their own become lines.
        shapes = shapely.from_wkb(shapely.to_wkb(shapely.from_wkt(table["wkt"].to_numpy())))
    layer = replace(catalog.layer("road"), geometry=("polygon", "line", "point"))
    data = gpd.GeoDataFrame({"road_no": [f"R{row}" for row in range(len(shapes))]}, geometry=shapes, crs=EPSG)
    with np.errstate(all="ignore"):
        report = check(data, layer, epsg=EPSG, context=Context(epsg=EPSG))
    refused = stored(db, shapes)
    hollow = {finding.row for finding in report.findings if finding.code == "QC-G21"}
    assert hollow < refused
    invalid = refused - hollow | {
        row for (row,) in db.execute("SELECT row FROM patch WHERE NOT ST_IsValid(geom)").fetchall()
    }
    assert {finding.row for finding in report.findings if finding.code in INVALID} == invalid
    assert len(invalid) == 56
    assert len(refused) < 10


@pytest.mark.parametrize("seed", range(12))
def test_postgis_finds_the_same_overlaps_and_gaps(db, seed):
    shapes = with_faults(partition(seed, patches=80), seed, faults=8)
    shapes = shapes[shapely.is_valid(shapes)]
    report = check(survey(shapes), LAND_USE, epsg=EPSG, context=Context(epsg=EPSG))
    stored(db, shapes)
    pairs = db.execute(OVERLAPS).fetchall()
    gaps = [area for (area,) in db.execute(GAPS).fetchall()]
    overlapping = [item for item in report.findings if item.code == "QC-T02" and item.level == "error"]
    told = sorted((item.row, int(str(item.other)[1:]), item.measured) for item in overlapping)
    assert [pair[:2] for pair in told] == [(first, second) for first, second, _ in pairs]
    assert [area for *_, area in told] == pytest.approx([area for *_, area in pairs], abs=1e-6)
    open_ground = sorted(item.measured for item in report.findings if item.code == "QC-T03" and item.level == "error")
    assert open_ground == pytest.approx(gaps, abs=0.02)
    assert pairs or gaps


def test_an_untouched_partition_has_neither_in_postgis_nor_in_the_check(db):
    shapes = partition(99, patches=80)
    report = check(survey(shapes), LAND_USE, epsg=EPSG, context=Context(epsg=EPSG, county=AREA))
    stored(db, shapes)
    assert db.execute(OVERLAPS).fetchall() == db.execute(GAPS).fetchall() == []
    assert not {"QC-T01", "QC-T02", "QC-T03", "QC-T04", "QC-G17"} & {
        item.code for item in report.findings if item.level == "error"
    }


def county_layers() -> dict[str, gpd.GeoDataFrame]:
    """The small county of the cases, as layers to publish."""
    outline = placed("POLYGON ((0 0, 1000 0, 1000 1000, 0 1000, 0 0))")
    county = gpd.GeoDataFrame({"XZQDM": ["421223"], "XZQMC": ["崇阳县"]}, geometry=[outline], crs=EPSG)
    town = gpd.GeoDataFrame({"XZQDM": ["421223100"], "XZQMC": ["天城镇"]}, geometry=[outline], crs=EPSG)
    return {"county": county, "town": town, "village": frame("village"), "land_use": frame()}


def test_an_empty_store_leaves_nothing_to_compare_with_and_the_report_says_so(db):
    known = context(db, epsg=EPSG)
    assert (known.county, known.towns, known.villages, known.patches) == (None, None, None, None)
    report = check(frame(), LAND_USE, epsg=EPSG, context=known)
    not_made = {item["code"] for item in report.checks if item["status"] == "not_made"}
    assert {"QC-G16", "QC-G17", "QC-T04", "QC-A11", "QC-A12", "QC-A13", "QC-A19"} == not_made


def test_what_is_in_force_is_compared_with_and_named(db):
    for name, data in county_layers().items():
        published(db, data, meta(name, title=f"{name} 2023"))
    known = context(db, epsg=EPSG)
    report = check(frame(), LAND_USE, epsg=EPSG, context=known)
    assert [item["code"] for item in report.checks if item["status"] == "not_made"] == []
    assert report.figures["references"]["village"] == "village 2023"
    assert report.is_acceptable
    moved = frame(features=[{"ZLDWDM": "4212231002020000000"}])
    found = {item.code for item in check(moved, LAND_USE, epsg=EPSG, context=known).findings}
    assert {"QC-A13", "QC-T04"} <= found
    settlement = check(frame("settlement"), catalog.layer("settlement"), epsg=EPSG, context=known)
    assert "QC-T05" not in {item.code for item in settlement.findings}
    assert next(item for item in settlement.checks if item["code"] == "QC-T05")["status"] == "made"
