"""Signing in through an identity provider: only what it signed for us, for this browser, now."""

from __future__ import annotations

import time

import identity_provider
import pytest
from fastapi.testclient import TestClient
from visitors import Visitor, entries, somebody

from api.access import oidc
from api.app import create_app
from layers import database


@pytest.fixture
def provider():
    with identity_provider.running() as found:
        yield found


@pytest.fixture
def account(county_url) -> int:
    account = somebody(county_url, password_hash=None)
    with database.connect(county_url) as conn:
        conn.execute("UPDATE account SET oidc_subject = 'subject-1' WHERE id = %s", [account])
    return account


@pytest.fixture
def told(provider, settings, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(identity_provider.CLIENT_SECRET + "\n")
    more = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": identity_provider.CLIENT_ID,
        "oidc_client_secret_file": secret,
        "address": "http://testserver",
    }
    return settings.model_copy(update=more)


@pytest.fixture
def service(told, county_url, account):
    with TestClient(create_app(told, database_url=county_url)) as client:
        yield client


@pytest.fixture
def visitor(service) -> Visitor:
    return Visitor(service)


def sent(visitor: Visitor, provider, following: str = "/checks") -> dict[str, str]:
    """Go to the provider, say yes, and return what the browser brings back."""
    away = visitor.get("/sign-in/oidc", params={"next": following})
    assert away.status_code == 303, away.text
    assert away.headers["location"].startswith(f"{provider.issuer}/authorize?")
    return provider.authorize(away.headers["location"])


def back(visitor: Visitor, answer: dict[str, str]):
    return visitor.get("/sign-in/oidc/callback", params=answer)


def test_somebody_the_provider_knows_gets_in_and_to_the_page_asked_for(visitor, provider, county_url, account):
    assert "用单位统一身份认证登录" in visitor.get("/sign-in?next=/checks").text
    entered = back(visitor, sent(visitor, provider))
    assert entered.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/checks">' in entered.text
    given = next(line for line in entered.headers.get_list("set-cookie") if line.startswith("cuntu_session="))
    assert "samesite=strict" in given.lower()
    page = visitor.get("/checks")
    assert page.status_code == 200
    assert "张三" in page.text
    found = entries(county_url, "account.sign_in")
    assert [(entry["account_id"], entry["details"]["way"], entry["details"]["second_factor"]) for entry in found] == [
        (account, "oidc", False)
    ]


def test_another_kind_of_key_that_is_published_later_is_taken(visitor, provider, monkeypatch):
    assert back(visitor, sent(visitor, provider)).status_code == 200
    monkeypatch.setattr(oidc, "REFETCH_S", 0)
    provider.elliptic()
    visitor.sign_out()
    assert back(visitor, sent(visitor, provider)).status_code == 200


def wrong_key(provider):
    provider.signer = provider.other_key()


WRONG = {
    "nonce": lambda p: p.claims.update(nonce="another"),
    "no nonce": lambda p: setattr(p, "without", ("nonce",)),
    "audience": lambda p: p.claims.update(aud="somebody-else"),
    "audiences without azp": lambda p: p.claims.update(aud=[identity_provider.CLIENT_ID, "somebody-else"]),
    "azp of another": lambda p: p.claims.update(azp="somebody-else"),
    "no audience": lambda p: setattr(p, "without", ("aud",)),
    "issuer": lambda p: p.claims.update(iss="https://evil.example"),
    "expired": lambda p: p.claims.update(exp=int(time.time()) - 120),
    "no expiry": lambda p: setattr(p, "without", ("exp",)),
    "from the future": lambda p: p.claims.update(iat=int(time.time()) + 600),
    "no subject": lambda p: setattr(p, "without", ("sub",)),
    "subject of another kind": lambda p: p.claims.update(sub=["subject-1"]),
    "empty subject": lambda p: p.claims.update(sub=" "),
    "signature": wrong_key,
    "alg none": lambda p: setattr(p, "algorithm", "none"),
    "public key as a secret": lambda p: p.symmetric(),
    "no token": lambda p: setattr(p, "raw_token", "nonsense"),
    "refused": lambda p: setattr(p, "token_status", 400),
}


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
def test_an_id_token_that_is_wrong_in_any_way_lets_nobody_in(visitor, provider, county_url):
    assert "evil" not in provider.issuer
    kept = {name: value for name, value in vars(provider).items() if not name.startswith("_")}
    for name, spoil in WRONG.items():
        for attribute, value in kept.items():
            setattr(provider, attribute, dict(value) if isinstance(value, dict) else value)
        spoil(provider)
        refused = back(visitor, sent(visitor, provider))
        assert refused.status_code == 403, name
        assert "统一身份认证" in refused.text
        assert visitor.session is None
    assert visitor.get("/account").status_code == 303
    found = entries(county_url, "account.sign_in")
    assert [(entry["result"], entry["details"]["reason"]) for entry in found] == [("refused", "provider")] * len(WRONG)


def test_the_answer_has_to_be_that_to_this_browsers_question(visitor, service, provider):
    answer = sent(visitor, provider)
    assert (
        back(Visitor(service), answer).status_code == 403
    )  # brought by somebody else's browser: signed in as another unawares
    assert back(visitor, answer | {"state": "x"}).status_code == 403
    assert back(visitor, {"code": answer["code"]}).status_code == 403
    assert back(visitor, answer | {"iss": "https://evil.example"}).status_code == 403
    assert back(visitor, answer).status_code == 200
    assert back(visitor, answer).status_code == 403  # once


def test_the_provider_cannot_be_asked_without_end_by_made_up_answers(told, provider, county_url, account):
    """Each has this service ask the provider and write down a refusal: they are counted as tries to sign in."""
    with TestClient(create_app(told.model_copy(update={"rate_sign_in": "3/h"}), database_url=county_url)) as client:
        visitor = Visitor(client)
        state = sent(visitor, provider)["state"]
        answers = [back(visitor, {"state": state, "code": f"made-up-{number}"}).status_code for number in range(5)]
    assert answers == [403] * 3 + [429] * 2
    assert len(entries(county_url, "account.sign_in")) == 3


def test_only_our_own_form_sends_somebody_to_the_provider(visitor, provider):
    for site in ("cross-site", "same-site", "none"):
        led = visitor.get("/sign-in/oidc?next=/checks", headers={"sec-fetch-site": site})
        assert (led.status_code, led.headers["location"]) == (303, "/sign-in?next=%2Fchecks")
    away = visitor.get("/sign-in/oidc?next=/checks", headers={"sec-fetch-site": "same-origin"})
    assert away.headers["location"].startswith(provider.issuer)


def test_an_answer_that_comes_too_late_is_refused(visitor, provider, monkeypatch):
    answer = sent(visitor, provider)
    monkeypatch.setattr(oidc, "LASTS_S", -1)
    assert back(visitor, answer).status_code == 403


def test_what_the_provider_refuses_is_said_in_plain_words(visitor, provider):
    state = sent(visitor, provider)["state"]
    refused = back(
        visitor, {"error": "access_denied", "error_description": "<script>alert(1)</script>", "state": state}
    )
    assert refused.status_code == 403
    assert "没有让您登录" in refused.text
    assert "alert(1)" not in refused.text


def test_no_account_is_made_for_somebody_unknown_and_a_disabled_one_stays_shut(visitor, provider, county_url, account):
    provider.subject = "subject-2"
    unknown = back(visitor, sent(visitor, provider))
    assert unknown.status_code == 403
    assert "没有您可用的账户" in unknown.text
    with database.connect(county_url) as conn:
        assert conn.execute("SELECT count(*) FROM account WHERE oidc_subject IS NOT NULL").fetchone()[0] == 1
        conn.execute("UPDATE account SET disabled_at = now() WHERE id = %s", [account])
    provider.subject = "subject-1"
    assert back(visitor, sent(visitor, provider)).status_code == 403
    assert [entry["details"]["reason"] for entry in entries(county_url, "account.sign_in")] == [
        "unknown_subject",
        "disabled",
    ]


def test_nothing_is_fetched_from_another_host(service, provider, told):
    with identity_provider.running() as evil:
        for spoil in (
            {"jwks_uri": f"{evil.issuer}/keys"},
            {"token_endpoint": f"{evil.issuer}/token"},
            {"authorization_endpoint": f"{evil.issuer}/a"},
            {"issuer": evil.issuer},
        ):
            provider.description = spoil
            service.app.state.provider = oidc.Provider(told)
            visitor = Visitor(service)
            away = visitor.get("/sign-in/oidc")
            if away.status_code == 303:
                answer = provider.authorize(away.headers["location"])
                assert back(visitor, answer).status_code == 503, spoil
            else:
                assert away.status_code == 503
            assert visitor.session is None
        provider.description = {}
        provider.redirects = {"/.well-known/openid-configuration": f"{evil.issuer}/.well-known/openid-configuration"}
        service.app.state.provider = oidc.Provider(told)
        assert Visitor(service).get("/sign-in/oidc").status_code == 503
        assert evil.requests == []


def test_only_https_but_on_this_very_machine(told):
    away = oidc.Provider(told.model_copy(update={"oidc_issuer": "http://sso.example"}))
    with pytest.raises(oidc.ProviderAwayError, match="https"):
        away.send("/", redirect_uri="x")


def test_a_provider_that_is_away_does_not_take_the_form_with_it(service, told):
    service.app.state.provider = oidc.Provider(told.model_copy(update={"oidc_issuer": "http://127.0.0.1:9"}))
    visitor = Visitor(service)
    assert visitor.get("/sign-in/oidc").status_code == 503
    assert visitor.get("/sign-in").status_code == 200


def test_where_none_is_set_up_there_is_none(client):
    visitor = Visitor(client)
    assert "/sign-in/oidc" not in visitor.get("/sign-in").text
    assert visitor.get("/sign-in/oidc").status_code == 404
    assert visitor.get("/sign-in/oidc/callback?code=x&state=y").status_code == 404


def test_nobody_is_led_to_another_host_by_the_way_round(visitor, provider):
    entered = back(visitor, sent(visitor, provider, following="//evil.example"))
    assert entered.status_code == 200
    assert "evil.example" not in entered.text


def test_a_factor_shown_to_the_provider_counts_and_one_that_was_not_is_asked_for(
    visitor, service, provider, county_url, account
):
    with database.connect(county_url) as conn:
        conn.execute("UPDATE account SET totp_secret = '\\x00', totp_confirmed_at = now() WHERE id = %s", [account])
    back(visitor, sent(visitor, provider))
    assert visitor.get("/checks").headers["location"].startswith("/account/second-factor")
    provider.claims = {"amr": ["pwd", "otp", "mfa"]}
    other = Visitor(service)
    back(other, sent(other, provider))
    assert other.get("/checks").status_code == 200
