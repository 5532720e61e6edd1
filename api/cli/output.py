"""How commands speak: results on stdout (tables, or JSON), progress and errors on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="以 JSON 输出，供程序读取")]

Report = Callable[[float, str], None]
"""Told the share done (0-1) and what is being done."""


def notes() -> Console:
    """Return the console on stderr."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """Write one line for a person to stderr."""
    notes().print(text, markup=False)


def print_json(value: Any) -> None:
    """Write a value as JSON to stdout."""
    sys.stdout.write(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode() + "\n")


def done(entry: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    """Tell what was done."""
    if as_json:
        print_json(entry)
    else:
        say(sentence)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table to stdout. Texts from data are shown as they are, never read as markup."""
    Console(highlight=False, markup=False).print(table_of(title, columns, rows))


def table_of(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Make a table, to be printed by a console that reads no markup."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_plain(cell) for cell in row))
    return table


def _plain(cell: Any) -> str:
    return "—" if cell is None else str(cell)


@contextmanager
def progress_bar(title: str, *, lines: bool = False) -> Iterator[Report]:
    """Show a progress bar on a terminal's stderr while the block runs; where the block fails, only its error is left to be seen.

    Where stderr is a log, `lines` writes each new step as a line, so that long work can be followed there too.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeElapsedColumn())
    console = notes()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(title, total=1.0)
        told = ""

        def report(share: float, doing: str = "") -> None:
            nonlocal told
            if lines and not console.is_terminal and doing and doing != told:
                told = doing
                say(f"{min(share, 1.0):4.0%} {doing}")
            progress.update(task, completed=min(share, 1.0), description=f"{title} {doing}".strip())

        try:
            yield report
        except BaseException:
            progress.live.transient = True
            raise
        progress.update(task, completed=1.0, description=title)
