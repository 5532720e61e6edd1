from __future__ import annotations

import io
import os
import tempfile
import time

import pytest

from api import uploads


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_an_upload_is_kept_in_a_folder_of_its_own_and_forgotten_with_it(folder):
    first, second = (uploads.keep(io.BytesIO(content), name="../红线.gpkg") for content in (b"1", b"2"))
    assert (first.name, first.read_bytes(), second.read_bytes()) == ("红线.gpkg", b"1", b"2")
    uploads.forget(first)
    assert list(folder.iterdir()) == [second.parent]


def test_only_what_was_left_more_than_a_day_ago_is_removed(folder):
    old, new = (uploads.keep(io.BytesIO(b"x"), name="a.gpkg") for _ in range(2))
    other = folder / "other"
    other.mkdir()
    past = time.time() - uploads.FORGOTTEN_AFTER_S - 60
    for path in (old.parent, other):
        os.utime(path, (past, past))
    uploads.forget_left()
    assert sorted(folder.iterdir()) == sorted([new.parent, other])


@pytest.mark.parametrize(
    ("name", "kept"),
    [("..", "upload"), ("../..", "upload"), ("/", "upload"), ("", "upload"), ("a/b.zip", "b.zip"), ("C:\\数据\\a.shp", "a.shp"), ("a\0.zip", "a.zip")],
)
def test_a_name_leads_nowhere(name, kept):
    assert uploads.harmless_name(name) == kept


def test_a_long_name_is_cut_at_its_start_between_characters():
    kept = uploads.harmless_name("红" * 150 + ".gpkg")
    assert kept.endswith("红.gpkg")
    assert len(kept.encode()) <= 200
