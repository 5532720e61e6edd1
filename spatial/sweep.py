"""Subjects laid over many layers at once: one search and one run of intersections for all of them.

For a single subject the cost of a layer that has nothing near it is nothing; for many the searches share one tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.clipping import plain, shared_areas, windows
from spatial.kept import Kept
from spatial.layer import Layer, LayerSet
from spatial.lazy import lazy
from spatial.pieces import Geometries

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PREPARE_FROM = 4
"""A piece that meets so many subjects is worth preparing; the answers are the same."""


@dataclass(frozen=True, eq=False)
class Ground:
    """The pieces of several layers under one search tree, layer after layer.

    `starts[k]` is the first piece of layer `names[k]`; `feature[p]` the row of piece p's feature in its own layer.
    """

    names: tuple[str, ...]
    layers: tuple[Layer, ...]
    pieces: Geometries
    starts: Ints
    feature: Ints
    owner: NDArray[np.int16]

    @lazy
    def tree(self) -> shapely.STRtree:
        """The search tree over all pieces."""
        return self.layers[0].tree if len(self.layers) == 1 else shapely.STRtree(self.pieces)

    @lazy
    def position(self) -> dict[str, int]:
        """The position of each layer by its name."""
        return {name: index for index, name in enumerate(self.names)}


def _build(names: tuple[str, ...], layers: tuple[Layer, ...]) -> Ground:
    counts = np.array([len(layer.pieces) for layer in layers], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    pieces = np.concatenate([np.empty(0, dtype=object), *[layer.pieces for layer in layers]])
    feature = np.concatenate([np.empty(0, dtype=np.int64), *[layer.piece_feature for layer in layers]])
    return Ground(names, layers, pieces, starts, feature, np.repeat(np.arange(len(layers), dtype=np.int16), counts))


_KEPT: Kept[Ground] = Kept(most=8)


def ground(layers: LayerSet, names: Sequence[str]) -> Ground:
    """Return the common ground of those of the named layers that are loaded; what was made for the same layers is used again."""
    loaded = tuple(name for name in names if name in layers)
    chosen = tuple(layers[name] for name in loaded)
    key = tuple(map(id, chosen))
    kept = _KEPT.get(key)
    # Layers are told apart by identity; the ground keeps them alive, so an id stands for the same layer.
    if kept is None or kept.names != loaded:
        kept = _KEPT.put(key, _build(loaded, chosen))
    return kept


@dataclass(frozen=True, eq=False)
class Sweep:
    """The pairs of subject and piece that meet, ordered by subject, layer and piece.

    `areas[i]` is the m² that pair i shares. Its shape is worked out when asked for (`parts`): most questions are about areas only.
    """

    ground: Ground
    subjects: Geometries
    subject: Ints
    piece: Ints
    areas: Floats
    made: Geometries
    """The shapes worked out so far, None for the others."""

    @lazy
    def owner(self) -> NDArray[np.int16]:
        """The position of each pair's layer."""
        return self.ground.owner[self.piece]

    @lazy
    def feature(self) -> Ints:
        """The row of each pair's feature in its layer."""
        return self.ground.feature[self.piece]

    def of(self, name: str) -> tuple[Ints, Ints, Ints, Floats]:
        """Return the pairs of one layer: subject rows, feature rows, places for `parts`, areas."""
        mine = np.flatnonzero(self.owner == self.ground.position[name])
        return self.subject[mine], self.feature[mine], mine, self.areas[mine]

    def parts(self, places: Ints) -> Geometries:
        """Return what the subjects and pieces of some pairs share."""
        found = self.made[places]
        new = np.flatnonzero(found == np.array(None))
        if len(new):
            pairs = places[new]
            found[new] = self.made[pairs] = shapely.intersection(self.subjects[self.subject[pairs]], self.ground.pieces[self.piece[pairs]])
        return found


def sweep(subjects: Geometries, subject_areas: Floats, over: Ground) -> Sweep:
    """Lay subjects (polygons in the layers' CRS, `subject_areas` their m²) over all layers of a ground."""
    # By boxes only: a tree search with a predicate holds the interpreter's lock, the functions below let other threads run.
    subject, piece = over.tree.query(subjects)
    order = np.lexsort((piece, subject)) if len(subjects) > 1 else piece.argsort()
    subject, piece = subject[order], piece[order]
    left, right = subjects[subject], over.pieces[piece]
    whole, meets = _relate(left, right, piece)
    if not meets.all():
        subject, piece, left, right, whole = subject[meets], piece[meets], left[meets], right[meets], whole[meets]
    made, areas = _intersect(subjects, subject, piece, left, right, whole, subject_areas, over)
    return Sweep(over, subjects, subject, piece, areas, made)


def _relate(left: Geometries, right: Geometries, piece: Ints) -> tuple[Bools, Bools]:
    """Which pairs have the subject wholly inside the piece, told without an intersection, and which meet at all."""
    asked = _prepared(right, piece) if len(piece) > 64 * PREPARE_FROM else right
    whole: Bools = shapely.covers(asked, left)
    meets = whole.copy()
    rest = ~whole
    meets[rest] = shapely.intersects(asked[rest], left[rest])
    return whole, meets


def _prepared(pieces: Geometries, wanted: Ints) -> Geometries:
    """Return the pieces, those met often as prepared copies. Only copies: prepared geometries shared between threads crash."""
    _, first, position, counts = np.unique(wanted, return_index=True, return_inverse=True, return_counts=True)
    often = counts >= PREPARE_FROM
    own: Geometries = pieces[first]
    own[often] = shapely.from_wkb(shapely.to_wkb(own[often]))
    shapely.prepare(own[often])
    return own[position]


def _intersect(
    subjects: Geometries, subject: Ints, piece: Ints, left: Geometries, right: Geometries, whole: Bools, subject_areas: Floats, over: Ground
) -> tuple[Geometries, Floats]:
    """The shapes of pairs so far as they are needed for areas, and the areas."""
    made, areas = np.full(len(subject), None, dtype=object), subject_areas[subject]
    made[whole] = left[whole]
    rest = np.flatnonzero(~whole)
    if len(rest):
        window = windows(subjects)
        quick = window.usable[subject[rest]] & plain(right[rest])
        pairs = rest[quick]
        areas[pairs] = shared_areas(window.corners[subject[pairs]], right[pairs])
        rest = rest[~quick]
    if len(rest):
        # A small piece wholly inside a subject with many pieces of one layer needs no intersection. Each subject decides for
        # itself, so that its neighbours in a batch change nothing.
        key = subject[rest] * len(over.names) + over.owner[piece[rest]]
        many = np.bincount(key)[key] > 4
        cut, mine = right[rest], left[rest]
        many[many] = shapely.covered_by(cut[many], mine[many])
        cut[~many] = shapely.intersection(mine[~many], cut[~many])
        made[rest], areas[rest] = cut, shapely.area(cut)
    return made, areas
