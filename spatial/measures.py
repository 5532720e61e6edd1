"""The closed vocabulary of measures: what can be asked of subjects and one layer.

Everything works on arrays of subjects. Areas are planar square metres and distances metres in the county's 3-degree zone.
Results are rounded to the resolution of the measuring (1 cm², 0.1 mm), so that touching is never taken for overlapping and
"not less than 10 m" holds at 10.00 m whatever the last bits of a float say.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from spatial.layer import Layer
from spatial.lazy import lazy
from spatial.pieces import Extent, Geometries
from spatial.sweep import Bools, Floats, Ints, Sweep, ground, sweep

DECIMALS = 4
"""Areas are kept to 1 cm² (10⁻⁴ m²), distances to 0.1 mm."""


def to_resolution(values: Floats) -> Floats:
    """Round to the measuring resolution; never gives a negative zero."""
    rounded: Floats = values.round(DECIMALS)
    rounded += 0.0
    return rounded


def runs_of_several(subject: Ints, feature: Ints) -> list[tuple[int, int]]:
    """Return where the pairs of one subject begin and end, for the subjects that have several features; pairs are ordered by subject."""
    if not len(subject):
        return []
    starts = np.flatnonzero(np.r_[True, subject[1:] != subject[:-1]])
    ends = np.r_[starts[1:], len(subject)]
    several = np.minimum.reduceat(feature, starts) != np.maximum.reduceat(feature, starts)
    return list(zip(starts[several].tolist(), ends[several].tolist(), strict=True))


_WHOLE = (1, 3)
"""Type numbers of a line and a polygon."""


def union(shapes: Any) -> Any:
    """Return the union of an array of shapes, None for none; a line or polygon alone is returned as it is."""
    if len(shapes) == 1 and shapely.get_type_id(shapes[0]) in _WHOLE:
        return shapes[0]
    return shapely.union_all(shapes) if len(shapes) else None


@dataclass(frozen=True)
class Overlay:
    """The subjects laid over one layer. Searches and intersections are done once, then every measure reads them."""

    subjects: Geometries
    layer: Layer
    areas: Floats
    shared: dict[Any, Any] = field(default_factory=dict, compare=False)
    """What was found out about the subjects and a coverage, kept for all layers that have the same one."""
    swept: Sweep | None = field(default=None, compare=False)
    """The sweep over several layers that this layer was part of, where there was one."""
    reach_m: float = 0.0
    """Up to so far is searched at once, since several distances may be asked about."""
    _near: dict[float, tuple[Ints, Ints, Floats]] = field(default_factory=dict, compare=False)
    _by_feature: dict[int, dict[int, float]] = field(default_factory=dict, compare=False)

    @property
    def count(self) -> int:
        """Number of subjects."""
        return len(self.subjects)

    @lazy
    def _sweep(self) -> Sweep:
        name = self.layer.dataset.layer
        return self.swept or sweep(self.subjects, self.areas, ground({name: self.layer}, [name]))

    @lazy
    def _cut(self) -> tuple[Ints, Ints, Ints, Floats]:
        """Pairs of subject and piece that meet: subject rows, feature rows, places in the sweep, areas."""
        return self._sweep.of(self.layer.dataset.layer)

    def _sum(self, subject: Ints, amounts: Floats) -> Floats:
        """Add up an amount of every pair by subject."""
        total: Floats = np.bincount(subject, weights=amounts, minlength=self.count).astype(np.float64)
        return total

    def overlap(self, chosen: Bools | None = None) -> Floats:
        """Return the m² of each subject covered by the union of the layer's features (those `chosen`, an array over features)."""
        subject, feature, pairs, areas = self._cut
        if chosen is not None and len(subject):
            keep = chosen[feature]
            subject, feature, pairs, areas = subject[keep], feature[keep], pairs[keep], areas[keep]
        if not len(subject):
            return np.zeros(self.count)
        total = self._sum(subject, areas)
        if not self.layer.disjoint and len(subject):
            self._replace_by_union(total, subject, feature, pairs)
        return to_resolution(np.minimum(total, self.areas))

    def _replace_by_union(self, total: Floats, subject: Ints, feature: Ints, pairs: Ints) -> None:
        """Where several features lie on one subject, take the area of their union: overlapping features count once."""
        for start, end in runs_of_several(subject, feature):
            total[subject[start]] = shapely.union_all(self._sweep.parts(pairs[start:end])).area

    def overlap_by_feature(self, row: int) -> dict[int, float]:
        """Return {feature row: m² on the subject} for one subject, largest first; touching features are left out."""
        if row not in self._by_feature:
            self._by_feature[row] = self._count(row)
        return self._by_feature[row]

    def _count(self, row: int) -> dict[int, float]:
        feature, areas = self._sweep.listed
        start, end = self._run(row)
        sums: dict[int, float] = {}
        for feature_row, area in zip(feature[start:end], areas[start:end], strict=True):
            sums[feature_row] = sums.get(feature_row, 0.0) + area
        kept = {key: amount for key, area in sums.items() if (amount := round(area, DECIMALS)) > 0}
        return dict(sorted(kept.items(), key=lambda item: (-item[1], item[0]))) if len(kept) > 1 else kept

    def _run(self, row: int) -> tuple[int, int]:
        """Where one subject's pairs begin and end among those of the sweep in the order of the layers."""
        return self._sweep.run(self.layer.dataset.layer, row)

    def touching(self, row: int) -> list[int]:
        """Return the rows of the features that meet one subject and share no area with it."""
        start, end = self._run(row)
        met = set(self._sweep.listed[0][start:end])
        return sorted(met - self.overlap_by_feature(row).keys()) if met else []

    def overlap_geometry(self, row: int, chosen: Bools | None = None) -> Any:
        """Return the part of one subject that the (chosen) features cover, or None."""
        start, end = self._run(row)
        if start == end:
            return None
        feature, pairs, areas = self._sweep.pairs(start, end)
        keep = areas > 10.0**-DECIMALS
        if chosen is not None:
            keep &= chosen[feature]
        return union(self._sweep.parts(pairs[keep]))

    @lazy
    def _largest(self) -> tuple[Ints, Floats, Floats]:
        """For each subject the feature row with the largest overlap (-1 for none), that overlap and the next largest in m²."""
        subject, feature, _, areas = self._cut
        best, area, second = np.full(self.count, -1, dtype=np.int64), np.zeros(self.count), np.zeros(self.count)
        if len(subject):
            width = len(self.layer.features)
            keys, inverse = np.unique(subject.astype(np.int64) * width + feature, return_inverse=True)
            sums = np.bincount(inverse, weights=areas)
            order = np.lexsort((-(keys % width), sums, keys // width))
            rows = (keys // width)[order]
            last = np.flatnonzero(np.r_[rows[1:] != rows[:-1], True])
            best[rows[last]], area[rows[last]] = (keys % width)[order][last], sums[order][last]
            several = last[(last > 0) & (rows[last - 1] == rows[last])]
            second[rows[several]] = sums[order][several - 1]
            best[area <= 10.0**-DECIMALS] = -1
        return best, to_resolution(area), to_resolution(second)

    def dominant(self) -> tuple[Ints, Floats]:
        """Return for each subject the row of the feature with the largest overlap (-1 for none) and that overlap in m²."""
        best, area, _ = self._largest
        return best, area

    @property
    def surely_dominant(self) -> Bools:
        """Subjects whose largest overlap stays the largest whatever lies in the part outside the coverage."""
        best, area, second = self._largest
        sure: Bools = (best >= 0) & ((self.uncovered == 0) | (area > second + self.uncovered))
        return sure

    def overlap_without_dominant(self, *, share: float) -> Floats:
        """Return the least m² covered by features other than the one that holds more than `share` of the subject.

        A feature that may hold more than `share` with what lies outside the coverage is left out too.
        """
        best, area, _ = self._largest
        own = np.where(area + self.uncovered > share * self.areas, best, -1)
        subject, feature, pairs, areas = self._cut
        keep = feature != own[subject]
        total = self._sum(subject[keep], areas[keep])
        if not self.layer.disjoint and keep.any():
            self._replace_by_union(total, subject[keep], feature[keep], pairs[keep])
        return to_resolution(np.minimum(total, self.areas))

    def near(self, radius_m: float) -> tuple[Ints, Ints, Floats]:
        """Return the pairs of subject and piece within a radius: subject rows, feature rows, distances in metres."""
        if radius_m not in self._near:
            self._near[radius_m] = self._search(radius_m)
        return self._near[radius_m]

    def _search(self, radius_m: float) -> tuple[Ints, Ints, Floats]:
        subject, piece, apart = self._pairs if radius_m <= self.reach_m < math.inf else self._around(radius_m)
        near = apart <= radius_m
        return subject[near], self.layer.piece_feature[piece[near]], to_resolution(apart[near])

    @lazy
    def _pairs(self) -> tuple[Ints, Ints, Floats]:
        return self._around(self.reach_m)

    def _around(self, radius_m: float) -> tuple[Ints, Ints, Floats]:
        """The pairs of subject and piece whose boxes are within a radius, and their distances to the last digit."""
        # By boxes only: a tree search by distance holds the interpreter's lock, measuring lets other threads run.
        if "bounds" not in self.shared:
            self.shared["bounds"] = shapely.bounds(self.subjects).T
        west, south, east, north = self.shared["bounds"]
        subject, piece = self.layer.tree.query(shapely.box(west - radius_m, south - radius_m, east + radius_m, north + radius_m))
        if len(subject) > 1:
            order = np.lexsort((piece, subject))
            subject, piece = subject[order], piece[order]
        return subject, piece, shapely.distance(self.subjects[subject], self.layer.pieces[piece])

    def distance(self, radius_m: float, chosen: Bools | None = None) -> Floats:
        """Return the metres from each subject to the nearest (chosen) feature; infinite where none lies within the radius."""
        subject, feature, apart = self.near(radius_m)
        result = np.full(self.count, np.inf)
        if chosen is not None:
            keep = chosen[feature]
            subject, apart = subject[keep], apart[keep]
        np.minimum.at(result, subject, apart)
        return result

    def count_within(self, radius_m: float, chosen: Bools | None = None) -> Floats:
        """Return how many different (chosen) features lie within the radius of each subject."""
        subject, feature, _ = self.near(radius_m)
        if chosen is not None:
            keep = chosen[feature]
            subject, feature = subject[keep], feature[keep]
        pairs = np.unique(np.column_stack([subject, feature]), axis=0) if len(subject) else np.empty((0, 2), dtype=np.int64)
        return np.bincount(pairs[:, 0], minlength=self.count).astype(np.float64)

    def length_inside(self, chosen: Bools | None = None) -> Floats:
        """Return the metres of the layer's lines inside each subject."""
        subject, feature, pairs, _ = self._cut
        parts = self._sweep.parts(pairs)
        keep = chosen[feature] if chosen is not None else np.ones(len(subject), dtype=bool)
        lengths = np.where(shapely.get_dimensions(parts) == 1, shapely.length(parts), 0.0) if len(parts) else np.zeros(0)
        return to_resolution(self._sum(subject[keep], lengths[keep]))

    @lazy
    def uncovered(self) -> Floats:
        """The m² of each subject outside the layer's coverage, where nothing is known."""
        return uncovered(self.subjects, self.layer.extent, self.shared)

    def edge_distance(self, within: float) -> Floats:
        """Return the metres from each subject to where the layer's coverage ends, infinite beyond `within`; 0 where it is crossed."""
        return edge_distance(self.subjects, self.layer.extent, self.shared, within=within)


NEAR_EDGE_M = 300.0
"""Up to so far the edge of a coverage is looked for at first: most subjects have none within it."""


def edge_distance(subjects: Geometries, extent: Extent, shared: dict[Any, Any], *, within: float) -> Floats:
    """Return the metres from each subject to the edge of a coverage, infinite beyond `within` or farther."""
    reach = NEAR_EDGE_M if within <= NEAR_EDGE_M else math.inf
    if ("edge", extent, reach) not in shared:
        shared["edge", extent, reach] = to_resolution(extent.edge_distance(subjects, within=reach))
    edge: Floats = shared["edge", extent, reach]
    return edge


def uncovered(subjects: Geometries, extent: Extent, shared: dict[Any, Any]) -> Floats:
    """Return the m² of each subject outside a coverage; layers with the same coverage share the answer."""
    if extent not in shared:
        shared[extent] = to_resolution(extent.uncovered(subjects))
    outside: Floats = shared[extent]
    return outside


def overlay(subjects: Geometries, layer: Layer) -> Overlay:
    """Lay subjects (polygons in the layer's CRS) over a layer."""
    return Overlay(subjects, layer, shapely.area(subjects))


__all__ = ["DECIMALS", "Bools", "Floats", "Ints", "Overlay", "edge_distance", "overlay", "runs_of_several", "to_resolution", "uncovered"]
