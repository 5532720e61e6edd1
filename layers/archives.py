"""Zip archives from outside, unpacked with care: no way out of the folder, no bombs, no links."""

from __future__ import annotations

import lzma
import stat
import zipfile
import zlib
from collections import Counter
from itertools import pairwise
from pathlib import Path, PurePosixPath

from layers.errors import UnsafeArchiveError, UnsupportedFileError

MAX_BYTES = 4 * 1024**3
MAX_FILES = 2_000
MAX_RATIO = 200
"""Unpacked to packed size, judged once a member unpacks to more than 10 MB."""

_BLOCK = 1 << 20
_SMALL = 10 << 20
_SMALL_TABLE = 1 << 30
"""Tables of shapefiles are padded with blanks: wide fields that hold little pack to a five-hundredth."""
_LOCAL_HEADER = 30
_UTF8 = 0x800
_LONGEST = 200
"""Bytes of one name: file systems take 255."""
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, UnicodeError, EOFError, ValueError, IndexError, OverflowError, RuntimeError)
"""What zipfile raises for bytes that are no archive it knows."""


def unpack(path: Path, folder: Path, *, max_bytes: int = MAX_BYTES, max_files: int = MAX_FILES) -> list[Path]:
    """Unpack an archive into a folder and return its files.

    Raises UnsafeArchiveError for members that lead outside, links, devices, encryption, members that share their bytes, too many
    files or too much data (counted while unpacking, whatever the archive says), UnsupportedFileError for what is no readable zip file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _unpack_all(archive, checked(archive, max_files=max_files), folder, max_bytes)
    except BROKEN as error:
        raise UnsupportedFileError(f"{path.name} 不是可读的 zip 压缩包，或已损坏。") from error


def checked(archive: zipfile.ZipFile, *, max_files: int = MAX_FILES) -> list[zipfile.ZipInfo]:
    """Return the files of an archive that is safe as far as its directory tells; raise UnsafeArchiveError naming every member that is not."""
    members = [member for member in archive.infolist() if not member.is_dir()]
    places = [_place(member) for member in members]
    if len(members) > max_files:
        raise UnsafeArchiveError(f"压缩包内有 {len(members)} 个文件，最多允许 {max_files} 个。")
    problems = []
    folders = {folder for name in places for folder in name.parents}
    # File systems that do not tell upper from lower case take two such names for one.
    times = Counter(str(name).lower() for name in places)
    for member, name in zip(members, places, strict=True):
        if name.is_absolute() or ".." in name.parts or ":" in str(name) or not name.parts:
            problems.append(f"{str(name)!r} 指向压缩包之外")
        if any(len(part.encode(errors="replace")) > _LONGEST for part in name.parts) or not str(name).isprintable():
            problems.append(f"{str(name)[:60]!r} 不是正常的文件名")
        if name in folders or times[str(name).lower()] > 1:
            problems.append(f"{str(name)!r} 与压缩包内另一项重名")
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG):
            problems.append(f"{str(name)!r} 是链接或设备，不是文件")
        if member.flag_bits & 0x1:
            problems.append(f"{str(name)!r} 已加密")
    problems.extend(_overlaps(members))
    if problems:
        raise UnsafeArchiveError(problems=problems[:20])
    return members


def _overlaps(members: list[zipfile.ZipInfo]) -> list[str]:
    """Members that share their bytes: the way to pack terabytes into megabytes without one archive in another."""
    ordered = sorted(members, key=lambda member: member.header_offset)
    shared = (
        (first, second)
        for first, second in pairwise(ordered)
        if first.header_offset + _LOCAL_HEADER + first.compress_size > second.header_offset
    )
    return [f"{first.filename!r} 与 {second.filename!r} 共用数据，疑为压缩炸弹" for first, second in shared]


def _place(member: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(_name(member).replace("\\", "/"))


def _name(member: zipfile.ZipInfo) -> str:
    """A member's name. Without the mark for UTF-8 zipfile takes it for code page 437, which keeps every byte: Chinese tools mean GBK, some UTF-8."""
    name = member.orig_filename.split("\0")[0]
    if member.flag_bits & _UTF8:
        return name
    raw = name.encode("cp437")
    for codec in ("utf-8", "gb18030"):
        try:
            return raw.decode(codec)
        except UnicodeDecodeError:
            continue
    return name


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
    small = _SMALL_TABLE if target.suffix.lower() == ".dbf" else _SMALL
    with archive.open(member) as source, target.open("wb") as sink:
        while block := source.read(_BLOCK):
            written += len(block)
            if written > allowed:
                raise UnsafeArchiveError("压缩包解开后超过允许的大小。")
            if written > small and written > MAX_RATIO * max(member.compress_size, 1):
                raise UnsafeArchiveError(f"{target.name!r} 的压缩比异常，疑为压缩炸弹。")
            sink.write(block)
    return written
