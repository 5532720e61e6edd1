from __future__ import annotations

import json
import re

from spatial.application_form import GROUPS, PROPERTIES


def test_the_page_has_every_field_of_the_form_and_no_personal_one(client):
    page = client.get("/apply")
    assert page.status_code == 200
    names = set(re.findall(r'<(?:input|select)[^>]* name="(\w+)"', page.text))
    assert names == set(PROPERTIES)
    for title in GROUPS.values():
        assert f"{title} <span" in page.text
    assert "姓名、电话、身份证号等个人信息不在本页填写" in page.text


def test_its_policy_allows_nothing_from_elsewhere_and_only_this_page_may_ask_for_a_place(client):
    page = client.get("/apply")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe-eval" not in policy
    assert re.search(r"script-src 'self' 'nonce-[^']+';", policy)
    assert page.headers["permissions-policy"] == "camera=(), microphone=(), geolocation=(self)"
    assert "geolocation=()" in client.get("/").headers["permissions-policy"]
    nonce = re.search(r"'nonce-([^']+)'", policy)[1]
    assert all(tag.startswith(("<script src=", f'<script nonce="{nonce}"')) for tag in re.findall(r"<script[^>]*>", page.text))


def test_a_village_name_that_is_code_stays_text_in_the_settings(client):
    text = re.search(r'id="apply-settings">(.*?)</script>', client.get("/apply").text, re.DOTALL)[1]
    assert "<" not in text
    told = json.loads(text)
    assert "{{ 7*7 }}<script>alert(1)</script>" in {place["name"] for place in told["places"]}
    assert (told["epsg"], told["meridian"]) == (4547, 114)
    assert told["snapLayers"] == []


def test_the_start_page_and_the_list_of_checks_lead_to_it(client):
    for path in ("/", "/checks"):
        assert 'href="/apply"' in client.get(path).text


def test_without_villages_it_says_so_instead_of_showing_an_empty_map(empty_client):
    page = empty_client.get("/apply")
    assert page.status_code == 200
    assert "村级调查区尚未入库" in page.text
    assert "apply-settings" not in page.text


def test_a_parameter_it_does_not_know_is_refused_as_a_page(client):
    answer = client.get("/apply", params={"plot": "1"})
    assert answer.status_code == 400
    assert "text/html" in answer.headers["content-type"]
