from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from layers.exports.place import PREFIX, replacing
from spatial.errors import InputError


def test_a_file_is_replaced_only_at_the_end(tmp_path):
    path = tmp_path / "图层.gpkg"
    path.write_text("old")
    with replacing(path) as place:
        place.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert [item.name for item in tmp_path.iterdir()] == ["图层.gpkg"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "图层.gpkg"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), replacing(path) as place:
        place.write_text("half")
        raise ZeroDivisionError
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("图层.gpkg", "old")]


KILLED = """
import os, signal, sys
from pathlib import Path
from layers.exports.place import replacing
with replacing(Path(sys.argv[1])) as place:
    place.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_export_leaves_the_old_file_and_the_next_one_clears_up(tmp_path):
    path = tmp_path / "a.gpkg"
    path.write_text("old")
    assert subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False).returncode == -9
    [left] = tmp_path.glob(f"{PREFIX}*")
    assert path.read_text() == "old"
    with replacing(path) as place:
        place.write_text("new")
    assert left.exists(), "a folder this young may belong to a process that is about to lock it"
    long_ago = time.time() - 3600
    os.utime(left, (long_ago, long_ago))
    with replacing(path) as place:
        place.write_text("newer")
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("a.gpkg", "newer")]


def test_the_folder_of_an_export_under_way_is_never_cleared(tmp_path):
    with replacing(tmp_path / "a.gpkg") as first:
        first.write_text("a")
        os.utime(first.parent, (0, 0))
        with replacing(tmp_path / "b.gpkg") as second:
            second.write_text("b")
        assert first.read_text() == "a"
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.gpkg", "b.gpkg"]


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="没有文件夹"), replacing(tmp_path / "nowhere" / "a.gpkg"):
        pass
    with pytest.raises(InputError, match="是文件夹"), replacing(tmp_path):
        pass
