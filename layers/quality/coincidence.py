"""Check of edges against the survey patches: the edges of settlements, parcels and basic farmland should lie on theirs."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import MultiLineString

from layers.quality.collecting import NO_REFERENCE, Collector
from layers.quality.context import Context
from layers.quality.edges import Edges, Grid, edges, grid, has_edge
from layers.quality.rings import Bools, Floats, Ints, rings
from layers.quality.rulebook import number
from layers.quality.subject import Subject
from spatial.pieces import Geometries


def check_coincidence(subject: Subject, found: Collector, context: Context) -> None:
    """Check that every edge lies on an edge of a survey patch, within the tolerance.

    An edge that a patch has too is known at once; of any other, points along it are looked for near the patches' edges.
    """
    if not found.applies("QC-T05"):
        return
    if context.patches is None:
        found.not_made("QC-T05", NO_REFERENCE.format("地类图斑"))
        return
    found.made("QC-T05")
    rows = subject.valid_polygons
    rows = rows[subject.is_together[rows]]
    if not len(rows):
        return
    ring = rings(subject.geometries[rows], rows)
    patches = _nearby(context.patches, subject.geometries[rows])
    beside = rings(patches, np.arange(len(patches)))
    over = grid(np.concatenate([ring.xy, beside.xy]), number("xy_resolution", subject.layer))
    own = edges(ring, over)
    loose = np.flatnonzero(~has_edge(own, edges(beside, over)))
    loose = loose[~_lies_on(own, loose, patches, subject)]
    _tell(subject, found, own, loose)


def _nearby(patches: Geometries, shapes: Geometries) -> Geometries:
    """The patches within the box of the shapes; only valid polygons count."""
    west, south, east, north = shapely.total_bounds(shapes)
    bounds = shapely.bounds(patches)
    meets = (bounds[:, 0] <= east) & (bounds[:, 2] >= west) & (bounds[:, 1] <= north) & (bounds[:, 3] >= south)
    some = patches[meets]
    polygons: Geometries = some[shapely.get_dimensions(some) == 2]
    return polygons


def _lies_on(own: Edges, which: Ints, patches: Geometries, subject: Subject) -> Bools:
    """Which of some edges run along the patches' edges: their middles are asked first, the other points of those that pass."""
    result = np.zeros(len(which), dtype=bool)
    if not len(which) or not len(patches):
        return result
    tolerance = number("xy_tolerance", subject.layer) + 2 * own.grid.step
    begin, end = _metres(own.grid, own.begin[which]), _metres(own.grid, own.end[which])
    tree = shapely.STRtree(shapely.boundary(patches))

    def near(points: Floats) -> Bools:
        hits = np.zeros(len(points), dtype=bool)
        hits[tree.query(shapely.points(points), predicate="dwithin", distance=tolerance)[0]] = True
        return hits

    left = np.flatnonzero(near((begin + end) / 2))
    length = np.hypot(*(end - begin).T)
    pieces = max(2, int(np.ceil(length[left].max() / number("edge_step", subject.layer)))) if len(left) else 0
    for share in np.linspace(0, 1, pieces + 1) if pieces else ():
        left = left[near(begin[left] + (end[left] - begin[left]) * share)]
    result[left] = True
    return result


def _metres(over: Grid, keys: Ints) -> Floats:
    return over.steps(keys) * over.step + over.origin


def _tell(subject: Subject, found: Collector, own: Edges, loose: Ints) -> None:
    begin, end = _metres(own.grid, own.begin[loose]), _metres(own.grid, own.end[loose])
    owner = own.owner[loose]
    length = np.bincount(owner, weights=np.hypot(*(end - begin).T), minlength=len(subject))
    whole = np.where(subject.is_valid, shapely.length(subject.geometries), 0.0)
    limit = number("edge_share", subject.layer)
    order = np.argsort(owner, kind="stable")
    first = np.searchsorted(owner[order], np.arange(len(subject) + 1))

    def lines(row: int) -> MultiLineString:
        mine = order[first[row] : first[row + 1]]
        return MultiLineString(list(np.stack([begin[mine], end[mine]], axis=1)))

    found.rows(
        "QC-T05",
        np.flatnonzero(length > np.maximum(limit * whole, 0.0)),
        message=lambda row: (
            f"边线有 {length[row]:.2f} 米（占 {length[row] / whole[row]:.1%}）不与地类图斑边线重合（限值 {limit:.0%}）"
        ),
        geometry=lines,
        measured=lambda row: length[row],
        unit="m",
    )
