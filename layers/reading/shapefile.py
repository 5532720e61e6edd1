"""The three files of a shapefile held against each other before anybody believes their headers. Runs in the child process."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from layers.errors import UnsupportedFileError
from layers.reading.limits import Limits

_HEADER = 100
_RECORD = 8
_FIELD = 32
_END = 0x0D


def check(path: Path, limits: Limits) -> None:
    """Raise UnsupportedFileError naming what does not fit: counts and lengths that the files' sizes cannot hold, missing or cut files."""
    index, table = beside(path, ".shx"), beside(path, ".dbf")
    problems = []
    if index is None:
        problems.append(f"缺少 {path.stem}.shx")
    if table is None:
        problems.append(f"缺少 {path.stem}.dbf")
    shapes = 0
    if index is not None:
        shapes, found = _index_problems(path, index)
        problems.extend(found)
    if table is not None:
        rows, found = _table_problems(table, limits)
        problems.extend(found)
        if index is not None and not problems and rows != shapes:
            problems.append(f"图形 {shapes} 个，属性 {rows} 行，两者不一致")
    if shapes > limits.features:
        problems.append(f"图形 {shapes} 个，最多允许 {limits.features} 个")
    if problems:
        raise UnsupportedFileError(f"{path.name} 不完整或已损坏：{'；'.join(problems)}。")


def beside(path: Path, suffix: str) -> Path | None:
    """The file of the same name with another ending, in any case of letters."""
    wanted = path.with_suffix(suffix).name.lower()
    return next((other for other in path.parent.iterdir() if other.name.lower() == wanted), None)


def _index_problems(path: Path, index: Path) -> tuple[int, list[str]]:
    size = path.stat().st_size
    with index.open("rb") as stream:
        header, body = stream.read(_HEADER), stream.read()
    if len(header) < _HEADER or size < _HEADER:
        return 0, ["文件头不完整"]
    with path.open("rb") as stream:
        shape_header = stream.read(_HEADER)
    stated = struct.unpack(">i", shape_header[24:28])[0] * 2
    problems = [] if stated == size else [f".shp 应有 {stated} 字节，实有 {size} 字节"]
    if struct.unpack(">i", header[24:28])[0] * 2 != _HEADER + len(body) or len(body) % _RECORD:
        return 0, [*problems, ".shx 的长度与它的文件头不符"]
    entries = np.frombuffer(body, dtype=">i4").astype(np.int64).reshape(-1, 2) * 2
    starts, ends = entries[:, 0], entries.sum(axis=1) + _RECORD
    if ((starts < _HEADER) | (entries[:, 1] < 0) | (ends > size)).any():
        problems.append(".shx 指向 .shp 之外")
    elif entries[:, 1].sum() + _RECORD * len(entries) > size - _HEADER:
        # Every record has its own bytes: else a small file could hold a large shape a million times.
        problems.append(".shx 中的图形共用数据")
    return len(entries), problems


def _table_problems(table: Path, limits: Limits) -> tuple[int, list[str]]:
    size = table.stat().st_size
    with table.open("rb") as stream:
        start = stream.read(_FIELD)
        if len(start) < _FIELD:
            return 0, [".dbf 的文件头不完整"]
        rows, header_length, row_length = struct.unpack("<4xIHH20x", start)
        header = stream.read(max(header_length - _FIELD, 0))
    if len(header) != header_length - _FIELD or not row_length:
        return 0, [".dbf 的文件头不完整"]
    if header_length + rows * row_length > size:
        return 0, [f".dbf 文件头写明 {rows} 行，按每行 {row_length} 字节应有 {header_length + rows * row_length} 字节，实有 {size} 字节"]
    fields = header[: header.find(bytes([_END]), 0)] if bytes([_END]) in header[::_FIELD] else header
    widths = [field[16] for field in _fields(fields)]
    if len(widths) > limits.fields:
        return rows, [f".dbf 有 {len(widths)} 个字段，最多允许 {limits.fields} 个"]
    return rows, []


def _fields(header: bytes) -> list[bytes]:
    return [header[start : start + _FIELD] for start in range(0, len(header) - _FIELD + 1, _FIELD)]
