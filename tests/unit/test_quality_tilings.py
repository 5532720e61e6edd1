"""Patches that tile their ground are told by their edges; what is found is what comparing every patch finds."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import shapely
import shapely.affinity

from api.bench import patches
from layers import catalog
from layers.quality import check, context_of

LAND_USE = catalog.layer("land_use")


@cache
def made():
    return patches.survey(1_200, seed=3)


def county():
    return {"county": made().county.copy(), "village": made().villages.copy()}


def delivered(**changes):
    return made().patches.drop(columns="TBYBH").assign(**changes)


def stated_elsewhere():
    """Some patches state another village: some of them neighbours across the border, some far away."""
    codes = made().patches["ZLDWDM"].to_numpy().copy()
    codes[:: len(codes) // 60] = codes[0]
    codes[18:900:35] = codes[20]
    return delivered(ZLDWDM=codes), county()


def moved_village():
    known = county()
    known["village"].loc[0, "geometry"] = shapely.affinity.translate(known["village"].geometry[0], 30.0, 15.0)
    return delivered(), known


def smaller_county():
    known = county()
    west, south, east, north = known["county"].total_bounds
    known["county"]["geometry"] = known["county"].intersection(shapely.box(west + 150, south, east, north - 500))
    return delivered(), known


def county_along_the_patches():
    """The county ends where a row of patches begins: those beyond touch it and lie wholly outside."""
    known = county()
    inside = made().shapes[made().village != made().village.max()]
    known["county"]["geometry"] = [shapely.coverage_union_all(inside)]
    return delivered(), known


def gaps():
    return delivered().drop(index=[40, 41, 300]).reset_index(drop=True), county()


CASES = {
    "sound": lambda: (delivered(), county()),
    "stated elsewhere": stated_elsewhere,
    "village moved": moved_village,
    "county smaller": smaller_county,
    "county along the patches": county_along_the_patches,
    "gaps": gaps,
}


def told(frame, known):
    report = check(frame, LAND_USE, epsg=patches.EPSG, context=context_of(known, epsg=patches.EPSG), code_system="survey")
    return [(item.code, item.level, item.row, item.message) for item in report.findings], {check["code"]: check["status"] for check in report.checks}


@pytest.mark.parametrize("case", CASES)
def test_a_tiling_has_the_findings_that_comparing_every_patch_has(case, monkeypatch):
    frame, known = CASES[case]()
    quick = told(frame, known)
    monkeypatch.setattr("layers.quality.subject.tiling", lambda *_: None)
    assert quick == told(frame, known)
    wanted = {"stated elsewhere": "QC-A13", "village moved": "QC-A13", "county smaller": "QC-G17", "county along the patches": "QC-G17", "gaps": "QC-T03"}
    assert case == "sound" or wanted[case] in {code for code, *_ in quick[0]}


def test_patches_that_overlap_are_no_tiling():
    frame = delivered()
    frame.loc[5, "geometry"] = shapely.affinity.translate(frame.geometry[5], 1.0, 0.0)
    findings, _ = told(frame, county())
    assert {"QC-T02", "QC-T03"} <= {code for code, *_ in findings}
    assert np.isin(5, [row for code, _, row, _ in findings if code == "QC-T02"])
