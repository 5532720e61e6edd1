from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from applications import application, ring

from api.checks.checking import Checker
from api.checks.groups import CheckGroups
from api.moment import Times
from api.processes.loads import LONGEST_WAIT_S, STEP_S, Loads
from api.snapshots import Snapshots
from layers import database
from spatial.permit import read_applications

EPSG = 4547


def one(number, **changes):
    return read_applications([application(case_no=f"A-{number}", coordinates=[ring(95 + 10 * number, 20)], **changes)], epsg_in=EPSG, epsg=EPSG)


class Unmeasured(SimpleNamespace):
    """Stands for what judging gives."""

    def forget(self):
        """Nothing has been measured."""


def a_basis(county=None, *, known_at=0):
    return SimpleNamespace(county=county, seen=SimpleNamespace(moment=SimpleNamespace(known_at=known_at)))


async def judged(groups, item, basis, *, answering_s=0.0):
    async with groups.judged(item, basis) as found:
        await asyncio.sleep(answering_s)
        return found


def together(groups, applications, basis):
    async def run():
        return await asyncio.gather(*(judged(groups, item, basis) for item in applications), return_exceptions=True)

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


def sizes_of_groups(clients):
    """The sizes of groups where each client asks, is answered after 5 ms, thinks for so many ms, and asks again, six times."""
    calls = []
    groups = CheckGroups(lambda applications, _basis: calls.append(len(applications)) or Unmeasured())

    async def client(number, thinks_ms):
        for _ in range(6):
            await judged(groups, one(number), basis, answering_s=0.005)
            await asyncio.sleep(thinks_ms / 1000)

    async def run():
        await asyncio.gather(*(client(number, thinks_ms) for number, thinks_ms in enumerate(clients)))

    basis = a_basis()
    asyncio.run(asyncio.wait_for(run(), 90))
    return calls


def test_clients_that_ask_again_at_slightly_different_moments_stay_together(monkeypatch):
    monkeypatch.setattr("api.checks.groups.GATHER_S", 1.0)
    assert sizes_of_groups([0, 1, 2, 3])[-5:] == [4] * 5


def test_one_client_alone_does_not_wait(monkeypatch):
    monkeypatch.setattr("api.checks.groups.GATHER_S", 60.0)
    assert sizes_of_groups([0]) == [1] * 6


def test_a_client_that_has_gone_is_not_judged_and_not_waited_for():
    calls = []
    groups = CheckGroups(lambda applications, _basis: calls.append(list(applications.case_no)) or Unmeasured())

    async def run():
        basis = a_basis()
        tasks = [asyncio.ensure_future(judged(groups, one(number), basis, answering_s=0.05)) for number in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.sleep(0.02)
        tasks[0].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await judged(groups, one(9), basis)

    asyncio.run(asyncio.wait_for(run(), 60))
    assert calls == [["A-0", "A-2"], ["A-9"]]


def test_a_site_that_cannot_be_judged_does_not_take_the_others_with_it():
    def judge(applications, _basis):
        if "A-1" in applications.case_no:
            raise RuntimeError("this one")
        return Unmeasured(cases=list(applications.case_no))

    found = together(CheckGroups(judge), [one(number) for number in range(3)], a_basis())
    assert [getattr(item, "checks", item) if not isinstance(item, Exception) else str(item) for item in found][1] == "this one"
    assert [found[0].checks.cases, found[2].checks.cases] == [["A-0"], ["A-2"]]


def test_what_was_read_while_the_data_were_looked_at_anew_is_judged_together_by_the_newest():
    calls = []
    groups = CheckGroups(lambda applications, basis: calls.append((list(applications.case_no), basis)) or Unmeasured())
    earlier, later, elsewhere = a_basis(known_at=1), a_basis(known_at=2), a_basis(county="another outline")

    async def run():
        given = zip(range(5), (earlier, elsewhere, later, elsewhere, earlier), strict=True)
        await asyncio.gather(*(judged(groups, one(number), basis) for number, basis in given))

    asyncio.run(asyncio.wait_for(run(), 60))
    assert calls == [(["A-0", "A-2", "A-4"], later), (["A-1", "A-3"], elsewhere)]


def test_what_was_measured_is_let_go_once_all_of_a_group_are_answered():
    kept = []

    class Measured(SimpleNamespace):
        def forget(self):
            kept.append("let go")

    groups = CheckGroups(lambda _applications, _basis: Measured())

    async def one_of_two(number, ended):
        async with groups.judged(one(number), basis):
            await asyncio.sleep(ended)
            assert not kept

    async def run():
        await asyncio.gather(one_of_two(0, 0.0), one_of_two(1, 0.02))

    basis = a_basis()
    asyncio.run(asyncio.wait_for(run(), 60))
    assert kept == ["let go"]


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
