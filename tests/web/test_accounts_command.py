"""`cuntu accounts` and the accounts of the demo county, on the command line."""

from __future__ import annotations

import io
import json
import stat

import pytest
from offices import GOOD, noted

from api.access import administration_accounts, passwords
from api.cli import demo
from api.cli.accounts import administrator_notice
from api.demo import people as demo_people
from api.demo.county import OwnDataError
from api.moment import Moment
from api.settings import Settings
from layers import accounts, credentials, database, seats
from layers.accounts import LinkSpentError
from layers.acting import SERVICE, as_service


def told(result):
    code, out, err = result
    assert code == 0, err
    return json.loads(out)


def failed(result, text):
    code, out, err = result
    assert (code, out) == (1, "")
    assert text in err and err.startswith("错误：")


@pytest.fixture
def run(command_on, db_url):
    return command_on(db_url)


def test_a_county_is_staffed_from_the_command_line(run, db_url):
    seat = told(run("accounts", "seat", "系统管理岗", "--unit", "信息中心", "--role", "administrator", "--json"))[
        "seat"
    ]
    person = told(run("accounts", "appoint", seat, "管某某", "--json"))["person"]
    link = told(run("accounts", "open", person, "guan", "--json"))["link"]
    clerk = told(
        run(
            "accounts",
            "seat",
            "经办岗",
            "--unit",
            "天城镇人民政府",
            "--role",
            "town_clerk",
            "--place",
            "421223100",
            "--json",
        )
    )["seat"]
    assert told(run("accounts", "role", clerk, "reviewer", "--json"))["changed"]
    assert told(run("accounts", "role", clerk, "reviewer", "--take", "--json"))["changed"]
    holding = told(run("accounts", "appoint", clerk, "甲某", "--to", "2999-01-01", "--json"))["holding"]
    assert told(run("accounts", "end", holding, "--on", "2998-01-01", "--json"))["held_to"] == "2998-01-01"
    listed = {found["id"]: found for found in told(run("accounts", "seats", "--json"))["seats"]}
    assert (listed[clerk]["person"], listed[clerk]["roles"], listed[seat]["person"]) == (
        "甲某",
        ["town_clerk"],
        "管某某",
    )
    assert {found["name"] for found in told(run("accounts", "people", "--json"))["people"]} >= {"甲某", "管某某"}
    assert link.startswith("http://127.0.0.1:8000/link#")
    with database.connect(db_url) as conn:
        assert accounts.use_link(conn, link.rpartition("#")[2], "password")
        assert {(entry["channel"], entry["seat"]) for entry in noted(conn)} == {("command", "命令行")}


def test_an_account_is_closed_opened_and_reset(run, db_url, monkeypatch):
    seat = told(run("accounts", "seat", "查询岗", "--unit", "某股", "--role", "viewer", "--json"))["seat"]
    person = told(run("accounts", "appoint", seat, "甲某", "--json"))["person"]
    monkeypatch.setattr("sys.stdin", io.StringIO(GOOD + "\n"))
    assert told(run("accounts", "open", person, "jia", "--password-stdin", "--json"))["link"] is None
    assert told(run("accounts", "disable", "jia", "--json"))["disabled"]
    failed(run("accounts", "reset", "jia"), "已停用")
    assert not told(run("accounts", "enable", "jia", "--json"))["disabled"]
    told(run("accounts", "unlock", "jia", "--json"))
    [account] = [found for found in told(run("accounts", "list", "--json"))["accounts"] if found["login"] == "jia"]
    assert account["has_password"] and account["must_change"]
    token = told(
        run("accounts", "token", "jia", "--seat", seat, "--title", "脚本", "--permission", "maps.view", "--json")
    )["token"]
    assert token.startswith("cuntu_") and len(token) == 49
    code, out, err = run("accounts", "reset", "jia")
    assert code == 0 and "/link#" in out and GOOD not in out + err
    assert "链接未用" in run("accounts", "list")[1]


def test_what_cannot_be_is_one_clear_line(run):
    failed(run("accounts", "disable", "nobody"), "没有账户 nobody")
    failed(run("accounts", "seat", "岗", "--unit", "股", "--role", "king"), "没有角色 king")
    failed(run("accounts", "open", "1", "No Login"), "/login")
    failed(run("accounts", "appoint", "1"), "二者之一")
    failed(run("accounts", "appoint", "999", "甲某"), "没有席位 999")
    failed(run("accounts", "appoint", "1", "甲某", "--from", "soon"), "--from 应为日期")


def test_the_administrators_link_is_printed_anew_and_the_old_one_holds_no_more(run, db_url):
    first, second = (told(run("accounts", "link", "--json"))["link"] for _ in range(2))
    assert first != second and second.startswith("http://127.0.0.1:8000/first-administrator#")
    with database.connect(db_url) as conn:
        with pytest.raises(LinkSpentError):
            accounts.use_link(conn, first.rpartition("#")[2], "administrator")
        accounts.use_link(conn, second.rpartition("#")[2], "administrator")


def test_a_start_prints_the_link_only_while_nobody_administers(db_url):
    with as_service():
        first = administrator_notice(Settings(), db_url, "http://10.1.1.1:8000/")
        second = administrator_notice(Settings(address="https://map.example"), db_url, "http://10.1.1.1:8000/")
        assert "http://10.1.1.1:8000/first-administrator#" in first
        assert "https://map.example/first-administrator#" in second
        secret = second.rpartition("#")[2]
        person = administration_accounts.FirstAdministrator(
            login="guan", name="管某某", unit="股", title="岗", password=GOOD
        )
        with database.connect(db_url) as conn:
            administration_accounts.first_administrator(conn, secret, person, asking=SERVICE, county="")
        assert administrator_notice(Settings(), db_url, "http://10.1.1.1:8000/") is None


def prepared(db_url, settings):
    with as_service(), database.connect(db_url) as conn:
        return demo_people.prepare(conn, settings)


def test_the_demo_has_one_ready_account_a_role(db_url, settings):
    made = prepared(db_url, settings)
    assert [person.role for person in made] == [
        "viewer",
        "town_clerk",
        "planner",
        "publisher",
        "reviewer",
        "auditor",
        "administrator",
    ]
    with database.connect(db_url) as conn:
        for person in made:
            account, kept = accounts.named(conn, person.login), credentials.of_login(conn, person.login)
            assert not account.must_change and passwords.verify(kept.password_hash, person.password)
            seat = seats.get(conn, seats.named(conn, unit=person.unit, title=person.title), today=Moment.now().valid_on)
            assert (seat.person, seat.roles) == (person.name, [person.role])
        assert seat.place_code is None
    assert len({person.password for person in made}) == 7


def test_the_demos_passwords_are_kept_for_this_installation_only(db_url, settings, tmp_path):
    made = prepared(db_url, settings)
    file = tmp_path / demo_people.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert prepared(db_url, settings) == made
    file.unlink()
    anew = prepared(db_url, settings)
    assert {person.role for person in anew if person in made} == set()
    with database.connect(db_url) as conn:
        assert all(
            passwords.verify(credentials.of_login(conn, person.login).password_hash, person.password) for person in anew
        )


def test_the_demo_makes_no_accounts_in_somebodys_own_database(db_url, settings, run):
    seat = told(run("accounts", "seat", "系统管理岗", "--unit", "信息中心", "--role", "administrator", "--json"))[
        "seat"
    ]
    person = told(run("accounts", "appoint", seat, "管某某", "--json"))["person"]
    told(run("accounts", "open", person, "guan", "--json"))
    with pytest.raises(OwnDataError):
        prepared(db_url, settings)
    code, _, err = run("demo", "--no-serve")
    assert code == 1 and "已有本单位的账户" in err
    assert told(run("layers", "list", "--json"))["layers"][0]["in_force"] is None


def test_the_demo_prints_each_password_whole_also_into_a_log(db_url, settings, capsys):
    made = prepared(db_url, settings)
    demo.tell(made)
    lines = capsys.readouterr().err.splitlines()
    for person in made:
        assert sum(person.login in line and person.password in line for line in lines) == 1
