"""What a browser is shown where a seat may not do something: a page in words, never a document for programs."""

from __future__ import annotations

import people
import pytest

HTML = {"Accept": "text/html"}


@pytest.fixture
def viewer(client, county_url):
    """The headers of a viewer's browser."""
    return HTML | people.somebody(county_url, "viewerA", ["viewer"])


def test_a_page_that_the_seat_may_not_see_says_so_in_words(client, viewer):
    answer = client.get("/admin/audit", headers=viewer)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html") and answer.headers["cache-control"] == "no-store"
    assert "您的席位没有这项权限" in answer.text


def test_a_program_is_told_the_same_as_a_document(client, viewer):
    answer = client.get("/admin/audit", headers=viewer | {"Accept": "application/json"})
    assert answer.status_code == 403 and answer.headers["content-type"] == "application/problem+json"


def test_a_method_that_an_address_does_not_have_is_refused_as_such(client, viewer):
    assert client.put("/metrics", headers=viewer).status_code == 405
    assert client.get("/metrics", headers=viewer).status_code == 403
