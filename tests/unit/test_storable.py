from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from layers.storable import storable, storable_text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(JSON)
def test_what_is_storable_already_stays_and_the_rest_becomes_storable(value):
    once = storable(value)
    assert storable(once) == once
    texts = [once] if isinstance(once, str) else []
    for text in texts:
        assert "\0" not in text
        text.encode("utf-8")


def test_only_zero_bytes_and_half_characters_are_changed():
    assert storable_text("湾\0塆\ud800䶮𠀀") == "湾塆?䶮𠀀"
    assert storable({"a\0": ["b\0", 1, None, {"c": (2.5, True)}]}) == {"a": ["b", 1, None, {"c": [2.5, True]}]}
