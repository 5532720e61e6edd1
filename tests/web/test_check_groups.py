from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from applications import application, ring

from api.check_groups import CheckGroups
from api.checking import Checker
from api.loads import LONGEST_WAIT_S, STEP_S, Loads
from api.moment import Times
from api.snapshots import Snapshots
from layers import database
from spatial.permit import read_applications

EPSG = 4547


def one(number, **changes):
    return read_applications([application(case_no=f"A-{number}", coordinates=[ring(95 + 10 * number, 20)], **changes)], epsg_in=EPSG, epsg=EPSG)


def together(groups, applications, basis):
    async def run():
        return await asyncio.gather(*(groups.judged(item, basis) for item in applications), return_exceptions=True)

    return asyncio.run(run())


def test_what_comes_together_is_judged_once_and_as_if_alone(county_url, settings):
    with database.pool(county_url, max_size=2) as pool:
        checker = Checker(pool, Snapshots(pool, epsg=EPSG), settings)
        basis = checker.basis(Times().moment())
        calls = []

        def judge(applications, on):
            calls.append(len(applications))
            return checker.judge_on(applications, on)

        given = [one(number) for number in range(20)]
        judged = together(CheckGroups(judge), given, basis)
        alone = [checker.judge_on(item, basis).report_bytes(0) for item in given]
    assert calls == [16, 4]
    assert [item.checks.report_bytes(item.row) for item in judged] == alone


def test_a_site_that_cannot_be_judged_does_not_take_the_others_with_it():
    def judge(applications, _basis):
        if "A-1" in applications.case_no:
            raise RuntimeError("this one")
        return SimpleNamespace(cases=list(applications.case_no))

    found = together(CheckGroups(judge), [one(number) for number in range(3)], object())
    assert [getattr(item, "checks", item) if not isinstance(item, Exception) else str(item) for item in found][1] == "this one"
    assert [found[0].checks.cases, found[2].checks.cases] == [["A-0"], ["A-2"]]


def test_a_worker_leaves_a_connection_to_those_that_have_fewer():
    loads = Loads(places=4)
    first, second = loads.place([]), loads.place([0])
    assert (first.place, second.place) == (0, 1)
    assert first.patience_s() == 0
    first.note(3)
    second.note(1)
    assert (first.patience_s(), second.patience_s()) == (pytest.approx(2 * STEP_S), 0)
    first.note(1000)
    assert first.patience_s() == LONGEST_WAIT_S
    second.leave()
    assert first.patience_s() == 0
    loads.free(1)
    assert loads.place([0]).place == 1
