"""Map layers in memory: immutable dataset versions with their features, pieces and coverage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.lazy import lazy
from spatial.pieces import Extent, Geometries, extent


@dataclass(frozen=True)
class DatasetVersion:
    """What is written down about one imported version of a layer."""

    layer: str
    version: int
    title: str
    authority: str
    valid_from: date
    valid_to: date | None
    known_from: datetime | None
    known_to: datetime | None
    source_name: str
    source_sha256: str
    survey_date: date | None = None
    code_system: str | None = None
    law_status: str = "in_force"
    secrecy: str = "internal"
    synthetic: bool = False
    feature_count: int = 0


MOST_KEPT = 128
"""So many of the answers worked out for one version are kept."""


@dataclass(frozen=True)
class Layer:
    """One dataset version held in memory, in the county's projected CRS.

    `features` has n geometries, `ids` n identifiers, each column of `attributes` n values (missing is None, or NaN for numbers).
    `pieces` are the features cut to at most 128 vertices; `piece_feature[k]` is the row in `features` that piece k belongs to.
    Inside `coverage` the layer is complete; outside it nothing is known. `disjoint` says that no two features overlap, so
    that areas may be added up without a union.
    A layer may hold only those features of its version that lie near the subjects at hand: measures cannot tell the difference.
    """

    dataset: DatasetVersion
    epsg: int
    features: Geometries
    ids: NDArray[Any]
    attributes: Mapping[str, NDArray[Any]]
    pieces: Geometries
    piece_feature: NDArray[np.int64]
    coverage: Any
    disjoint: bool
    _chosen: dict[Any, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What `spatial.choosing` and `spatial.clearance` worked out for this version, kept because a version never changes."""

    @lazy
    def tree(self) -> shapely.STRtree:
        """The search tree over `pieces`."""
        return shapely.STRtree(self.pieces)

    def outline(self) -> Any:
        """Union of the layer's features, one geometry in the layer's CRS."""
        return shapely.union_all(self.features)

    @lazy
    def extent(self) -> Extent:
        """The coverage, ready for many questions."""
        return extent(self.coverage)


LayerSet = Mapping[str, Layer]
"""Layers by catalogue id. An id that is absent is a layer that is not loaded."""
