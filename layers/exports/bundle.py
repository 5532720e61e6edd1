"""Several files as one zip archive."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

SHEET: Final = "说明.txt"
"""The sheet that lies beside formats which have no place for a statement of their own."""
LEVEL: Final = 3
"""Of compression: twice as fast as the usual 6, for a tenth more bytes."""
_DAY: Final = (1980, 1, 1, 0, 0, 0)
"""No time of day: the same version gives the same archive."""


def bundle(place: Path, members: Iterable[Path]) -> None:
    """Write files, and folders with all that is in them, to a zip archive."""
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive:
        for path, name in _files(members):
            entry = zipfile.ZipInfo(name, _DAY)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=path.stat().st_size > 2**31) as sink:
                shutil.copyfileobj(source, sink, 1 << 20)


def _files(members: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    for member in members:
        if member.is_dir():
            yield from (
                (path, f"{member.name}/{path.relative_to(member)}")
                for path in sorted(member.rglob("*"))
                if path.is_file()
            )
        else:
            yield member, member.name
