"""Uploaded files while a job works on them: each in a folder of its own, which goes away with the job."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

PREFIX = "cuntu-upload-"
FORGOTTEN_AFTER_S = 86_400.0


def keep(source: BinaryIO, *, name: str) -> Path:
    """Write an upload under its own name made harmless; its ending says what kind of file it is."""
    path = Path(tempfile.mkdtemp(prefix=PREFIX)) / harmless_name(name)
    with path.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
    return path


def forget(path: Path) -> None:
    """Remove a kept upload with its folder."""
    shutil.rmtree(path.parent, ignore_errors=True)


@contextmanager
def forgotten_on_error(path: Path) -> Iterator[None]:
    """Remove a kept upload where the block fails: nobody will work on it."""
    try:
        yield
    except BaseException:
        forget(path)
        raise


def forget_left() -> None:
    """Remove what a service that was killed a day ago or earlier has left."""
    before = time.time() - FORGOTTEN_AFTER_S
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if folder.lstat().st_mtime < before:
            shutil.rmtree(folder, ignore_errors=True)


def harmless_name(name: str) -> str:
    """Return the last part of a file's name, short enough for any file system (255 bytes) with its ending kept."""
    last = Path(name.replace("\\", "/").replace("\x00", "")).name
    return "upload" if last in ("", "..") else last.encode()[-200:].decode(errors="ignore")
