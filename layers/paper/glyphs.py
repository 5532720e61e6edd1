"""Texts as the paper's fonts can show them: what has no sign of its own is written by its number, never left out."""

from __future__ import annotations

import json
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

FONTS = Path(__file__).parent / "fonts"
LINE_BREAKS = "\r\n\t\x0b\x0c\x85\u2028\u2029"
INVISIBLE = ("Cc", "Cf", "Co", "Cs", "Cn")
"""Categories that print nothing or turn the order of what follows; a paper shows that they are there."""


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    """The characters the text face has."""
    manifest = json.loads((FONTS / "MANIFEST.json").read_text(encoding="utf-8"))
    return frozenset(code for first, last in manifest["characters"] for code in range(first, last + 1))


def printable(text: str) -> str:
    """Return a text of which every character can be printed: 〔U+20000〕 stands for one that no face has, a space for a line break."""
    return "".join(_sign(letter) for letter in text)


def _sign(letter: str) -> str:
    if letter in LINE_BREAKS:
        return " "
    if ord(letter) in _characters() and unicodedata.category(letter) not in INVISIBLE:
        return letter
    return f"〔U+{ord(letter):04X}〕"


def printable_all(value: Any) -> Any:
    """Return a JSON-ready value with every text in it printable."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: printable_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable_all(item) for item in value]
    return value
