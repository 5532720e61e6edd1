from __future__ import annotations

import json

import pytest
from branca.element import Element
from hypothesis import given
from hypothesis import strategies as st

from layers.maps.escape import escape, escape_json

HOSTILE = "{{ 7*7 }}<script>alert(1)</script>"
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


def rendered_by_folium(text: str) -> str:
    """What is left of a text after Folium has made a template of it."""
    return Element(text).render()


def test_text_loses_every_character_that_html_or_jinja_would_act_on():
    assert escape(HOSTILE) == "&#123;&#123; 7*7 &#125;&#125;&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.mark.parametrize("name", [HOSTILE, "{% for x in y %}", "{# 注 #}", 'a" onmouseover="x', "甲&乙"])
def test_escaped_text_goes_through_folium_unchanged(name):
    assert rendered_by_folium(escape(name)) == escape(name)


def test_what_is_missing_is_empty_text():
    assert escape(None) == ""
    assert escape(0) == "0"


@given(values)
def test_escaped_json_goes_through_folium_and_still_says_the_same(value):
    assert json.loads(rendered_by_folium(escape_json(value))) == value


@given(st.text())
def test_escaped_json_holds_nothing_that_ends_a_script_or_opens_a_block(text):
    written = escape_json({"name": text, text: 1})
    assert not any(sign in written for sign in ("<", ">", "&", "'", "{{", "{%", "{#", "\u2028", "\u2029"))


def test_json_refuses_numbers_that_json_has_no_form_for():
    with pytest.raises(ValueError, match="Out of range"):
        escape_json({"rate": float("nan")})
