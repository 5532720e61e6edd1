"""The checked list of ASVS 5.0: every requirement of levels 1 and 2 has an answer, and what it names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LIST = PROJECT / "docs" / "asvs.md"
STATES = {"符合", "未符合", "不适用"}
LEVELS = """
1.1 22 1.2 1111122223 1.3 112222222223 1.4 222 1.5 123 2.1 122 2.2 112 2.3 12223 2.4 23 3.1 3 3.2 113 3.3 12223 3.4 11222233 3.5 11122333 3.6 3 3.7 22333
4.1 12233 4.2 23333 4.3 22 4.4 1222 5.1 2 5.2 112333 5.3 113 5.4 222 6.1 122 6.2 111111112222 6.3 11223333 6.4 112233 6.5 22222333 6.6 2223 6.7 33 6.8 2222
7.1 222 7.2 1111 7.3 22 7.4 11222 7.5 223 7.6 22 8.1 1233 8.2 1123 8.3 133 8.4 23 9.1 111 9.2 1222 10.1 22 10.2 223 10.3 22223 10.4 1111122222233333 10.5 22222
10.6 22 10.7 222 11.1 2233 11.2 22233 11.3 11233 11.4 1222 11.5 23 11.6 23 11.7 33 12.1 12233 12.2 11 12.3 22223 13.1 2333 13.2 222223 13.3 2233 13.4 1222233
14.1 22 14.2 12223333 14.3 122 15.1 12233 15.2 12233 15.3 1222222 15.4 3333 16.1 2 16.2 22222 16.3 2222 16.4 222 16.5 2223 17.1 23 17.2 22223333 17.3 22
"""
"""The levels of the requirements of each section of ASVS 5.0.0, in their order."""
LINE = re.compile(r"^\| (?P<number>\d+\.\d+\.\d+) \| (?P<level>[12]) \| (?P<state>\S+) \| (?P<said>[^|]+) \| (?P<named>[^|]*) \|$", re.MULTILINE)
ROWS = [match.groupdict() for match in LINE.finditer(LIST.read_text(encoding="utf-8"))]


def requirements() -> dict[str, int]:
    parts = LEVELS.split()
    sections = zip(parts[::2], parts[1::2], strict=True)
    return {f"{section}.{place}": int(level) for section, levels in sections for place, level in enumerate(levels, 1)}


def named(row: dict[str, str]) -> list[str]:
    return re.findall(r"`([^`]+)`", row["named"])


def test_the_standard_has_as_many_requirements_as_it_says():
    found = list(requirements().values())
    assert (found.count(1), found.count(2), found.count(3), len(found)) == (70, 183, 92, 345)


def test_every_requirement_of_levels_one_and_two_has_one_answer():
    answered = [row["number"] for row in ROWS]
    assert sorted(answered) == sorted(number for number, level in requirements().items() if level < 3)
    assert {row["number"]: int(row["level"]) for row in ROWS} == {number: level for number, level in requirements().items() if level < 3}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["number"])
def test_an_answer_says_why_and_names_what_is_there(row):
    assert row["state"] in STATES
    assert row["state"] == "不适用" or named(row), "no file or test named"
    assert row["state"] != "未符合" or re.search("[：，]", row["said"]), "not said what is missing"
    for place in named(row):
        path, _, test = place.partition("::")
        file = PROJECT / path
        assert file.is_file(), place
        assert not test or re.search(rf"^def {test}\(", file.read_text(encoding="utf-8"), re.MULTILINE), place


def test_the_figures_at_the_top_are_those_of_the_list():
    text = LIST.read_text(encoding="utf-8")
    for state in sorted(STATES):
        count = sum(row["state"] == state for row in ROWS)
        assert re.search(rf"(?<!未){state} {count}\b", text), (state, count)
