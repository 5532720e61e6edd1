"""Checks of the form of geometries: repeated points, ring order, slivers, tiny patches, spikes, rounded coordinates."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely

from layers.quality.collecting import Collector
from layers.quality.mending import without_repeated_points
from layers.quality.rings import Floats, Ints
from layers.quality.rulebook import number, thresholds
from layers.quality.subject import Subject


def check_form(subject: Subject, found: Collector) -> None:
    """Check every vertex and the shape of every patch."""
    _repeated_points(subject, found)
    _rounded(subject, found)
    if not found.applies("QC-G10"):
        return
    _ring_order(subject, found)
    _spikes(subject, found)
    _slivers(subject, found)
    _tiny(subject, found)
    _mapped(subject, found)


def repeated_points(subject: Subject) -> tuple[Ints, Floats]:
    """Return the rows that have vertices closer together than the threshold (one entry each pair), and the vertices (k, 2)."""
    limit = number("repeated_point", subject.layer)
    ring = subject.rings
    near = ring.inner[ring.step2 < limit * limit]
    lines = np.flatnonzero(subject.is_sound & (shapely.get_dimensions(subject.geometries) == 1))
    if not len(lines):
        return ring.owner[ring.ring[near]], ring.xy[near]
    parts, part_of = shapely.get_parts(subject.geometries[lines], return_index=True)
    xy, of = shapely.get_coordinates(parts, return_index=True)
    begin = np.flatnonzero(of[1:] == of[:-1])
    close = begin[((xy[begin + 1] - xy[begin]) ** 2).sum(axis=1) < limit * limit]
    return np.concatenate([ring.owner[ring.ring[near]], lines[part_of[of[close]]]]), np.concatenate(
        [ring.xy[near], xy[close]]
    )


def _repeated_points(subject: Subject, found: Collector) -> None:
    if not found.applies("QC-G11"):
        return
    owner, places = repeated_points(subject)
    rows, counts = np.unique(owner, return_counts=True)
    limit = number("repeated_point", subject.layer)
    count_of = dict(zip(rows.tolist(), counts.tolist(), strict=True))
    found.rows(
        "QC-G11",
        rows,
        message=lambda row: f"有 {count_of[row]} 处相邻节点的距离小于 {limit} 米",
        geometry=lambda row: shapely.multipoints(places[owner == row]),
        measured=lambda row: count_of[row],
        unit="处",
        repair=lambda row: (
            None if without_repeated_points(subject.geometries[row], limit) is None else "drop_repeated_points"
        ),
    )


def _rounded(subject: Subject, found: Collector) -> None:
    """Coordinates that are all multiples of a centimetre or more have lost what the survey had."""
    found.made("QC-G18")
    shapes = subject.geometries[subject.is_sound]
    few = shapely.get_coordinates(shapes[:: len(shapes) // 100 + 1])
    if not len(few):
        return
    for step in (10.0, 1.0, 0.1, 0.01):
        if step <= number("coarse_step", subject.layer):
            return
        # Most data sets are told by some of their coordinates.
        if _is_multiple(few, step) and _is_multiple(shapely.get_coordinates(shapes), step):
            found.add(
                "QC-G18",
                f"全部坐标都取整到 {step:g} 米，原始精度已丢失（要求不粗于 {number('coarse_step', subject.layer):g} 米）",
                measured=step,
                unit="m",
            )
            return


def _is_multiple(coordinates: Floats, step: float) -> bool:
    steps = coordinates / step
    return bool((np.abs(steps - np.rint(steps)) < 1e-6 / step).all())


def _ring_order(subject: Subject, found: Collector) -> None:
    """Files differ in whether shells run clockwise; in every one of them holes run the other way than their shell."""
    ring = subject.rings
    holes = np.flatnonzero(ring.is_hole)
    if not len(holes):
        found.made("QC-G10")
        return
    wrong = holes[np.sign(ring.signed_area[holes]) == np.sign(ring.signed_area[ring.shell[holes]])]
    rows, counts = np.unique(ring.owner[wrong], return_counts=True)
    count_of = dict(zip(rows.tolist(), counts.tolist(), strict=True))
    found.rows(
        "QC-G10",
        rows,
        message=lambda row: f"有 {count_of[row]} 个洞与外环方向相同",
        geometry=lambda row: subject.geometries[row],
        measured=lambda row: count_of[row],
        unit="个",
        repair="orient_rings",
    )


def _spikes(subject: Subject, found: Collector) -> None:
    limit = number("spike_angle", subject.layer)
    ring = subject.rings
    edges = ring.inner
    if not len(edges):
        found.made("QC-G14")
        return
    # The vertex after each edge, with the edge that leaves it; the last edge of a ring is followed by its first.
    (east, north), long = ring.step, ring.step2 >= number("repeated_point", subject.layer) ** 2
    last = np.append(np.flatnonzero(np.diff(ring.ring[edges])), len(edges) - 1)
    first = np.concatenate([[0], last[:-1] + 1])

    def leaving(values: Any) -> Any:
        result = np.roll(values, -1)
        result[last] = values[first]
        return result

    east_after, north_after = leaving(east), leaving(north)
    along = -(east * east_after + north * north_after)
    turning = np.flatnonzero((along > 0) & long & leaving(long))
    across = np.abs(east[turning] * north_after[turning] - north[turning] * east_after[turning])
    along = along[turning]
    sharp = across < math.tan(math.radians(limit)) * along
    across, along, turning = across[sharp], along[sharp], turning[sharp]
    owner, places = ring.owner[ring.ring[edges[turning]]], ring.xy[edges[turning] + 1]
    angle = np.degrees(np.arctan2(across, along))
    found.rows(
        "QC-G14",
        np.unique(owner),
        message=lambda row: f"节点处夹角 {angle[owner == row].min():.3f}° 小于 {limit:g}°",
        geometry=lambda row: shapely.multipoints(places[owner == row]),
        measured=lambda row: angle[owner == row].min(),
        unit="degree",
    )


def _slivers(subject: Subject, found: Collector) -> None:
    limit = number("sliver_ratio", subject.layer)
    area = subject.area_m2
    polygons = subject.is_valid & (area > 0)
    ratio = np.zeros(len(subject))
    ratio[polygons] = 2 * shapely.length(subject.geometries[polygons]) / area[polygons]
    found.rows(
        "QC-G12",
        np.flatnonzero(ratio > limit),
        message=lambda row: f"2 × 周长 ÷ 面积 = {ratio[row]:.1f}，大于 {limit:g}（面积 {area[row]:.2f} ㎡）",
        geometry=lambda row: subject.geometries[row],
        measured=lambda row: ratio[row],
        unit="1/m",
    )


def _tiny(subject: Subject, found: Collector) -> None:
    limit = thresholds()["tiny_patch"].of(subject.layer)
    if limit is None:
        return
    _smaller(subject, found, "QC-G13", np.full(len(subject), float(limit)), "图斑面积")


def _mapped(subject: Subject, found: Collector) -> None:
    """Patches below the smallest the survey maps, by class: 设施农用地 counts with built land."""
    if not found.applies("QC-G19"):
        return
    if "DLBM" not in subject.columns:
        found.not_made("QC-G19", "没有地类编码，不知道适用哪个下限")
        return
    column = subject.columns["DLBM"]
    built, farmland, other = (
        number(name, subject.layer) for name in ("mapped_built", "mapped_farmland", "mapped_other")
    )
    limits = [0.0 if not code else _mapped_limit(code, built, farmland, other) for code in column.texts]
    _smaller(subject, found, "QC-G19", np.array(limits, dtype=np.float64)[column.of], "图斑面积小于三调最小上图面积：")


def _mapped_limit(code: str, built: float, farmland: float, other: float) -> float:
    if code.startswith(("05", "06", "07", "08", "09", "10", "1201", "1202", "1109")) and not code.startswith("1006"):
        return built
    return farmland if code.startswith("01") else other


def _smaller(subject: Subject, found: Collector, code: str, limits: Floats, what: str) -> None:
    area = subject.area_m2
    found.rows(
        code,
        np.flatnonzero(subject.is_valid & (area < limits)),
        message=lambda row: f"{what} {area[row]:.2f} ㎡，小于 {limits[row]:g} ㎡",
        geometry=lambda row: subject.geometries[row],
        measured=lambda row: area[row],
        unit="m2",
    )
