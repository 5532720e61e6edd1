"""Texts that a spreadsheet would run as formulas, and what keeps them texts.

In a workbook a cell has a type: a text is written as a text, in the number format for texts, and stays one even when it is edited; nothing is put
before it, so it is read back as it was. A CSV has no types: a text that begins like a formula gets an apostrophe before it, as spreadsheets
themselves do, and `unguarded` takes it away again when the file is read.
"""

from __future__ import annotations

import re
from typing import Any, Final

SIGNS: Final = "=+-@＝＋－＠\t\r\n"
"""What a formula may begin with; East Asian spreadsheets also take the full-width signs. Tab and line break end what comes before them."""
MOST_LETTERS: Final = 32_767
"""So many characters (UTF-16 units) one cell of a workbook holds."""
NO_CHARACTERS: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML, and so a workbook, has no place for (XML 1.0, §2.2)."""
TEXT_FORMAT: Final = "@"

_RUN = re.compile(f"[ \u3000]*[{re.escape(SIGNS)}]")
_GUARDED = re.compile(f"'(?='*[ \u3000]*[{re.escape(SIGNS)}])")


def looks_like_formula(text: str) -> bool:
    """Whether a spreadsheet may run a text as a formula."""
    return _RUN.match(text) is not None


def guarded(text: str) -> str:
    """Return a text as it may stand in a CSV: with an apostrophe before it where it would be run, or where it could be taken for guarded."""
    return f"'{text}" if _RUN.match(text) or _GUARDED.match(text) else text


def unguarded(text: str) -> str:
    """Return what `guarded` was given. A text with an apostrophe of another origin is left alone unless a formula follows it."""
    return text[1:] if _GUARDED.match(text) else text


def write_text(cell: Any, text: str) -> None:
    """Make a text the value of a workbook's cell, as a text whatever it looks like; what XML cannot hold is left out, what is too long cut."""
    cell.value = fitting(text)
    cell.data_type = "s"
    cell.number_format = TEXT_FORMAT


def fitting(text: str) -> str:
    """Return a text without what XML cannot hold, cut to what a cell holds."""
    plain = NO_CHARACTERS.sub("", text)
    if len(plain) <= MOST_LETTERS // 2:
        return plain
    return plain.encode("utf-16-le")[: 2 * MOST_LETTERS].decode("utf-16-le", errors="ignore")
