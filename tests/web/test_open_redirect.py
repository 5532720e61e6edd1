"""After signing in nobody is led to another host, however the address is dressed up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from visitors import Visitor, somebody

from api.access.local_paths import local_path

ELSEWHERE = {
    "scheme": "https://evil.example/",
    "two slashes": "//evil.example",
    "three slashes": "///evil.example",
    "backslash": "/\\evil.example",
    "backslashes": "\\\\evil.example",
    "encoded slashes": "%2f%2fevil.example",
    "slash and encoded": "/%2fevil.example",
    "encoded backslash": "/%5cevil.example",
    "encoded twice": "/%252fevil.example",
    "tab": "/\t/evil.example",
    "line end": "/\n/evil.example",
    "header": "/a\r\nSet-Cookie: x=1",
    "leading space": " //evil.example",
    "script": "javascript:alert(1)",
    "scheme without host": "https:evil.example",
    "at": "@evil.example",
    "dot": ".evil.example",
    "line separator": "/\u2028/evil.example",
    "bracket": "//[",
    "to itself": "/sign-in?next=/sign-in",
    "out": "/sign-out",
    "empty": "",
}
HERE = [
    "/checks?page=2",
    "/maps/village-types?village=421223100201",
    "/x?y=https://other.example//z",
    "/checks?x=%2F%2Fy",
    "/account#tokens",
    "/村",
]


@pytest.mark.parametrize("text", ELSEWHERE.values(), ids=list(ELSEWHERE))
def test_anything_else_leads_to_the_start_page(text):
    assert local_path(text) == "/"


@pytest.mark.parametrize("text", HERE, ids=range(len(HERE)))
def test_a_page_of_this_service_is_opened(text):
    assert local_path(text) == text


@given(st.text(alphabet="/\\%25fFcC.@:e \t\r\n\x00?#", max_size=12))
def test_no_text_makes_a_browser_leave(text):
    found = local_path(text)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert not any(character in found for character in "\\\t\r\n\x00 ")


@pytest.mark.parametrize(
    "text", [text for text in ELSEWHERE.values() if text], ids=[name for name, text in ELSEWHERE.items() if text]
)
def test_no_form_and_no_answer_names_another_host(client, county_url, text):
    visitor = Visitor(client)
    form = visitor.get("/sign-in", params={"next": text})
    assert form.status_code == 200
    assert 'name="next" value="/"' in form.text
    assert "evil.example" not in form.text
    away = visitor.get("/sign-in", params={"next": text}, headers={"sec-fetch-site": "cross-site"})
    assert "http-equiv" not in away.text


def test_a_form_that_was_tampered_with_leads_to_the_start_page(client, county_url):
    somebody(county_url)
    for text in ("//evil.example", "/\\evil.example", "https://evil.example", "/%2fevil.example"):
        entered = Visitor(client).sign_in(following=text)
        assert (entered.status_code, entered.headers["location"]) == (303, "/")
