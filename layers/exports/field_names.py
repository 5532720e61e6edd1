"""Field names for formats that take few letters of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 10
"""So many bytes has a field name in a DBF."""
_OTHER: Final = re.compile("[^A-Za-z0-9_]")


def short_names(names: Iterable[str], *, limit: int = LONGEST) -> dict[str, str]:
    """Return by name what it becomes: at most `limit` ASCII letters, digits and underscores, a letter first, no two alike in any case.

    A name that needs no change keeps it, whatever the others are cut to; where two are cut to the same, the later one ends with a number.
    """
    wanted = list(dict.fromkeys(names))
    written: dict[str, str] = {}
    for name in wanted:
        if _plain(name, limit) == name and name.lower() not in {short.lower() for short in written.values()}:
            written[name] = name
    taken = {short.lower() for short in written.values()}
    for name in wanted:
        if name not in written:
            written[name] = _free(_plain(name, limit), taken, limit)
            taken.add(written[name].lower())
    return {name: written[name] for name in wanted}


def _plain(name: str, limit: int) -> str:
    letters = _OTHER.sub("", name)
    return (letters if letters[:1].isalpha() else f"F{letters}")[:limit]


def _free(name: str, taken: set[str], limit: int) -> str:
    number, short = 1, name
    while short.lower() in taken:
        ending = str(number)
        short, number = name[: limit - len(ending)] + ending, number + 1
    return short
