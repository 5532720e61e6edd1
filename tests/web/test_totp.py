"""The second factor: enrolment, codes that count once, recovery codes, and roles that have to have one."""

from __future__ import annotations

import re
import time
from html import unescape

import pyotp
import pytest
from fastapi.testclient import TestClient
from visitors import PASSWORD, Visitor, entries, somebody

from api.access import totp
from api.access.keys import KeyMissingError
from api.app import create_app
from layers import database
from layers.identities import digest

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


@pytest.fixture
def clock(monkeypatch):
    """A clock for authenticators that a test sets forward."""
    started, forward = time.time(), [0.0]
    monkeypatch.setattr(totp.time, "time", lambda: started + forward[0])

    def go(steps: int) -> None:
        forward[0] += steps * totp.STEP_S

    go.now = lambda: started + forward[0]
    return go


@pytest.fixture
def account(county_url) -> int:
    return somebody(county_url)


def enrol(visitor: Visitor, clock) -> tuple[pyotp.TOTP, list[str]]:
    """Set up an authenticator and return it with the recovery codes."""
    page = visitor.post("/account/second-factor/begin", {"password": PASSWORD}, page="/account/second-factor")
    assert page.status_code == 200, page.text
    device = pyotp.TOTP(re.search(r'id="secret">([A-Z2-7]+)<', page.text)[1])
    csrf = unescape(re.findall(r'name="csrf" value="([^"]*)"', page.text)[-1])
    done = visitor.post("/account/second-factor/confirm", {"code": device.at(clock.now())}, csrf=csrf)
    assert done.status_code == 200, done.text
    clock(1)
    return device, re.findall(r"<li>([A-Z2-7-]{34})</li>", done.text)


@pytest.fixture
def enrolled(client, account, clock):
    visitor = Visitor(client)
    visitor.sign_in()
    return visitor, *enrol(visitor, clock)


@pytest.mark.parametrize(
    ("at", "code"), [(59, "94287082"), (1111111109, "07081804"), (1234567890, "89005924"), (2000000000, "69279037")]
)
def test_the_codes_are_those_of_the_standard(at, code):
    """RFC 6238, appendix B, SHA-1: its codes have eight digits, of which ours are the last six."""
    assert totp.step_of(RFC_SECRET, code[-6:], at=at) == at // 30
    assert totp.step_of(RFC_SECRET, code[-6:], at=at + 30) == at // 30
    assert totp.step_of(RFC_SECRET, code[-6:], at=at + 61) is None


def test_from_then_on_a_code_is_asked_for(client, enrolled, clock):
    _, device, _ = enrolled
    assert Visitor(client).sign_in().status_code == 403
    assert Visitor(client).sign_in(code="000000").status_code == 403
    entered = Visitor(client)
    assert entered.sign_in(code=device.at(clock.now())).status_code == 303
    assert "已验证" in entered.get("/account").text


def test_the_secret_is_encrypted_and_the_codes_are_hashed(enrolled, county_url, settings, account):
    _, device, codes = enrolled
    with database.connect(county_url) as conn:
        sealed = bytes(conn.execute("SELECT totp_secret FROM account WHERE id = %s", [account]).fetchone()[0])
        hashes = {bytes(row[0]) for row in conn.execute("SELECT code_sha256 FROM recovery_code")}
    assert device.secret.encode() not in sealed
    assert totp.unseal(settings, sealed, account=account) == device.secret
    assert len(codes) == len(hashes) == 10
    assert hashes == {digest(code.replace("-", "")) for code in codes}
    with pytest.raises(KeyMissingError):
        totp.unseal(settings, sealed, account=account + 1)  # copied to another account it opens nothing


def test_a_code_counts_once(client, enrolled, clock):
    _, device, _ = enrolled
    code = device.at(clock.now())
    assert Visitor(client).sign_in(code=code).status_code == 303
    assert Visitor(client).sign_in(code=code).status_code == 403
    assert (
        Visitor(client).sign_in(code=device.at(clock.now() - totp.STEP_S)).status_code == 403
    )  # nor does one before it
    clock(1)
    assert Visitor(client).sign_in(code=device.at(clock.now())).status_code == 303


def test_the_code_that_confirmed_the_enrolment_is_used_up(client, enrolled, clock):
    _, device, _ = enrolled
    assert Visitor(client).sign_in(code=device.at(clock.now() - totp.STEP_S)).status_code == 403


def test_a_recovery_code_has_140_random_bits():
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == totp.RECOVERY_CODES
    for code in codes:
        assert re.fullmatch("[A-Z2-7]{28}", code)  # 5 bits each
        assert totp.is_recovery_code(totp.typed(totp.shown(code)))
    assert totp.is_recovery_code("A" * 24), "codes that were printed before have 24 letters"


def test_a_recovery_code_counts_once_and_may_be_typed_in_any_way(client, enrolled, county_url):
    _, _, codes = enrolled
    assert Visitor(client).sign_in(code=codes[0].lower().replace("-", " ")).status_code == 303
    assert Visitor(client).sign_in(code=codes[0]).status_code == 403
    assert Visitor(client).sign_in(code=codes[1]).status_code == 303
    assert len(entries(county_url, "account.use_recovery_code")) == 2
    assert not any(code in str(entries(county_url)) for code in codes)


def test_wrong_codes_lock_the_account_like_wrong_passwords(client, enrolled, clock, county_url):
    for _ in range(5):
        assert Visitor(client).sign_in(code="000000").status_code == 403
    assert Visitor(client).sign_in(code=enrolled[1].at(clock.now())).status_code == 403
    assert len(entries(county_url, "account.lock")) == 1


def test_sessions_of_before_the_enrolment_have_to_show_a_code(client, account, clock):
    early = Visitor(client)
    early.sign_in()
    visitor = Visitor(client)
    visitor.sign_in()
    device, _ = enrol(visitor, clock)
    led = early.get("/checks")
    assert (led.status_code, led.headers["location"]) == (303, "/account/second-factor?next=%2Fchecks")
    refused = early.get("/api/v1/layers", headers={"accept": "application/json"})
    assert (refused.status_code, refused.json()["detail"]) == (403, "请先用动态码完成登录。")
    assert (
        early.client.post("/api/v1/account/tokens", json={"title": "x", "permissions": ["maps.view"]}).status_code
        == 403
    )
    before = early.session
    page = "/account/second-factor?next=%2Fchecks"
    assert (
        early.post("/account/second-factor/prove", {"code": "000000", "next": "/checks"}, page=page).status_code == 403
    )
    proven = early.post("/account/second-factor/prove", {"code": device.at(clock.now()), "next": "/checks"}, page=page)
    assert (proven.status_code, proven.headers["location"]) == (303, "/checks")
    assert early.session != before
    assert early.get("/checks").status_code == 200


def test_a_wrong_code_does_not_enrol(client, account, county_url):
    visitor = Visitor(client)
    visitor.sign_in()
    page = visitor.post("/account/second-factor/begin", {"password": "wrong"}, page="/account/second-factor")
    assert page.status_code == 403
    assert "<svg width" not in page.text
    visitor.post("/account/second-factor/begin", {"password": PASSWORD}, page="/account/second-factor")
    refused = visitor.post("/account/second-factor/confirm", {"code": "00000x"}, page="/account")
    assert refused.status_code == 400
    with database.connect(county_url) as conn:
        assert conn.execute("SELECT totp_confirmed_at FROM account WHERE id = %s", [account]).fetchone()[0] is None
    assert Visitor(client).sign_in().status_code == 303


def test_dropping_it_takes_password_and_code(enrolled, client, clock, county_url):
    visitor, device, _ = enrolled
    page = "/account/second-factor"
    assert (
        visitor.post(f"{page}/drop", {"password": "wrong", "code": device.at(clock.now())}, page=page).status_code
        == 403
    )
    assert visitor.post(f"{page}/drop", {"password": PASSWORD, "code": ""}, page=page).status_code == 403
    assert (
        visitor.post(f"{page}/drop", {"password": PASSWORD, "code": device.at(clock.now())}, page=page).status_code
        == 303
    )
    assert Visitor(client).sign_in().status_code == 303
    assert [entry["action"] for entry in entries(county_url, "account.%second_factor")] == [
        "account.begin_second_factor", "account.enrol_second_factor", "account.drop_second_factor",
    ]  # fmt: skip


def test_new_recovery_codes_take_the_place_of_the_old(enrolled, client, clock):
    visitor, device, old = enrolled
    page = "/account/second-factor"
    shown = visitor.post(f"{page}/codes", {"password": PASSWORD, "code": device.at(clock.now())}, page=page)
    new = re.findall(r"<li>([A-Z2-7-]{34})</li>", shown.text)
    assert len(set(new) - set(old)) == 10
    assert Visitor(client).sign_in(code=old[0]).status_code == 403
    assert Visitor(client).sign_in(code=new[0]).status_code == 303


def test_a_role_that_has_to_have_one_can_do_nothing_else_before(county_url, settings, clock):
    somebody(county_url, "admin", ("administrator",), name="王五", token="3")
    somebody(county_url, "zhangsan", ("planner",), token="4")
    told = settings.model_copy(update={"second_factor": "required"})
    with TestClient(create_app(told, database_url=county_url)) as service:
        free = Visitor(service)
        free.sign_in()
        assert free.get("/checks").status_code == 200
        visitor = Visitor(service)
        visitor.sign_in("admin")
        assert visitor.get("/").headers["location"] == "/account/second-factor?next=%2F"
        assert visitor.get("/api/v1/account").json()["permissions"] == ["account.own"]
        assert "必须使用第二因素" in visitor.get("/account/second-factor").text
        enrol(visitor, clock)
        assert visitor.get("/").status_code == 200


def test_the_code_drawn_is_an_address_for_authenticators():
    address = totp.address(RFC_SECRET, login="zhangsan", county="崇阳县")
    parsed = pyotp.parse_uri(address)
    assert (parsed.secret, parsed.name, parsed.issuer) == (RFC_SECRET, "zhangsan", "村图 崇阳县")
    drawn = totp.qr_code(address)
    assert drawn.startswith("<svg")
    assert "style=" not in drawn
