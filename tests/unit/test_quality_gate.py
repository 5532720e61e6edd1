"""What the store would refuse the acceptance check finds first: its errors include every refusal of the intake, row by row."""

from __future__ import annotations

import re

import numpy as np
from frames import COUNTY, EPSG
from hypothesis import given, settings
from messy_frames import messy

from layers.errors import DatasetRefusedError
from layers.intake import prepare
from layers.quality import Context, check

ROW = re.compile(r"第 (\d+) 行")
HERE = Context(epsg=EPSG, county=COUNTY, county_code="421223")


def refusals(frame, layer) -> list[str]:
    """What the gate of the store says against a data set."""
    try:
        with np.errstate(all="ignore"):
            prepare(frame, layer, epsg=EPSG, extent=COUNTY)
    except DatasetRefusedError as error:
        return list(error.problems)
    return []


@given(messy())
@settings(max_examples=300)
def test_every_refusal_of_the_store_is_an_error_of_the_check(drawn):
    layer, frame = drawn
    problems = refusals(frame, layer)
    report = check(frame, layer, epsg=EPSG, context=HERE)
    errors = [finding for finding in report.findings if finding.level == "error"]
    refused = {int(match[1]) - 1 for problem in problems if (match := ROW.match(problem))}
    assert refused <= {finding.row for finding in errors}
    if any(not ROW.match(problem) for problem in problems):
        assert any(finding.row is None for finding in errors)
    assert not problems or not report.is_acceptable
