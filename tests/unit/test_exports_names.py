from __future__ import annotations

import csv
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers.catalog import catalog
from layers.errors import EncodingError
from layers.exports.field_names import short_names
from layers.exports.letters import MISSING, letters

names = st.lists(
    st.one_of(
        st.text(max_size=20),
        st.text("ab_1村", max_size=14),
        st.sampled_from(["has_piped_water", "has_piped_gas", "HAS_PIPED_", "has_piped_"]),
    )
)
chinese = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200)


@given(names)
def test_short_names_are_distinct_ascii_of_at_most_ten_bytes(given_names):
    written = short_names(given_names)
    assert list(written) == list(dict.fromkeys(given_names))
    assert len({name.lower() for name in written.values()}) == len(written)
    for name in written.values():
        assert 1 <= len(name) <= 10
        assert set(name) <= set(string.ascii_letters + string.digits + "_")
        assert name[0].isalpha()


@given(names)
def test_a_name_that_fits_is_kept_unless_another_like_it_came_before(given_names):
    written = short_names(given_names)
    fits = [
        name
        for name in given_names
        if len(name) <= 10 and name.isascii() and name.replace("_", "a").isalnum() and name[:1].isalpha()
    ]
    first = {name.lower(): name for name in reversed(fits)}
    assert all(written[name] == name for name in first.values())


def test_the_standard_codes_of_the_catalogue_are_never_cut_and_no_two_fields_fall_together():
    for layer in catalog().values():
        written = short_names(layer.fields)
        assert {name: short for name, short in written.items() if name.isupper()} == {
            name: name for name in written if name.isupper()
        }
        assert all(name.startswith(short.rstrip(string.digits)) for name, short in written.items())


@given(chinese, st.integers(1, 254), st.sampled_from(["GBK", "GB18030", "UTF-8"]))
def test_a_text_is_cut_between_characters_and_no_shorter_than_need_be(text, limit, name):
    chosen = letters(name, set(text))
    whole = chosen.encoded(text)
    cut = chosen.cut(text, limit)
    assert whole.startswith(cut)
    assert len(cut) <= limit
    kept = cut.decode(name)
    assert whole.decode(name).startswith(kept)
    following = whole.decode(name)[len(kept) :][:1]
    assert following == "" or len(cut) + len(following.encode(name)) > limit


def test_gbk_is_chosen_where_it_has_every_character():
    chosen = letters(None, set("崇阳县天城镇·—（）塆湾"))
    assert (chosen.name, chosen.language_byte, chosen.notes) == ("GBK", 0x4D, ())


def test_the_village_names_outside_gbk_are_carried_by_gb18030_and_every_such_character_is_named(shared_dir):
    with (shared_dir / "data" / "robustness" / "village_names_outside_gbk.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        villages = [row["name"] for row in csv.DictReader(file)]
    assert len(villages) == 48
    chosen = letters(None, set("".join(villages)))
    assert (chosen.name, chosen.language_byte) == ("GB18030", 0)
    assert [chosen.encoded(name).decode("gb18030") for name in villages] == villages
    outside = {char for name in villages for char in name if not letters("GBK", ()).has(char)}
    assert all(any(char in name for char in outside) for name in villages)
    assert all(f"{char} U+{ord(char):04X}" in chosen.notes[0] for char in outside)
    assert "造字区" in chosen.notes[1]


def test_gbk_on_demand_says_what_it_lacks_and_puts_a_mark_in_its_place():
    chosen = letters("gbk", set("白䌷村"))
    assert chosen.encoded("白䌷村").decode("gbk") == f"白{MISSING}村"
    assert "䌷 U+4337" in chosen.notes[0]


@pytest.mark.parametrize(("asked", "name"), [("gb 18030", "GB18030"), ("utf8", "UTF-8"), ("Gbk", "GBK")])
def test_encodings_go_by_their_usual_names(asked, name):
    assert letters(asked, set("村")).name == name


def test_an_encoding_that_cannot_be_written_is_refused():
    with pytest.raises(EncodingError, match="latin1"):
        letters("latin1", ())
