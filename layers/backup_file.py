"""The file of a backup: an uncompressed ZIP with PostgreSQL's own dump and a list of what is in it, sealed by a digest of all its bytes.

Where all else fails, `unzip` and `pg_restore` read it, too.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import orjson

from layers import durable_files
from layers.backup_content import Content
from spatial.errors import CuntuError

DUMP, MANIFEST = "database.dump", "manifest.json"
FORMAT = 1
BLOCK = 1 << 20
_SEAL = 64
"""The digest (hex) stands at the very end, as the comment of the ZIP."""


class BackupFileError(CuntuError):
    """这不是完整的备份文件，没有做任何改动。"""


@dataclass(frozen=True)
class BackupFile:
    """A whole and unaltered backup."""

    path: Path
    sha256: str
    content: Content

    @contextmanager
    def dump(self) -> Iterator[IO[bytes]]:
        """Read the dump."""
        with zipfile.ZipFile(self.path) as archive, archive.open(DUMP) as dump:
            yield dump


@contextmanager
def writing(path: Path) -> Iterator[zipfile.ZipFile]:
    """Write a file that only its owner can read, and that appears under its name, sealed and on the disk, when the block ends well."""
    with durable_files.writing(path) as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            yield archive
            archive.comment = b"0" * _SEAL
        file.seek(-_SEAL, os.SEEK_END)
        file.write(_digest(file).encode())


def add(archive: zipfile.ZipFile, name: str, source: IO[bytes]) -> None:
    """Copy a stream of unknown length into the file."""
    with archive.open(name, "w", force_zip64=True) as member:
        shutil.copyfileobj(source, member, BLOCK)


def add_content(archive: zipfile.ZipFile, content: Content) -> None:
    """Add the list of what is in the dump."""
    archive.writestr(
        MANIFEST,
        orjson.dumps({"format": FORMAT, **content.to_json()}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS),
    )


def opened(path: Path) -> BackupFile:
    """Read a backup file's list of contents; raises BackupFileError where a byte of it is missing or altered."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size < _SEAL or not zipfile.is_zipfile(file):
            raise BackupFileError(
                f"{path.name} 不是由 cuntu db backup 写成的备份，或者不完整（可能没有复制完）。没有做任何改动。"
            )
        file.seek(-_SEAL, os.SEEK_END)
        sealed, digest = file.read(_SEAL).decode("ascii", "replace"), _digest(file)
    if sealed != digest:
        raise BackupFileError(f"{path.name} 的内容与写成时不一致：文件被截断或改动过。没有做任何改动。")
    try:
        with zipfile.ZipFile(path) as archive:
            told: dict[str, Any] = orjson.loads(archive.read(MANIFEST))
        if told["format"] != FORMAT:
            raise BackupFileError(
                f"{path.name} 的格式（{told['format']}）不是本版本认识的，请用写成它的版本或更新的版本恢复。"
            )
        return BackupFile(path, digest, Content.from_json(told))
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise BackupFileError(
            f"{path.name} 中没有可读的内容清单：不是由 cuntu db backup 写成的备份。没有做任何改动。"
        ) from error


def seal(path: Path) -> str:
    """Return the digest that a file bears, which tells it from every other; `opened` works it out anew."""
    with path.open("rb") as file:
        file.seek(-_SEAL, os.SEEK_END)
        return file.read().decode("ascii", "replace")


def _digest(file: IO[bytes]) -> str:
    """The SHA-256 of all but the seal; leaves the file at the seal."""
    left = file.seek(0, os.SEEK_END) - _SEAL
    file.seek(0)
    found = hashlib.sha256()
    while left:
        block = file.read(min(left, BLOCK))
        left -= len(block)
        found.update(block)
    return found.hexdigest()
