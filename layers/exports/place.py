"""Files that are there whole or not at all: written under another name in the same folder, and renamed at the very end."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from spatial.errors import InputError

PREFIX: Final = ".cuntu-export-"
_NEW_S: Final = 60
"""So many seconds a folder is left alone, for its process may only be about to lock it."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a place to write a file of the same name to; when the block ends well it takes the place of `path`, else nothing is changed.

    The place is in a folder of its own beside `path`, where more may be put; what killed processes left of such folders is cleared away.
    """
    if not path.parent.is_dir():
        raise InputError(problems=[f"没有文件夹 {path.parent}"])
    if path.is_dir():
        raise InputError(problems=[f"{path} 是文件夹，不是文件"])
    _clear_left(path.parent)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=path.parent))
    with _locked(folder):
        try:
            place = folder / path.name
            yield place
            _settle(place)
            place.replace(path)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Hold the lock of a folder; it goes with the process, however that ends."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _settle(place: Path) -> None:
    """Have the content on the disk before the name: after a power cut the name must not stand for half a file."""
    with place.open("rb+") as file:
        os.fsync(file.fileno())


def _clear_left(parent: Path) -> None:
    """Remove the folders whose process is gone: nobody holds their lock any more."""
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime > _NEW_S:
                with _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB):
                    shutil.rmtree(folder, ignore_errors=True)
