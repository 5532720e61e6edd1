"""Files that are whole or not there, and stay through a power cut: backups and archives."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that only its owner can read, and that appears under its name, on the disk, when the block ends well."""
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    handle = os.open(half, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        half.rename(path)
        _settle(path.parent)
    finally:
        half.unlink(missing_ok=True)


def _settle(folder: Path) -> None:
    """Have the new name on the disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
