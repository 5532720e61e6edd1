"""Read a delivered file: what is in it, and one of its data sets whole. The bytes are read in a process of their own with limits."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from pyproj import CRS
from pyproj.exceptions import CRSError

from layers.encodings import Encoding
from layers.errors import UnsupportedFileError
from layers.reading import process
from layers.reading.dataset import RawDataset, RawField
from layers.reading.frames import frame_of
from layers.reading.limits import Limits

LIMITS = Limits()
_LONGEST_CRS = 20_000


def contents(path: Path, *, encoding: str | None = None, limits: Limits = LIMITS) -> tuple[RawDataset, ...]:
    """Tell every data set of a file or geodatabase folder, with its first rows (`limits.head_rows`).

    Tables without geometries are told too (kind `table`). Raises UnsupportedFileError, CostlyFileError, UnsafeArchiveError,
    EncodingError or DatasetRefusedError.
    """
    return _read(path, name=None, rows=limits.head_rows, encoding=encoding, limits=limits)


def read(path: Path, name: str | None = None, *, encoding: str | None = None, limits: Limits = LIMITS) -> RawDataset:
    """Read one data set whole: the one called `name` in `contents`, or the only one with geometries.

    Raises what `contents` raises, UnclearLayerError where the file has several, DatasetRefusedError for a table without geometries.
    """
    [dataset] = _read(path, name=name, rows=None, encoding=encoding, limits=limits)
    return dataset


def digest(path: Path) -> str:
    """SHA-256 of a file; of a shapefile that lies open, or a geodatabase, of the names and contents of its files in order."""
    if path.is_file() and path.suffix.lower() != ".shp":
        return _sha256(path)
    files = sorted(path.rglob("*")) if path.is_dir() else sorted(path.parent.glob(f"{_plain(path.stem)}.*"))
    lines = [f"{file.relative_to(path.parent).as_posix()}\0{_sha256(file)}\n" for file in files if file.is_file()]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _plain(stem: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in stem)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read(path: Path, *, name: str | None, rows: int | None, encoding: str | None, limits: Limits) -> tuple[RawDataset, ...]:
    if not path.exists():
        raise UnsupportedFileError(f"没有文件 {path.name}。")
    digests: list[str] = []
    with process.answered(path, name=name, rows=rows, encoding=encoding, limits=limits, meanwhile=lambda: digests.append(digest(path))) as (folder, answer):
        return tuple(_dataset(path, digests[0], folder / f"{place}.arrow", told) for place, told in enumerate(answer["datasets"]))


def _dataset(path: Path, sha256: str, arrow: Path, told: dict[str, Any]) -> RawDataset:
    fields = tuple(RawField(column=item["column"], text=item["text"], raw=bytes.fromhex(item["raw"]), kind=item["kind"]) for item in told["columns"])
    frame = frame_of(arrow, {field.column: field.kind for field in fields}, name=told["name"])
    crs, notes = _crs(told["crs"])
    return RawDataset(
        file_name=path.name,
        sha256=sha256,
        name=told["name"],
        driver=told["driver"],
        kind=told["kind"],
        fields=fields,
        encoding=Encoding(**told["encoding"]),
        crs=crs,
        frame=frame,
        feature_count=told["feature_count"],
        is_complete=told["is_complete"],
        notes=(*told["notes"], *notes),
    )


def _crs(written: str | None) -> tuple[CRS | None, tuple[str, ...]]:
    if not written:
        return None, ()
    try:
        if len(written) > _LONGEST_CRS:
            raise CRSError("too long")
        return CRS.from_user_input(written), ()
    except CRSError:
        return None, ("文件写明的坐标系无法识别。",)
