"""The files of deliveries on disk: a private folder of the deployment with one folder for each, which outlives a restart."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

from layers.errors import UnknownRecordError

_BLOCK = 1 << 20
LONGEST_NAME = 200
"""Bytes: shorter than any file system's limit of 255."""


@dataclass(frozen=True)
class KeptFile:
    """A file that was written down: under the id of its delivery, with its SHA-256 and size."""

    delivery_id: UUID
    path: Path
    sha256: str
    size: int


@dataclass(frozen=True)
class DeliveryFiles:
    """The folder of uploaded files."""

    root: Path

    def keep(self, source: BinaryIO, *, name: str) -> KeptFile:
        """Write an upload under its own name made harmless; what is cut off half way leaves nothing behind that is looked for."""
        delivery_id = uuid4()
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder = self._folder(delivery_id)
        folder.mkdir(mode=0o700)
        path, digest, size = folder / harmless_name(name), hashlib.sha256(), 0
        try:
            with path.open("wb") as target:
                while block := source.read(_BLOCK):
                    target.write(block)
                    digest.update(block)
                    size += len(block)
        except BaseException:
            self.forget(delivery_id)
            raise
        return KeptFile(delivery_id, path, digest.hexdigest(), size)

    def keep_again(self, delivery_id: UUID) -> UUID:
        """Keep the file of a delivery once more, for another one of its data sets; return the new delivery's id."""
        path, again = self.find(delivery_id), uuid4()
        self._folder(again).mkdir(mode=0o700)
        os.link(path, self._folder(again) / path.name)
        return again

    def find(self, delivery_id: UUID) -> Path:
        """Return the file of a delivery; raise UnknownRecordError where it is gone."""
        folder = self._folder(delivery_id)
        found = sorted(folder.iterdir()) if folder.is_dir() else []
        if not found:
            raise UnknownRecordError("上传的文件已经清理，请重新上传。")
        return found[0]

    def forget(self, delivery_id: UUID) -> None:
        """Remove the file of a delivery."""
        shutil.rmtree(self._folder(delivery_id), ignore_errors=True)

    def sweep(self, wanted: Collection[UUID], *, older_than_s: float = 86_400.0) -> list[UUID]:
        """Remove files that no delivery needs and that are so old that no upload is writing them; return whose they were."""
        if not self.root.is_dir():
            return []
        before = time.time() - older_than_s
        held = {_as_id(folder): folder for folder in self.root.iterdir()}
        left = [key for key, folder in held.items() if key is not None and key not in wanted and folder.lstat().st_mtime < before]
        for delivery_id in left:
            self.forget(delivery_id)
        return left

    def _folder(self, delivery_id: UUID) -> Path:
        return self.root / str(delivery_id)


def harmless_name(name: str) -> str:
    """Return the last part of a file's name without control characters, short enough for any file system, its ending kept."""
    last = Path("".join(char for char in name.replace("\\", "/") if char.isprintable())).name
    return "upload" if last in ("", ".", "..") else last.encode(errors="ignore")[-LONGEST_NAME:].decode(errors="ignore")


def _as_id(folder: Path) -> UUID | None:
    try:
        return UUID(folder.name)
    except ValueError:
        return None
