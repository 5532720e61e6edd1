"""Chinese texts in the bytes of older formats: GBK where every character fits, GB 18030 where not; never half a character."""

from __future__ import annotations

import codecs
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from layers.errors import EncodingError

MISSING: Final = "〓"
"""Stands for a character that an encoding does not have, as in Chinese typesetting."""
ENCODINGS: Final = ("GBK", "GB18030", "UTF-8")
_MOST_NAMED: Final = 40
_PRIVATE: Final = range(0xE000, 0xF900)

codecs.register_error(
    "cuntu-missing",
    lambda error: (
        (MISSING * (error.end - error.start), error.end) if isinstance(error, UnicodeEncodeError) else ("", 0)
    ),
)


@dataclass(frozen=True)
class Letters:
    """How texts become bytes. `name` is what a .cpg says, `language_byte` what a DBF does (77 is GBK; 0 says nothing)."""

    name: str
    language_byte: int
    notes: tuple[str, ...] = ()

    def has(self, character: str) -> bool:
        """Whether the encoding has a character."""
        try:
            character.encode(self.name)
        except UnicodeEncodeError:
            return False
        return True

    def encoded(self, text: str) -> bytes:
        """Return the bytes of a text, 〓 for what the encoding does not have."""
        return text.encode(self.name, "cuntu-missing")

    def cut(self, text: str, limit: int) -> bytes:
        """Return the bytes of a text, of whole characters and at most `limit`."""
        written = self.encoded(text)
        if len(written) <= limit:
            return written
        return codecs.getincrementaldecoder(self.name)("strict").decode(written[:limit], final=False).encode(self.name)


def letters(given: str | None, characters: Collection[str]) -> Letters:
    """Choose the encoding for texts of these characters: the one asked for, else GBK, or GB 18030 where GBK lacks any of them.

    Raises EncodingError for one not in ENCODINGS.
    """
    outside = sorted(character for character in characters if not _GBK.has(character))
    private = [character for character in outside if ord(character) in _PRIVATE]
    notes = [f"有 {len(private)} 个字在造字区（{_named(private)}），别的软件未必显示同一个字"] if private else []
    if given is None:
        if not outside:
            return _GBK
        return Letters(
            "GB18030",
            0,
            (
                f"GBK 没有 {len(outside)} 个字（{_named(outside)}），文字改用 GB18030 编码；只认 GBK 的软件请指定编码 GBK",
                *notes,
            ),
        )
    name = next(
        (item for item in ENCODINGS if item.replace("-", "") == given.upper().replace("-", "").replace(" ", "")), None
    )
    if name is None:
        raise EncodingError(f"不能用 {given[:20]!r} 编码导出：可用 {'、'.join(ENCODINGS)}。")
    if name == "GBK" and outside:
        notes.append(f"GBK 没有 {len(outside)} 个字（{_named(outside)}），已写作{MISSING}")
    return Letters(name, _LANGUAGE_BYTES[name], tuple(notes))


def _named(characters: list[str]) -> str:
    shown = "、".join(f"{item} U+{ord(item):04X}" for item in characters[:_MOST_NAMED])
    return shown if len(characters) <= _MOST_NAMED else f"{shown} 等"


_LANGUAGE_BYTES: Final = {"GBK": 0x4D, "GB18030": 0, "UTF-8": 0}
_GBK: Final = Letters("GBK", _LANGUAGE_BYTES["GBK"])
