"""Rows as Arrow record batches: how they go to GDAL and into GeoParquet without passing through objects one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa

from layers.catalog import CatalogField
from layers.exports.content import Batch

GEOMETRY: Final = "geometry"

TYPES: Final[Mapping[str, Any]] = {
    "text": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}

Texts = Callable[[CatalogField, list[Any], list[str]], list[Any]]
"""Turns the texts of a field (None where missing) of the rows with these identifiers into what a format can hold."""


def schema(
    fields: Iterable[CatalogField], names: Mapping[str, str] | None = None, *, types: Mapping[str, Any] = TYPES
) -> Any:
    """Make the schema of a file: fields under their names in it, with the Chinese title as GDAL's alternative name, and the geometry."""
    columns = []
    for item in fields:
        about = {"GDAL:OGR:alternative_name": item.title, **_comment(item)}
        columns.append(pa.field((names or {}).get(item.name, item.name), types[item.type], metadata=about))
    return pa.schema([*columns, pa.field(GEOMETRY, pa.binary(), nullable=False)])


def record_batches(
    schema: Any, fields: Iterable[CatalogField], batches: Iterable[Batch], *, texts: Texts | None = None
) -> Iterator[Any]:
    """Turn batches of rows into record batches of a schema that `schema` made of the same fields."""
    items = tuple(fields)
    for batch in batches:
        columns = [_column(item, batch, texts).cast(schema.field(place).type) for place, item in enumerate(items)]
        yield pa.record_batch([*columns, pa.array(batch.wkb, pa.binary())], schema=schema)


def _column(item: CatalogField, batch: Batch, texts: Texts | None) -> Any:
    values = batch.column(item.name)
    if item.type == "date":
        return pa.array(values, pa.string()).cast(pa.date32())
    if item.type == "text" and texts is not None:
        values = texts(item, values, batch.identifiers)
    return pa.array(values, TYPES[item.type])


def _comment(item: CatalogField) -> dict[str, str]:
    codes = "；".join(f"{code} {label}" for code, label in (item.codes or {}).items())
    told = [f"单位 {item.unit}" if item.unit else "", codes, item.note or ""]
    comment = "。".join(text for text in told if text)
    return {"GDAL:OGR:comment": comment} if comment else {}


class Source:
    """Record batches on their way through GDAL, which tells of an error in reading them only that there was one: the error itself is kept."""

    def __init__(self, batches: Iterator[Any]) -> None:
        self._batches = batches
        self._error: BaseException | None = None

    def __iter__(self) -> Source:
        return self

    def __next__(self) -> Any:
        try:
            return next(self._batches)
        except StopIteration:
            raise
        except BaseException as error:
            self._error = error
            raise

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Raise what went wrong in reading the batches instead of what the block made of it."""
        try:
            yield
        except Exception as error:
            raise (self._error or error) from None
