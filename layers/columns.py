"""Attributes as the store would take them: each distinct value is read once, whatever the number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.catalog import CatalogField, CatalogLayer
from layers.fields import convert
from spatial.lazy import lazy


def is_missing(value: Any) -> bool:
    """Whether a value stands for none."""
    return value is None or value is pd.NA or bool(value != value)


@dataclass(frozen=True, eq=False)
class Column:
    """A field of n rows. `of` (n,) is the place of each row's value among the u distinct `raw` ones.

    `read` are the u values in the field's type, None where they are missing or do not fit; `wrong` says of each what is wrong with it
    (to be put behind the row).
    """

    item: CatalogField
    of: NDArray[np.int64]
    raw: list[Any]
    read: NDArray[Any]
    wrong: list[str | None]

    @lazy
    def values(self) -> NDArray[Any]:
        """The n values in the field's type; None where they are missing or do not fit."""
        result: NDArray[Any] = self.read[self.of]
        return result

    @lazy
    def numbers(self) -> NDArray[np.float64]:
        """The n values of a field of numbers; NaN where they are missing."""
        result: NDArray[np.float64] = self.read.astype(np.float64)[self.of]
        return result

    @lazy
    def texts(self) -> list[str]:
        """The u distinct values as text; empty where they are missing."""
        return ["" if value is None else str(value) for value in self.read]

    def rows_of(self, places: NDArray[np.bool_] | list[bool]) -> NDArray[np.int64]:
        """The rows whose value is at one of the places marked."""
        return np.flatnonzero(np.asarray(places, dtype=bool)[self.of]) if len(self.raw) else np.zeros(0, dtype=np.int64)

    def where(self, test: Any) -> NDArray[np.int64]:
        """The rows whose value, as text, is not empty and passes a test."""
        return self.rows_of([text != "" and bool(test(text)) for text in self.texts])


def columns(frame: gpd.GeoDataFrame, layer: CatalogLayer) -> dict[str, Column]:
    """Read every catalogue field the frame has."""
    return {name: _column(item, frame[name]) for name, item in layer.fields.items() if name in frame.columns}


def _column(item: CatalogField, values: pd.Series) -> Column:
    of, raw = _distinct(values)
    plain = _plain(item, raw)
    read, problems = (plain, []) if plain is not None else convert(item, raw)
    wrong: list[str | None] = [None] * len(raw)
    if problems:
        for place, value in enumerate(raw):
            found = convert(item, [value])[1]
            wrong[place] = found[0].removeprefix("第 1 行") if found else None
    kept = np.empty(len(raw), dtype=object)
    kept[:] = read
    return Column(item=item, of=of, raw=raw, read=kept, wrong=wrong)


def _plain(item: CatalogField, raw: list[Any]) -> list[Any] | None:
    """Read values that need no judging: texts of a field that takes any, numbers that are finite. None where one has to be judged."""
    if item.codes or item.length:
        return None
    # What is missing stands last.
    given, missing = (raw[:-1], [None]) if raw and raw[-1] is None and not item.required else (raw, [])
    if item.type == "text" and all(type(value) is str for value in given):
        read = [value.strip() for value in given]
        return None if item.required and "" in read else read + missing
    if item.type == "number" and all(type(value) is float for value in given) and np.isfinite(given).all():
        return given + missing
    return None


def _distinct(values: pd.Series) -> tuple[NDArray[np.int64], list[Any]]:
    """The place of each value among the distinct ones; values of different types are distinct even where they are equal.

    So are 0.0 and -0.0, which are not written alike: numbers are told apart by their bits.
    """
    if values.dtype == np.float64:
        numbers = values.to_numpy()
        there = ~np.isnan(numbers)
        of, bits = pd.factorize(numbers[there].view(np.int64))
        places = np.full(len(numbers), len(bits), dtype=np.int64)
        places[there] = of
        return places, [*bits.view(np.float64).tolist(), *([] if there.all() else [None])]
    if values.dtype != object or pd.api.types.infer_dtype(values, skipna=True) in ("string", "empty"):
        of, distinct = pd.factorize(values, use_na_sentinel=True)
        raw = distinct.tolist()
        if (of < 0).any():
            of = np.where(of < 0, len(raw), of)
            raw.append(None)
        return of.astype(np.int64), raw
    known: dict[Any, int] = {}
    raw, found = [], np.empty(len(values), dtype=np.int64)
    for row, value in enumerate(values.tolist()):
        try:
            place = known.setdefault((type(value), value), len(raw))
        except TypeError:  # lists and the like are each distinct
            place = len(raw)
        if place == len(raw):
            raw.append(value)
        found[row] = place
    return found, raw
