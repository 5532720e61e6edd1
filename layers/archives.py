"""Zip archives from outside, unpacked with care: no way out of the folder, no bombs, no links."""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from layers.errors import UnsafeArchiveError, UnsupportedFileError

MAX_BYTES = 4 * 1024**3
MAX_FILES = 2_000
MAX_RATIO = 200
"""Unpacked to packed size, judged once a member unpacks to more than 10 MB."""

_BLOCK = 1 << 20
_SMALL = 10 << 20


def unpack(path: Path, folder: Path, *, max_bytes: int = MAX_BYTES) -> list[Path]:
    """Unpack an archive into a folder and return its files.

    Raises UnsafeArchiveError for members that lead outside, links, encryption, too many files or too much data (counted while
    unpacking, whatever the archive says), UnsupportedFileError for what is no readable zip file.
    """
    try:
        with zipfile.ZipFile(path, metadata_encoding="gb18030") as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check(members)
            return _unpack_all(archive, members, folder, max_bytes)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, UnicodeDecodeError, EOFError) as error:
        raise UnsupportedFileError(f"{path.name} 不是可读的 zip 压缩包。") from error


def _check(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > MAX_FILES:
        raise UnsafeArchiveError(f"压缩包内有 {len(members)} 个文件，最多允许 {MAX_FILES} 个。")
    problems = []
    names = [_place(member) for member in members]
    folders = {folder for name in names for folder in name.parents}
    for member, name in zip(members, names, strict=True):
        if name.is_absolute() or ".." in name.parts or ":" in member.filename or "\0" in member.filename:
            problems.append(f"{member.filename!r} 指向压缩包之外")
        if name in folders or names.count(name) > 1:
            problems.append(f"{member.filename!r} 与压缩包内另一项重名")
        if stat.S_ISLNK(member.external_attr >> 16):
            problems.append(f"{member.filename!r} 是链接")
        if member.flag_bits & 0x1:
            problems.append(f"{member.filename!r} 已加密")
    if problems:
        raise UnsafeArchiveError(problems=problems[:20])


def _place(member: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(member.filename.replace("\\", "/"))


def _unpack_all(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], folder: Path, max_bytes: int) -> list[Path]:
    left = max_bytes
    files = []
    for member in members:
        target = folder / _place(member)
        target.parent.mkdir(parents=True, exist_ok=True)
        left -= _unpack_one(archive, member, target, left)
        files.append(target)
    return files


def _unpack_one(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, allowed: int) -> int:
    written = 0
    with archive.open(member) as source, target.open("wb") as sink:
        while block := source.read(_BLOCK):
            written += len(block)
            if written > allowed:
                raise UnsafeArchiveError("压缩包解开后超过允许的大小。")
            if written > _SMALL and written > MAX_RATIO * max(member.compress_size, 1):
                raise UnsafeArchiveError(f"{member.filename!r} 的压缩比异常，疑为压缩炸弹。")
            sink.write(block)
    return written
