"""Acts at the command line: from a seat by its number, or as stated, with the user of the operating system beside it."""

from __future__ import annotations

import getpass
import json
from datetime import date

import people
import pytest
from frames import EPSG, meta, red_lines

from api.cli.signing import command
from layers import database, seats, versions

LAYER = "ecological_redline"


@pytest.fixture
def waiting(county_url):
    """A version that waits for its publication, and the number of a publisher's seat."""
    people.somebody(county_url, "publisher", ["publisher"])
    with database.connect(county_url) as conn:
        version = versions.stage(conn, red_lines(), meta(LAYER), epsg=EPSG)
        [seat] = conn.execute("SELECT id FROM seat WHERE title = 'publisher之席'").fetchone()
    return version, seat


def acts(url):
    with database.connect(url) as conn:
        return conn.execute("SELECT officer, unit, seat_id, account_id FROM version_act WHERE act <> 'law_status' ORDER BY id DESC LIMIT 1").fetchone()


def test_an_act_from_a_seat_has_its_holder_s_name_and_unit(cuntu, county_url, waiting):
    version, seat = waiting
    code, out, err = cuntu("layers", "publish", version, "--seat", seat, "--reason", "年度更新", "--json")
    assert (code, json.loads(out)["status"]) == (0, "published"), err
    assert acts(county_url) == ("publisher", people.UNIT, seat, None)


@pytest.mark.parametrize("option", ["--officer", "--unit"])
def test_nobody_signs_for_whoever_holds_the_seat(cuntu, county_url, waiting, option):
    version, seat = waiting
    before = acts(county_url)
    code, _, err = cuntu("layers", "publish", version, "--seat", seat, option, "别人", "--reason", "年度更新")
    assert (code, "不能代他人签名" in err) == (1, True)
    assert acts(county_url) == before


def test_a_seat_without_a_holder_acts_not(cuntu, county_url, waiting):
    version, seat = waiting
    with database.connect(county_url) as conn:
        seats.end_seat(conn, seat, on=date(2021, 1, 1))
    code, _, err = cuntu("layers", "publish", version, "--seat", seat, "--reason", "年度更新")
    assert (code, "没有人" in err) == (1, True)
    code, _, err = cuntu("layers", "publish", version, "--seat", 999_999, "--reason", "年度更新")
    assert code == 1


def test_an_act_as_stated_needs_a_name_and_a_unit(cuntu, county_url, waiting):
    version, _ = waiting
    code, _, err = cuntu("layers", "publish", version, "--reason", "年度更新")
    assert (code, "/officer" in err or "经办人" in err) == (1, True)
    code, _, err = cuntu("layers", "publish", version, "--officer", "李四", "--unit", "县局", "--reason", "年度更新")
    assert (code, acts(county_url)) == (0, ("李四", "县局", None, None)), err


def test_a_command_works_in_the_name_of_the_system_s_user():
    by = command()
    assert (by.channel, by.person, by.places) == ("command", getpass.getuser(), None)
