"""The reference collection of valid and invalid shapes: the invalid ones are named, the others are left as they are."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from frames import EPSG

from layers import catalog
from layers.quality import Context, check, repair

INVALID = {"QC-G02", "QC-G05", "QC-G06", "QC-G07"}
ANY_KIND = replace(catalog.layer("road"), geometry=("polygon", "line", "point"))


@pytest.fixture(scope="module")
def collection(shared_dir):
    table = pd.read_csv(shared_dir / "data" / "robustness" / "geos_isvalid_863_cases.csv", keep_default_na=False)
    with np.errstate(invalid="ignore"):
        shapes = shapely.from_wkt(table["wkt"].to_numpy())
    frame = gpd.GeoDataFrame({"road_no": [f"R{row}" for row in range(len(table))]}, geometry=shapes, crs=EPSG)
    with np.errstate(all="ignore"):
        report = check(frame, ANY_KIND, epsg=EPSG, context=Context(epsg=EPSG))
    invalid = np.flatnonzero(table["expected_valid"].astype(str).str.lower() == "false")
    return frame, report, set(invalid.tolist())


@pytest.mark.shared
def test_exactly_the_57_invalid_shapes_of_863_are_named_so(collection):
    frame, report, invalid = collection
    assert (len(frame), len(invalid)) == (863, 57)
    assert {finding.row for finding in report.findings if finding.code in INVALID} == invalid


@pytest.mark.shared
def test_what_is_invalid_has_a_reason_in_chinese_and_a_place(collection):
    frame, report, _ = collection
    for finding in report.findings:
        if finding.code in INVALID - {"QC-G02"}:
            assert not any(
                word in finding.message for word in ("Self", "Hole", "Too few", "Nested", "Ring", "Interior")
            )
            assert finding.geometry is not None
            assert finding.geometry.distance(frame.geometry.iloc[finding.row]) < 1e-6


@pytest.mark.shared
def test_a_repair_leaves_every_row_it_is_not_offered_for_as_it_was(collection):
    frame, report, invalid = collection
    before = shapely.to_wkb(frame.geometry.array)
    untouched, none = repair(frame, ANY_KIND, report, ())
    assert none == ()
    assert shapely.to_wkb(untouched.geometry.array).tolist() == before.tolist()
    offers: dict[str, set[int]] = {}
    for offer in report.repairs:
        offers.setdefault(offer.id, set()).update(offer.rows)
    assert offers["make_valid"] <= invalid
    for name, rows in offers.items():
        with np.errstate(all="ignore"):
            after, done = repair(frame, ANY_KIND, report, {name})
        changed = {
            row
            for row, (old, new) in enumerate(zip(before, shapely.to_wkb(after.geometry.array), strict=True))
            if old != new
        }
        assert changed <= rows
        assert {item.row for item in done} <= rows
        if name == "make_valid":
            assert shapely.is_valid(np.asarray(after.geometry.array)[sorted(rows)]).all()
            assert len(done) == len(rows) > 0
