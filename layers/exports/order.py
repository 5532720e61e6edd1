"""How a file is wanted, and what it is to say of itself."""

from __future__ import annotations

from dataclasses import dataclass

from layers.exports.statement import Statement


@dataclass(frozen=True)
class Order:
    """What every writer is told beside the content: the statement, and the text encoding asked for (None: what fits)."""

    statement: Statement
    encoding: str | None = None
