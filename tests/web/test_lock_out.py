"""Guessing is stopped by account and by address, and does not become a way to keep somebody out."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from visitors import PASSWORD, Visitor, entries, somebody

from api.access import passwords
from layers import database, lock_out


@pytest.fixture
def account(county_url) -> int:
    return somebody(county_url)


def state(url: str, account: int) -> tuple[int, int]:
    """Failures, and how many minutes the lock still lasts (rounded)."""
    with database.connect(url) as conn:
        row = conn.execute(
            "SELECT failed, COALESCE(round(extract(epoch FROM locked_until - now()) / 60), 0) FROM account WHERE id = %s",
            [account],
        )
        failed, minutes = row.fetchone()
        return failed, int(minutes)


def later(url: str, account: int, minutes: int) -> None:
    """Let time pass: for the lock of the account and the tries of the address."""
    with database.connect(url) as conn:
        conn.execute(
            "UPDATE account SET locked_until = locked_until - make_interval(mins => %s) WHERE id = %s",
            [minutes, account],
        )
        conn.execute("UPDATE sign_in_try SET tried_at = tried_at - make_interval(mins => %s)", [minutes])


def fail(client, times: int) -> None:
    for _ in range(times):
        assert Visitor(client).sign_in(password="wrong").status_code == 403


def test_four_wrong_tries_do_not_lock_and_the_right_one_forgets_them(client, county_url, account):
    fail(client, 4)
    assert state(county_url, account) == (4, 0)
    assert Visitor(client).sign_in().status_code == 303
    assert state(county_url, account) == (0, 0)


def test_the_fifth_locks_for_a_quarter_of_an_hour_and_then_not_even_the_right_one_helps(client, county_url, account):
    fail(client, 5)
    assert state(county_url, account) == (5, 15)
    assert Visitor(client).sign_in().status_code == 403
    assert state(county_url, account) == (5, 15)
    assert [entry["action"] for entry in entries(county_url, "account.lock")] == ["account.lock"]
    later(county_url, account, 16)
    assert Visitor(client).sign_in().status_code == 303
    assert state(county_url, account) == (0, 0)


def test_the_fifth_may_be_the_right_one(client, county_url, account):
    fail(client, 4)
    assert Visitor(client).sign_in().status_code == 303
    assert entries(county_url, "account.lock") == []


def test_locks_grow_up_to_a_day_and_are_forgotten_a_day_after(client, county_url, account):
    seen = []
    for _ in range(9):
        fail(client, 5)
        seen.append(state(county_url, account)[1])
        later(county_url, account, seen[-1] + 1)
    assert seen == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]
    later(county_url, account, 24 * 60)
    fail(client, 1)
    assert state(county_url, account)[0] == 1


def test_tries_at_a_locked_account_do_not_make_the_lock_longer(client, county_url, account):
    fail(client, 12)
    assert state(county_url, account) == (5, 15)


def test_tries_at_the_same_time_are_not_more_tries(client, county_url, account, monkeypatch):
    looked: list[str] = []
    real = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda kept, text: looked.append(kept) or real(kept, text))
    visitors = [(each, each.token_on("/sign-in")) for each in (Visitor(client) for _ in range(12))]

    def attempt(pair):
        visitor, token = pair
        return visitor.post(
            "/sign-in", {"login": "zhangsan", "password": "wrong", "code": "", "next": "/"}, csrf=token
        ).status_code

    with ThreadPoolExecutor(12) as threads:
        assert set(threads.map(attempt, visitors)) == {403}
    assert sum(kept is not None for kept in looked) == lock_out.MOST_OF_ACCOUNT


def test_the_owner_gets_in_from_a_browser_that_is_known_while_strangers_have_locked_the_account(
    client, county_url, account
):
    owner = Visitor(client)
    owner.sign_in()
    owner.sign_out()
    fail(client, 5)
    assert owner.sign_in().status_code == 303
    assert state(county_url, account) == (5, 15)  # still locked for everybody else
    assert Visitor(client).sign_in().status_code == 403


def test_a_known_browser_has_five_tries_of_its_own_and_then_is_as_good_as_unknown(client, county_url, account):
    owner = Visitor(client)
    owner.sign_in()
    owner.sign_out()
    for _ in range(5):
        owner.sign_in(password="wrong")
    assert state(county_url, account) == (0, 0)
    owner.sign_in(password="wrong")
    assert state(county_url, account) == (1, 0)


def test_the_cookie_of_a_known_browser_opens_no_other_account_and_cannot_be_made_up(client, county_url, account):
    other = somebody(county_url, "lisi", name="李四", token="2")
    owner = Visitor(client)
    owner.sign_in()
    kept = owner.client.cookies["cuntu_browser"]
    with database.connect(county_url) as conn:
        conn.execute("UPDATE account SET failed = 5, locked_until = now() + interval '15 minutes'")
    for value in (
        kept.replace(f"{account}.", f"{other}.", 1),
        kept[:-1] + ("A" if kept[-1] != "A" else "B"),
        f"{other}.1.x.y",
    ):
        stranger = Visitor(client)
        stranger.client.cookies.set("cuntu_browser", value)
        assert stranger.sign_in("lisi").status_code == 403
    mine = Visitor(client)
    mine.client.cookies.set("cuntu_browser", kept)
    assert mine.sign_in("lisi").status_code == 403
    assert mine.sign_in().status_code == 303


def test_an_address_may_fail_thirty_times_whatever_the_accounts(client, county_url, account):
    for number in range(30):
        assert Visitor(client).sign_in(f"nobody{number}", "wrong").status_code == 403
    refused = Visitor(client).sign_in()
    assert refused.status_code == 429
    assert "次数过多" in refused.text
    assert state(county_url, account) == (0, 0)
    assert len(entries(county_url, "account.limit_address")) == 1
    later(county_url, account, 16)
    assert Visitor(client).sign_in().status_code == 303


def test_what_is_counted_is_forgotten_after_a_day(client, county_url, account):
    fail(client, 2)
    later(county_url, account, 25 * 60)
    fail(client, 1)
    with database.connect(county_url) as conn:
        assert conn.execute("SELECT count(*) FROM sign_in_try").fetchone()[0] == 1


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_counted_with_its_network(address, network):
    assert lock_out.network(address) == network


def test_wrong_codes_and_wrong_present_passwords_count_as_well(client, county_url, account):
    visitor = Visitor(client)
    visitor.sign_in()
    fields = {"current": "wrong", "password": "quite another thing entirely", "again": "quite another thing entirely"}
    for _ in range(5):
        assert visitor.post("/account/password", fields).status_code == 403
    assert state(county_url, account) == (5, 15)
    assert visitor.post("/account/password", fields | {"current": PASSWORD}).status_code == 403


@pytest.mark.parametrize("browser", [b"b" * 32, None])
def test_tries_begun_at_the_same_time_are_no_more_tries(county_url, account, browser):
    """The last try that a browser or an address has is begun twice, in two processes."""
    counted = f"browser:{browser.hex()}" if browser else "203.0.113.9"
    most = lock_out.MOST_OF_BROWSER if browser else lock_out.MOST_OF_ADDRESS
    told = {"account": account if browser else None, "login": b"x" * 32, "address": "203.0.113.9", "browser": browser}
    with database.connect(county_url) as first, ThreadPoolExecutor(1) as others:
        first.execute("INSERT INTO sign_in_try (address, login_sha256, succeeded) SELECT %s, %s, false FROM generate_series(1, %s)", [counted, b"x", most - 1])
        first.commit()
        mine = lock_out.begin(first, **told)

        def begin():
            with database.connect(county_url) as second:
                return lock_out.begin(second, **told)

        waiting = others.submit(begin)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.5)
        first.commit()
        theirs = waiting.result(timeout=30)
    allowed = [attempt.known_browser if browser else attempt.refused is None for attempt in (mine, theirs)]
    assert allowed == [True, False]


def test_after_another_password_only_the_browser_it_was_chosen_in_is_known(client, county_url, account):
    """Whoever got in with the old one has no tries of their own any more."""
    owner, thief = Visitor(client), Visitor(client)
    assert [visitor.sign_in().status_code for visitor in (owner, thief)] == [303, 303]
    with database.connect(county_url) as conn:
        conn.execute("UPDATE account SET password_set_at = now() - interval '1 day' WHERE id = %s", [account])
    again = "quite another thing entirely"
    time.sleep(1.1)  # cookies say when they were made to the second
    fields = {"current": PASSWORD, "password": again, "again": again, "revoke_tokens": "", "next": ""}
    assert owner.post("/account/password", fields).status_code == 303
    with database.connect(county_url) as conn:
        conn.execute("UPDATE account SET locked_until = now() + interval '1 hour' WHERE id = %s", [account])
    statuses = []
    for visitor in (owner, thief):
        visitor.client.cookies.delete("cuntu_session")
        statuses.append(visitor.sign_in(password=again).status_code)
    assert statuses == [303, 403]
