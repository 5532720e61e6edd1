"""The text encoding of a shapefile's table: .cpg, then the language byte, then what its bytes allow. Never a silent guess.

Chinese deliveries are mostly GBK without .cpg, sometimes with a wrong language byte; read with defaults they turn into nonsense without
an error. GB18030 is used for GBK: the same bytes, and a few village names more.
"""

from __future__ import annotations

import codecs
import struct
from dataclasses import dataclass
from pathlib import Path

from layers.errors import EncodingError, UnsupportedFileError

_SAMPLE_ROWS = 2_000
_SAMPLE_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LANGUAGES = {0x4D: "gb18030", 0x7A: "gb18030"}
_CHINESE_PAGES = {"936": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "950": "big5", "65001": "utf-8"}


@dataclass(frozen=True)
class Encoding:
    """A Python codec and how it was found (`cpg`, `language_byte`, `content`, `given`)."""

    codec: str
    found_by: str


def of_shapefile(shapefile: Path, *, given: str | None = None) -> Encoding:
    """Tell a shapefile's encoding; raise EncodingError where nothing fits its bytes."""
    raw = _text_bytes(_beside(shapefile, ".dbf"))
    if given is not None:
        return _required(given, raw, "given")
    page = _beside(shapefile, ".cpg")
    if page is not None:
        codec = _codec(page.read_text(encoding="ascii", errors="replace").strip())
        if codec is not None and _fits(codec, raw):
            return Encoding(codec, "cpg")
    # Text that is valid UTF-8 beyond ASCII is practically never anything else, even where the language byte says GBK.
    language = _language(_beside(shapefile, ".dbf"))
    if _fits("utf-8", raw):
        return Encoding("utf-8", "content")
    if _fits("gb18030", raw) and _is_chinese(raw):
        return Encoding("gb18030", "language_byte" if language == "gb18030" else "content")
    raise EncodingError


def of_text(path: Path, *, given: str | None = None) -> Encoding:
    """Tell the encoding of a text file, every byte of which has to fit; raise EncodingError where none does, or it is no text.

    A byte order mark decides, then what is said, then valid UTF-8, then valid Chinese GB18030 (which holds GBK).
    """
    with path.open("rb") as stream:
        start = stream.read(_SAMPLE_BYTES)
    marked = next((codec for mark, codec in _MARKS if start.startswith(mark)), None)
    codec = marked or (None if given is None else _codec(given))
    if codec is None and given is not None:
        raise EncodingError(f"不认识的文字编码 {given!r}。")
    if codec is not None:
        if not _is_text(path, codec):
            raise EncodingError(f"{path.name} 中的文字不是 {codec} 编码，或文件不完整。")
        return Encoding(codec, "content" if marked else "given")
    if _is_text(path, "utf-8"):
        return Encoding("utf-8", "content")
    if _is_text(path, "gb18030") and _is_chinese(start[: start.rfind(b"\n") + 1] or start):
        return Encoding("gb18030", "content")
    raise EncodingError(f"{path.name} 中的文字既不是 UTF-8，也不是 GBK：请说明编码，或另存为 UTF-8。")


def _is_text(path: Path, codec: str) -> bool:
    """Whether every byte of a file fits, and none is the NUL that texts do not have."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK_BYTES):
                if "\0" in decoder.decode(block):
                    return False
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def decode(raw: bytes, codec: str) -> str:
    """Decode a value; the first half of a character cut off at the end of a field is left out."""
    try:
        return raw.decode(codec).rstrip("\0 ")
    except UnicodeDecodeError:
        # Strict decoding is many times faster; only what it refuses can be cut.
        pass
    return codecs.getincrementaldecoder(codec)("strict").decode(raw, final=False).rstrip("\0 ")


def _required(name: str, raw: bytes, found_by: str) -> Encoding:
    codec = _codec(name)
    if codec is None:
        raise EncodingError(f"不认识的文字编码 {name!r}。")
    if not _fits(codec, raw):
        raise EncodingError(f"文件中的文字不是 {name} 编码。")
    return Encoding(codec, found_by)


def _codec(name: str) -> str | None:
    plain = name.lower().removeprefix("cp").removeprefix("ansi").removeprefix("windows-").strip(" -")
    if plain in _CHINESE_PAGES:
        return _CHINESE_PAGES[plain]
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def _fits(codec: str, raw: bytes) -> bool:
    try:
        for value in raw.split(b"\n"):
            decode(value, codec)
    except UnicodeDecodeError:
        return False
    return True


def _is_chinese(raw: bytes) -> bool:
    """Whether at least half of the characters beyond ASCII are everyday ones (GB 2312 level 1, or punctuation).

    Western accents read as GBK give Chinese characters too, but rare ones.
    """
    text = "".join(decode(value, "gb18030") for value in raw.split(b"\n"))
    beyond = [char.encode("gb2312", errors="ignore") for char in text if ord(char) > 0x7F]
    everyday = [code for code in beyond if code and 0xA1 <= code[0] <= 0xD7]
    return 2 * len(everyday) >= len(beyond)


def _beside(shapefile: Path, suffix: str) -> Path | None:
    wanted = shapefile.with_suffix(suffix).name.lower()
    return next((path for path in shapefile.parent.iterdir() if path.name.lower() == wanted), None)


def _language(table: Path | None) -> str | None:
    if table is None:
        return None
    with table.open("rb") as stream:
        return _LANGUAGES.get(stream.read(30)[29])


def _text_bytes(table: Path | None) -> bytes:
    """Field names and the text values of the first rows, one a line."""
    if table is None:
        return b""
    with table.open("rb") as stream:
        try:
            _, header_length, row_length = struct.unpack("<4xIHH20x", stream.read(32))
            header = stream.read(header_length - 32)
            rows = stream.read(row_length * _SAMPLE_ROWS)
        except struct.error as error:
            raise UnsupportedFileError(f"{table.name} 不是可读的 DBF 表。") from error
    fields = [header[start : start + 32] for start in range(0, len(header) - 31, 32)]
    values = [field[:11].split(b"\0")[0] for field in fields]
    for start in range(0, len(rows) - row_length + 1, max(row_length, 1)):
        at = start + 1
        for field in fields:
            if field[11:12] == b"C":
                values.append(rows[at : at + field[16]].strip(b" \0").replace(b"\n", b" "))
            at += field[16]
    return b"\n".join(values)
