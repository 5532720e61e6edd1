"""Accounts: opened, closed, given links that hold once; and the first administrator of a deployment."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from offices import GOOD, TODAY, in_office, kept_hash, noted, opened, signed_in, who

from api.access import administration_accounts, passwords
from api.access.administration import LastAdministratorError
from api.access.administration_accounts import AccountStateError, FirstAdministrator
from api.access.permissions import granted
from layers import accounts, database, identities, seats
from layers.accounts import AccountExistsError, LinkSpentError
from layers.acting import Acting
from layers.errors import UnknownRecordError
from spatial.errors import InputError

ASKING = Acting(channel="http", address="10.0.0.7", request_id="r1")
TOLD = FirstAdministrator(login="guan", name="管某某", unit="信息中心", title="系统管理岗", password=GOOD)


def test_an_account_is_opened_with_a_link_and_no_password(db):
    account, link = opened(db, login="li.wei")
    found = accounts.named(db, "li.wei")
    assert (found.id, found.has_password, found.must_change) == (account, False, True)
    assert found.link_until is not None and abs(found.link_until - datetime.now(UTC) - timedelta(hours=24)) < timedelta(minutes=1)
    assert link.path == f"/link#{link.secret}"
    assert accounts.use_link(db, link.secret, "password").account_id == account


def test_an_account_opened_with_a_password_has_it_changed_at_once(db):
    account, link = opened(db, password=GOOD)
    assert link is None
    assert accounts.get(db, account).must_change
    assert passwords.verify(kept_hash(db, account), GOOD)


def test_a_first_password_follows_the_rules(db):
    with pytest.raises(InputError, match=r"不得少于 12 个字符.*姓名"):
        opened(db, name="李未名", password="李未名 7")


def test_a_login_is_of_one_person_and_a_person_has_one_account(db):
    opened(db, login="li.wei")
    db.commit()
    with pytest.raises(AccountExistsError, match="账户名已有人使用"):
        opened(db, login="li.wei")
    db.rollback()
    with pytest.raises(AccountExistsError, match="这个人已有账户"):
        administration_accounts.open_account(db, person=accounts.named(db, "li.wei").person_id, login="other")


def test_a_link_holds_once_for_its_purpose_and_until_its_time(db):
    account, link = opened(db)
    with pytest.raises(LinkSpentError):
        accounts.use_link(db, link.secret, "administrator")
    accounts.use_link(db, link.secret, "password")
    with pytest.raises(LinkSpentError):
        accounts.use_link(db, link.secret, "password")
    accounts.new_link(db, "late", "password", account, datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(LinkSpentError):
        accounts.use_link(db, "late", "password")


def test_a_new_link_voids_the_one_before_of_that_account_only(db):
    account, first = opened(db)
    _, others = opened(db, "乙某")
    second = administration_accounts.reset_password(db, account)
    with pytest.raises(LinkSpentError):
        accounts.use_link(db, first.secret, "password")
    assert accounts.use_link(db, second.secret, "password").account_id == account
    accounts.use_link(db, others.secret, "password")


def test_a_link_used_twice_at_once_is_used_once(db, db_url):
    _, link = opened(db)
    db.commit()
    together, outcomes = threading.Barrier(2), []

    def use():
        with database.connect(db_url) as conn:
            together.wait()
            try:
                accounts.use_link(conn, link.secret, "password")
                conn.commit()
                outcomes.append("used")
            except LinkSpentError:
                outcomes.append("spent")

    threads = [threading.Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["spent", "used"]


def test_a_reset_ends_the_password_the_sessions_and_the_tokens(db):
    account, _ = opened(db, password=GOOD)
    seat = in_office(db, account, "viewer")
    db.execute(
        "UPDATE account SET must_change = false, failed = 5, locked_until = now() + interval '1 hour' WHERE id = %s",
        (account,),
    )
    token, secret, _ = administration_accounts.issue_token(
        db, accounts.get(db, account), seat=seat, title="笔记本", named=None, days=30
    )
    session = signed_in(db, account, seat)
    assert who(db, session).person == "甲某"
    assert identities.of_token(db, secret, today=TODAY).grant_id == token
    administration_accounts.reset_password(db, account)
    assert kept_hash(db, account) is None
    assert who(db, session) is None
    assert identities.of_token(db, secret, today=TODAY) is None
    found = accounts.get(db, account)
    assert (found.locked_until, found.tokens) == (None, 0)


def test_a_disabled_account_is_out_at_once_and_comes_back_without_its_sessions(db):
    account, link = opened(db, password=None)
    seat = in_office(db, account, "viewer")
    session = signed_in(db, account, seat)
    administration_accounts.disable(db, account)
    assert who(db, session) is None
    for act in (administration_accounts.disable, administration_accounts.reset_password):
        with pytest.raises(AccountStateError):
            act(db, account)
    administration_accounts.enable(db, account)
    assert who(db, session) is None
    with pytest.raises(LinkSpentError):
        accounts.use_link(db, link.secret, "password")
    with pytest.raises(AccountStateError):
        administration_accounts.enable(db, account)


def test_unlocking_ends_a_lock_out(db):
    account, _ = opened(db)
    db.execute("UPDATE account SET failed = 7, locked_until = now() + interval '1 hour' WHERE id = %s", (account,))
    administration_accounts.unlock(db, account)
    assert db.execute("SELECT failed, locked_until FROM account WHERE id = %s", (account,)).fetchone() == (0, None)


def test_a_lost_second_factor_is_removed_with_its_codes_and_the_sessions(db):
    account, _ = opened(db)
    session = signed_in(db, account, in_office(db, account, "viewer"))
    with pytest.raises(AccountStateError):
        administration_accounts.remove_second_factor(db, account)
    db.execute("UPDATE account SET totp_secret = '\\x01', totp_confirmed_at = now() WHERE id = %s", (account,))
    db.execute("INSERT INTO recovery_code (account_id, code_sha256) VALUES (%s, '\\x02')", (account,))
    administration_accounts.remove_second_factor(db, account)
    assert not accounts.get(db, account).second_factor
    assert db.execute("SELECT count(*) FROM recovery_code").fetchone() == (0,)
    assert who(db, session) is None


def test_another_subject_at_the_identity_provider_ends_the_sessions(db):
    account, _ = opened(db)
    session = signed_in(db, account, in_office(db, account, "viewer"))
    administration_accounts.name_subject(db, account, "sub-1")
    assert accounts.get(db, account).oidc_subject == "sub-1"
    assert who(db, session) is None
    other, _ = opened(db, "乙某")
    db.commit()
    with pytest.raises(AccountExistsError):
        administration_accounts.name_subject(db, other, "sub-1")


def test_the_last_administrators_account_stays_open(db):
    account, _ = opened(db, password=GOOD)
    in_office(db, account, "administrator")
    db.commit()
    with pytest.raises(LastAdministratorError):
        administration_accounts.disable(db, account)
    db.rollback()
    second, _ = opened(db, "乙某", password=GOOD)
    in_office(db, second, "administrator", title="又一岗")
    administration_accounts.disable(db, account)
    with pytest.raises(LastAdministratorError):
        administration_accounts.disable(db, second)


def test_the_last_administrator_may_have_the_password_reset_and_still_counts(db):
    account, _ = opened(db, password=GOOD)
    in_office(db, account, "administrator")
    administration_accounts.reset_password(db, account)
    assert not administration_accounts.lacks_administrator(db)
    accounts.void_links(db, "password", account)
    assert administration_accounts.lacks_administrator(db)


def test_a_token_acts_in_a_seat_of_its_owner_with_no_more_than_its_permissions(db):
    account, _ = opened(db, password=GOOD)
    db.execute("UPDATE account SET must_change = false")
    seat = in_office(db, account, "viewer")
    found = accounts.get(db, account)
    _, secret, _ = administration_accounts.issue_token(db, found, seat=seat, title="脚本", named=["maps.view"], days=1)
    assert identities.of_token(db, secret, today=TODAY).permissions == ["maps.view"]
    with pytest.raises(InputError, match="席位没有权限"):
        administration_accounts.issue_token(db, found, seat=seat, title="脚本", named=["layers.publish"], days=1)
    stranger, _ = opened(db, "乙某")
    with pytest.raises(InputError, match="今天不担任席位"):
        administration_accounts.issue_token(db, accounts.get(db, stranger), seat=seat, title="脚本", named=None, days=1)
    for days in (0, 367):
        with pytest.raises(InputError, match="/days"):
            administration_accounts.issue_token(db, found, seat=seat, title="脚本", named=None, days=days)


def test_no_token_is_made_for_what_needs_a_person_at_a_page(db):
    account, _ = opened(db, password=GOOD)
    db.execute("UPDATE account SET must_change = false")
    seat = in_office(db, account, "administrator", "reviewer")
    found = accounts.get(db, account)
    for named in (["accounts.manage"], ["applicants.reveal", "maps.view"], ["account.own"]):
        with pytest.raises(InputError, match="不能授予令牌"):
            administration_accounts.issue_token(db, found, seat=seat, title="脚本", named=named, days=1)
    _, secret, _ = administration_accounts.issue_token(db, found, seat=seat, title="脚本", named=None, days=1)
    given = set(identities.of_token(db, secret, today=TODAY).permissions)
    assert {"operations.read", "checks.override"} <= given
    assert not given & {"open", "account.own", "accounts.manage", "audit.read", "applicants.reveal"}


def test_the_first_administrator_makes_person_seat_and_account_with_one_link(db):
    assert administration_accounts.lacks_administrator(db)
    link = administration_accounts.administrator_link(db)
    account = administration_accounts.first_administrator(db, link.secret, TOLD, asking=ASKING, county="崇阳县")
    found = identities.of_session(
        db,
        signed_in(db, account, seats.named(db, unit="信息中心", title="系统管理岗")),
        today=TODAY,
        idle=timedelta(minutes=5),
    )
    assert (found.person, found.roles, found.must_change) == ("管某某", ["administrator"], False)
    assert granted(found.roles) >= {"accounts.manage"}
    assert not administration_accounts.lacks_administrator(db)
    with pytest.raises(LinkSpentError):
        administration_accounts.first_administrator(db, link.secret, TOLD, asking=ASKING, county="崇阳县")


def test_a_refused_first_administrator_leaves_the_link_and_nothing_else(db):
    link = administration_accounts.administrator_link(db)
    db.commit()
    with pytest.raises(InputError, match="已泄露"):
        weak = FirstAdministrator(login="guan", name="管某某", unit="信息中心", title="岗", password="qwerty123456")
        administration_accounts.first_administrator(db, link.secret, weak, asking=ASKING, county="崇阳县")
    db.rollback()
    assert [person.name for person in seats.people(db)] == ["测试员"]
    administration_accounts.first_administrator(db, link.secret, TOLD, asking=ASKING, county="崇阳县")


def test_a_new_administrators_link_voids_the_one_before(db):
    first, second = (administration_accounts.administrator_link(db) for _ in range(2))
    db.commit()
    with pytest.raises(LinkSpentError):
        administration_accounts.first_administrator(db, first.secret, TOLD, asking=ASKING, county="崇阳县")
    db.rollback()
    administration_accounts.first_administrator(db, second.secret, TOLD, asking=ASKING, county="崇阳县")


def test_the_audit_names_each_act_and_never_a_secret_or_a_password(db):
    link = administration_accounts.administrator_link(db)
    administration_accounts.first_administrator(db, link.secret, TOLD, asking=ASKING, county="崇阳县")
    account, own = opened(db)
    again = administration_accounts.reset_password(db, account)
    administration_accounts.disable(db, account)
    entries = noted(db)
    acts = ["administrator_link", "first_administrator", "open", "reset_password", "disable"]
    assert [entry["action"] for entry in entries] == [f"accounts.{act}" for act in acts]
    assert (entries[1]["person"], entries[1]["seat"], entries[1]["address"]) == ("管某某", "系统管理岗", "10.0.0.7")
    written = repr(entries)
    for secret in (link.secret, own.secret, again.secret, GOOD, "argon2"):
        assert secret not in written


def test_what_is_kept_of_a_link_is_not_its_secret(db):
    _, link = opened(db)
    row = db.execute("SELECT one_time_link::text FROM one_time_link").fetchone()
    assert link.secret not in row[0] and link.secret.encode().hex() not in row[0]


@pytest.mark.parametrize("act", ["disable", "enable", "unlock", "reset_password", "remove_second_factor"])
def test_an_unknown_account_is_told_as_such(db, act):
    with pytest.raises(UnknownRecordError):
        getattr(administration_accounts, act)(db, 9_999)
