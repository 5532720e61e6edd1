"""What stands in the fields of a version: read once before anything is written, so that a format can be fitted to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from layers.catalog import CatalogField

MOST_DECIMALS: Final = 15


@dataclass
class FieldSurvey:
    """One field of all rows: how many values are missing (`nulls`) or empty texts, which characters its texts have, the longest in
    bytes of GB 18030 and of UTF-8; of numbers the digits before and after the point that hold every value exactly (`decimals` None: no 15 do).
    """

    item: CatalogField
    values: int = 0
    nulls: int = 0
    empty: int = 0
    characters: set[str] = field(default_factory=set)
    longest: int = 0
    longest_utf8: int = 0
    digits: int = 1
    decimals: int | None = 0

    @property
    def is_used(self) -> bool:
        """Whether any row has a value."""
        return self.values > 0

    def add(self, column: Sequence[Any]) -> None:
        """Take note of more rows."""
        known = [value for value in column if value is not None]
        self.values += len(known)
        self.nulls += len(column) - len(known)
        if not known:
            return
        if self.item.type == "text":
            self._add_texts(known)
        elif self.item.type in ("number", "integer"):
            self._add_numbers(np.array(known, dtype=np.float64))

    def _add_texts(self, texts: list[str]) -> None:
        self.empty += texts.count("")
        distinct = set(texts)
        self.characters.update("".join(distinct))
        self.longest = max(self.longest, *(len(text.encode("gb18030", "replace")) for text in distinct))
        self.longest_utf8 = max(self.longest_utf8, *(len(text.encode("utf-8", "replace")) for text in distinct))

    def _add_numbers(self, numbers: NDArray[np.float64]) -> None:
        self.digits = max(self.digits, len(f"{np.abs(numbers).max():.0f}"))
        while self.decimals is not None and not np.array_equal(np.round(numbers, self.decimals), numbers):
            self.decimals = self.decimals + 1 if self.decimals < MOST_DECIMALS else None


def survey(fields: Iterable[CatalogField], batches: Iterable[Sequence[Mapping[str, Any]]]) -> dict[str, FieldSurvey]:
    """Read every row once, in batches of records; return by field name what stands there."""
    found = {item.name: FieldSurvey(item) for item in fields}
    for records in batches:
        for name, item in found.items():
            item.add([record.get(name) for record in records])
    return found
