"""Text of unknown encoding, and numbers as surveyors write them."""

from __future__ import annotations

import codecs
import re

from spatial.errors import InputError

_NUMBER = re.compile(r"[+-]?(?:\d{1,12})(?:\.\d{0,12})?", re.ASCII)
_FULL_WIDTH = str.maketrans("，；：．－＋０１２３４５６７８９　［］＝＠", ",;:.-+0123456789 []=@")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
MAX_LINE = 2_000


def decode(raw: bytes) -> tuple[str, str]:
    """Decode a text by its byte order mark, else as UTF-8, else as GB18030 (which holds GBK); return it with the codec's name.

    Raises InputError where nothing fits, or where the bytes are no text at all.
    """
    for mark, codec in _MARKS:
        if raw.startswith(mark):
            return _strict(raw, codec), codec
    if b"\0" in raw:
        raise InputError("这不是文本文件：内容是二进制的。")
    for codec in ("utf-8", "gb18030"):
        try:
            return raw.decode(codec), codec
        except UnicodeDecodeError:
            continue
    raise InputError("文字编码既不是 UTF-8，也不是 GBK，无法读取。")


def _strict(raw: bytes, codec: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        raise InputError(f"文件开头写明是 {codec} 编码，第 {error.start} 字节处却不是：文件可能不完整。") from error


def lines_of(text: str) -> list[tuple[int, str]]:
    """Return the lines that hold something with their numbers from 1; full-width punctuation and digits become plain."""
    lines = ((number, line[:MAX_LINE].translate(_FULL_WIDTH).strip()) for number, line in enumerate(text.splitlines(), start=1))
    return [(number, line) for number, line in lines if line]


def number(text: str) -> float | None:
    """Read a plain decimal number; None for everything else (infinities, exponents, thousands separators)."""
    stripped = text.strip()
    return float(stripped) if _NUMBER.fullmatch(stripped) else None
