"""One data set of a delivered file, as the file has it: nothing renamed, moved or guessed yet."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
from pyproj import CRS

from layers.encodings import Encoding


@dataclass(frozen=True, kw_only=True)
class RawField:
    """A field of a file: its column in the frame, its name as text, and as the bytes the file holds (perhaps cut short).

    `kind` is text, integer, number, date or boolean.
    """

    column: str
    text: str
    raw: bytes
    kind: str


@dataclass(frozen=True, kw_only=True)
class RawDataset:
    """A data set: `frame` has the file's columns and its coordinates as they stand there (no CRS set, first ordinate as x).

    `sha256` is of the file as delivered, `name` the data set's name inside it, `driver` GDAL's name of the format (or CSV, XLSX,
    TXT). `kind` is polygon, line, point, table or unknown; `crs` what the file says, None where it says nothing. Where `is_complete` is
    False the frame holds only the first rows of `feature_count`.
    """

    file_name: str
    sha256: str
    name: str
    driver: str
    kind: str
    fields: tuple[RawField, ...]
    encoding: Encoding
    crs: CRS | None
    frame: gpd.GeoDataFrame
    feature_count: int
    is_complete: bool = True
    notes: tuple[str, ...] = ()
