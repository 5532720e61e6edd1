"""What an examination finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import psycopg

from spatial.errors import CuntuError

OK, NOTICE, WRONG = "ok", "notice", "wrong"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `state` is `ok`, `notice` (works, but somebody should know) or `wrong`; `advice` says what to do."""

    name: str
    state: str
    said: str
    advice: str = ""


def judged(name: str, said: str, *, wrong: str | None = None, notice: str | None = None) -> Finding:
    """Make a finding of advice that is only given where something is wrong, or worth a notice."""
    if wrong is not None:
        return Finding(name, WRONG, said, wrong)
    return Finding(name, OK if notice is None else NOTICE, said, notice or "")


def carefully(name: str, look: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Look; what cannot be looked at is itself a finding, and does not keep the others from being looked at."""
    try:
        yield from look()
    except (CuntuError, psycopg.Error, OSError, ValueError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        yield Finding(name, WRONG, f"无法检查：{first}", "先解决上面所说的问题，再运行一次 cuntu doctor。")
