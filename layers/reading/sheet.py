"""One table of text columns, from CSV or a sheet of XLSX, as a data set: with geometries where it has columns for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from layers.encodings import Encoding
from layers.errors import UnsupportedFileError
from layers.reading import coordinates
from layers.reading.limits import Limits
from layers.reading.source import GEOMETRY, RINGS, columns_of

_SHOWN = 20

Rows = Callable[[], Iterator[tuple[NDArray[np.int64], list[pa.Array]]]]
"""Gives the rows in batches from the beginning: their numbers as the user counts them, and one text column per title."""


class SheetSource:
    """A table. Every value is text as it stands there, so that no code loses its zeros; the columns of coordinates stay columns too."""

    feature_count: int | None = None

    def __init__(self, name: str, driver: str, titles: list[str], rows: Rows, *, encoding: Encoding, row_word: str, limits: Limits) -> None:
        if len(titles) > limits.fields:
            raise UnsupportedFileError(f"{name} 有 {len(titles)} 列，最多允许 {limits.fields} 列。")
        self.name, self.driver, self.encoding = name, driver, encoding
        self._rows, self._row_word = rows, row_word
        self.crs: str | None = None
        self.notes: tuple[str, ...] = ()
        _, sample = next(rows(), (np.array([], dtype=np.int64), []))
        self._found = coordinates.find(titles, sample)
        self.kind = "table" if self._found is None else "unknown" if self._found.is_wkt else "point"
        kept = [place for place in range(len(titles)) if self._found is None or not self._found.is_wkt or place not in self._found.columns]
        self._kept = kept
        self.columns = columns_of([(titles[place], titles[place].encode(), "text") for place in kept])
        if self._found is not None:
            self._describe(self._found, titles, sample)

    def _describe(self, found: coordinates.Places, titles: list[str], sample: list[pa.Array]) -> None:
        self.notes = (f"图形取自列 {'、'.join(titles[place] for place in found.columns)}。",)
        if found.is_wkt:
            [srid, *more] = coordinates.srids(sample[found.columns[0]]) or {None}
            self.crs = f"EPSG:{srid}" if srid and not more else None

    def batches(self, most: int | None) -> Iterator[pa.RecordBatch]:
        """Give all rows, since only they tell how many there are; raises UnsupportedFileError naming those whose geometry cannot be read."""
        broken: list[int] = []
        for numbers, columns in self._rows():
            batch, wrong = self._batch(columns)
            broken.extend(numbers[wrong].tolist())
            yield batch
        if broken:
            shown = "、".join(str(number) for number in broken[:_SHOWN])
            raise UnsupportedFileError(f"{self.name}：第 {shown} {self._row_word}{'等' if len(broken) > _SHOWN else ''}共 {len(broken)} 处图形或坐标无法识别。")

    def _batch(self, columns: list[pa.Array]) -> tuple[pa.RecordBatch, NDArray[np.int64]]:
        titles = [column.column for column in self.columns]
        kept = [columns[place] for place in self._kept]
        if self._found is None:
            return pa.RecordBatch.from_arrays(kept, titles), np.array([], dtype=np.int64)
        chosen = [columns[place] for place in self._found.columns]
        if self._found.is_wkt:
            shapes, rings, broken = coordinates.from_wkt(chosen[0])
            return pa.RecordBatch.from_arrays([*kept, shapes, rings], [*titles, GEOMETRY, RINGS]), broken
        points, broken = coordinates.from_numbers(chosen[0], chosen[1])
        return pa.RecordBatch.from_arrays([*kept, points], [*titles, GEOMETRY]), broken
