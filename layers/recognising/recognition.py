"""What was recognised of a data set, what a person said of it, and what is still to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from layers.catalog import CatalogLayer

About = Literal["dataset", "layer", "code_system", "fields", "encoding", "crs", "axes", "datum"]


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What a person said; None means: recognise it yourself.

    `epsg` is the CRS the coordinates are in, `axes` whether they are east-north or north-east, `fields` the file's field name by
    catalogue field (None: leave it out). `display_only` takes a layer suspected of GCJ-02 in for showing only.
    """

    layer: str | None = None
    code_system: str | None = None
    epsg: int | None = None
    axes: Literal["east_north", "north_east"] | None = None
    fields: Mapping[str, str | None] = field(default_factory=dict)
    display_only: bool | None = None


@dataclass(frozen=True)
class Option:
    """One answer a question may have: its value in `Answers` (as text), and what it means."""

    value: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """What could not be decided, with a stable code, the sentence for the person asked, and the answers that would do."""

    code: str
    about: About
    text: str
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Candidate:
    """A catalogue layer with its score (0-2) and what speaks for it."""

    layer: str
    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CrsReading:
    """In which CRS the coordinates are, how that was found, and what has to be done to the ordinates (`swap`: they are north-east)."""

    epsg: int
    found_by: str
    swap: bool = False
    display_only: bool = False


@dataclass(frozen=True, kw_only=True)
class Recognition:
    """What a data set is. `columns` is the frame's column by catalogue field; layer or CRS are None where a question is open."""

    layer: CatalogLayer | None
    candidates: tuple[Candidate, ...]
    code_system: str | None
    columns: Mapping[str, str]
    crs: CrsReading | None
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether nothing has to be asked."""
        return not self.questions
