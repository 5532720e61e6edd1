"""The document on personal data lists exactly the fields and retentions that the data have."""

from __future__ import annotations

from pathlib import Path

import pytest

import layers
from layers import applicants, households
from layers.personal_fields import fields, retentions

TEXT = (Path(layers.__file__).parents[1] / "docs" / "privacy.md").read_text(encoding="utf-8")
TABLES = {"applicant": applicants.TABLE, "member": applicants.MEMBERS, "household": households.PERSONS}


def rows(name):
    part = TEXT.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_field_stands_in_the_document_with_class_purpose_and_retention():
    told = {row[2]: (row[1], row[3], row[4], row[5]) for row in rows("fields")}
    kept = {
        f"`{TABLES[group]}.{name}`": (f.title, f.class_label, f.purpose, f.retention.title)
        for group, those in fields().items()
        for name, f in those.items()
    }
    assert told == kept and len(kept) == 17


def test_every_retention_stands_in_the_document_with_its_source():
    assert [row[2] for row in rows("retention")] == [item.source for item in retentions().values()]
    assert [row[1] for row in rows("retention")] == [
        str(item.days) if item.days is not None else "—" for item in retentions().values()
    ]


@pytest.mark.parametrize(
    "law",
    [
        "第十九条",
        "第二十八条",
        "第三十一条",
        "第三十五条",
        "第三十六条",
        "第四十七条",
        "第五十一条",
        "第五十五条",
        "第五十六条",
        "第五十七条",
    ],
)
def test_what_the_law_asks_for_is_answered(law):
    assert law in TEXT


def test_every_test_named_in_the_document_is_there():
    named = [part for part in TEXT.split("`") if part.startswith("tests/")]
    assert len(named) >= 8
    assert [path for path in named if not (Path(layers.__file__).parents[1] / path).exists()] == []
