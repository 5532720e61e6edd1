"""Subjects laid over many layers at once: one search and one run of intersections for all of them.

For a single subject the cost of a layer that has nothing near it is nothing; for many the searches share one tree.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from spatial.clipping import MOST_CORNERS, clear, passing, seen, shared_areas, windows
from spatial.kept import Kept
from spatial.layer import Layer, LayerSet
from spatial.lazy import lazy
from spatial.pieces import Geometries
from spatial.rings import all_edges, lay, rings

Floats = NDArray[np.floating[Any]]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

PREPARE_FROM = 4
"""A piece that meets so many subjects is worth preparing; the answers are the same."""

_POLYGON = 3
_UNSURE_M2, _UNSURE_SHARE = 1e-6, 1e-9
MANY = 128
"""From so many pairs on they are worked on as arrays of numbers; of fewer the exact predicates are asked at once. The answers are the same."""



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
        starts, subject, feature, places, areas = self._by_layer
        position = self.ground.position[name]
        own = slice(starts[position], starts[position + 1])
        return subject[own], feature[own], places[own], areas[own]

    @lazy
    def _by_layer(self) -> tuple[list[int], Ints, Ints, Ints, Floats]:
        """Where each layer's pairs begin (one more at the end) when they are put in the order of the layers, and the pairs in that order."""
        order = np.argsort(self.owner, kind="stable")
        starts = np.searchsorted(self.owner[order], np.arange(len(self.ground.names) + 1)).tolist()
        return starts, self.subject[order], self.feature[order], order, self.areas[order]

    def run(self, name: str, row: int) -> tuple[int, int]:
        """Return where the pairs of one layer and subject begin and end in `pairs` and `listed`."""
        place = self.ground.position[name] * len(self.subjects) + row
        return self._runs[place], self._runs[place + 1]

    def pairs(self, start: int, end: int) -> tuple[Ints, Ints, Floats]:
        """Return some pairs in the order of the layers: feature rows, places for `parts`, areas."""
        _, _, feature, places, areas = self._by_layer
        return feature[start:end], places[start:end], areas[start:end]

    @lazy
    def listed(self) -> tuple[list[int], list[float]]:
        """The feature rows and areas of all pairs in the order of the layers, as lists: they are asked for one by one."""
        _, _, feature, _, areas = self._by_layer
        return feature.tolist(), areas.tolist()

    @lazy
    def _runs(self) -> list[int]:
        """Where the pairs of each layer and subject begin in the order of the layers, one more at the end."""
        starts, subject, _, _, _ = self._by_layer
        count, width = len(self.subjects), len(self.ground.names)
        key = np.repeat(np.arange(width), np.diff(starts)) * count + subject
        runs: list[int] = np.searchsorted(key, np.arange(width * count + 1)).tolist()
        return runs

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
    if len(subjects) > 1:
        width = max(len(over.pieces), 1)
        subject, piece = np.divmod(np.sort(subject * width + piece), width)
    else:
        piece = np.sort(piece)
    whole, meets, areas = _meet(subjects, subject_areas, subject, piece, over)
    kept = np.flatnonzero(meets)
    if len(kept) < len(meets):
        subject, piece, whole, areas = subject[kept], piece[kept], whole[kept], areas[kept]
    made = np.full(len(subject), None, dtype=object)
    made[whole] = subjects[subject[whole]]
    _intersect(made, areas, np.flatnonzero(np.isnan(areas)), subjects, subject, piece, over)
    return Sweep(over, subjects, subject, piece, areas, made)


def _meet(subjects: Geometries, subject_areas: Floats, subject: Ints, piece: Ints, over: Ground) -> tuple[Bools, Bools, Floats]:
    """Of pairs whose boxes meet: which have the subject wholly inside the piece, which meet at all, and their m² (NaN: their shape must tell)."""
    full = subject_areas[subject]
    whole, meets, ask = np.zeros(len(subject), dtype=bool), np.zeros(len(subject), dtype=bool), np.ones(len(subject), dtype=bool)
    areas = np.full(len(subject), np.nan)
    if len(subject) > MANY:
        _tell(subjects, full, subject, piece, over, whole, meets, areas, ask)
    rest = np.flatnonzero(ask)
    whole[rest] = _ask(shapely.covers, subjects[subject[rest]], over.pieces[piece[rest]], piece[rest])
    rest = rest[~whole[rest]]
    meets[rest] = _ask(shapely.intersects, subjects[subject[rest]], over.pieces[piece[rest]], piece[rest])
    if len(subject) <= MANY:
        pairs = rest[meets[rest] & _areal(over.pieces[piece[rest]])]
        window = windows(subjects[subject[pairs]])
        if window.usable.any():
            found = shared_areas(seen(window, np.arange(len(pairs)), all_edges(rings(over.pieces[piece[pairs]]))))
            areas[pairs] = np.where(window.usable, _sure(found, full[pairs]), np.nan)
    areas[whole] = full[whole]
    return whole, meets | whole, areas


def _tell(
    subjects: Geometries, full: Floats, subject: Ints, piece: Ints, over: Ground, whole: Bools, meets: Bools, areas: Floats, ask: Bools
) -> None:
    """Fill in what boxes and windows tell of polygons; `ask` stays where the exact predicates have to be asked."""
    used, which = np.unique(piece, return_inverse=True)
    areal = _areal(over.pieces[used])
    pairs = np.flatnonzero(areal[which])
    if not len(pairs):
        return
    small = (shapely.get_num_coordinates(subjects) <= MOST_CORNERS + 1)[subject[pairs]]
    boxes = shapely.bounds(subjects)[subject[pairs]]
    laid = lay(boxes, (areal.cumsum() - 1)[which[pairs]], rings(over.pieces[used[areal]]), asked=small)
    whole[pairs], ask[pairs] = laid.inside, laid.across
    pairs = pairs[laid.across & small]
    own, row = np.unique(subject[pairs], return_inverse=True)
    window = windows(subjects[own])
    view = seen(window, row, laid.edges)
    usable, apart, found = window.usable[row], clear(view), _sure(shared_areas(view), full[pairs])
    known = usable & ~apart & ~np.isnan(found)
    whole[pairs], meets[pairs] = usable & apart & (laid.passing ^ passing(view)), known
    areas[pairs] = np.where(known, found, np.nan)
    ask[pairs] = ~known & ~(usable & apart)


def _areal(pieces: Geometries) -> Bools:
    """Which geometries are polygons, and so have edges round them."""
    result: Bools = (shapely.get_type_id(pieces) == _POLYGON) & ~shapely.is_empty(pieces)
    return result


def _sure(found: Floats, whole: Floats) -> Floats:
    """Leave out areas next to none and next to all, which do not tell by themselves whether a subject is met or inside."""
    least = _UNSURE_M2 + _UNSURE_SHARE * whole
    return np.where((found > least) & (found < whole - least), found, np.nan)


def _ask(predicate: Callable[[Geometries, Geometries], Bools], left: Geometries, right: Geometries, piece: Ints) -> Bools:
    """What a predicate says of pieces and subjects."""
    return predicate(_prepared(right, piece) if len(piece) > 64 * PREPARE_FROM else right, left) if len(piece) else np.zeros(0, dtype=bool)


def _prepared(pieces: Geometries, wanted: Ints) -> Geometries:
    """Return the pieces, those met often as prepared copies. Only copies: prepared geometries shared between threads crash."""
    _, first, position, counts = np.unique(wanted, return_index=True, return_inverse=True, return_counts=True)
    often = counts >= PREPARE_FROM
    own: Geometries = pieces[first]
    own[often] = shapely.from_wkb(shapely.to_wkb(own[often]))
    shapely.prepare(own[often])
    return own[position]


def _intersect(made: Geometries, areas: Floats, rest: Ints, subjects: Geometries, subject: Ints, piece: Ints, over: Ground) -> None:
    """Fill in the shapes and areas of some pairs."""
    if not len(rest):
        return
    # A small piece wholly inside a subject with many pieces of one layer needs no intersection. Each subject decides for
    # itself, so that its neighbours in a batch change nothing.
    key = subject[rest] * len(over.names) + over.owner[piece[rest]]
    many = np.bincount(key)[key] > 4
    cut, mine = over.pieces[piece[rest]], subjects[subject[rest]]
    many[many] = shapely.covered_by(cut[many], mine[many])
    cut[~many] = shapely.intersection(mine[~many], cut[~many])
    made[rest], areas[rest] = cut, shapely.area(cut)
