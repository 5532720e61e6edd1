"""Checks of codes of places: do they belong to the county, are they in the list in force, do the patches lie where they say."""

from __future__ import annotations

import numpy as np
import shapely

from layers.quality.collecting import NO_REFERENCE, Collector
from layers.quality.context import Context, Places
from layers.quality.rings import Floats, Ints
from layers.quality.rulebook import checks, number
from layers.quality.subject import Subject

VILLAGE_FIELDS = ("ZLDWDM", "CZCDM")
"""Fields with the code of the village a patch lies in: the first 12 digits."""


def check_places(subject: Subject, found: Collector, context: Context) -> None:
    """Check every field that holds the code of a county, town or village."""
    _county(subject, found, context)
    if found.applies("QC-A12"):
        _known(subject, found, context)
    if found.applies("QC-A13"):
        _inside(subject, found, context)
    if found.applies("QC-A23"):
        _hierarchy(subject, found)


def _county(subject: Subject, found: Collector, context: Context) -> None:
    if not found.applies("QC-A11"):
        return
    names = [name for name in checks()["QC-A11"].fields if name in subject.columns]
    if context.county_code is None:
        found.not_made("QC-A11", NO_REFERENCE.format("县级行政区"))
        return
    if not names:
        found.not_made("QC-A11", "数据没有行政区代码字段")
        return
    found.made("QC-A11")
    for name in names:
        column = subject.columns[name]
        found.rows(
            "QC-A11",
            column.where(lambda text: not text.startswith(str(context.county_code))),
            message=lambda row, column=column: (
                f"{column.item.name}（{column.item.title}）的值 {column.texts[column.of[row]]} 不以本县代码 {context.county_code} 开头"
            ),
            geometry=lambda row: subject.geometries[row] if subject.is_sound[row] else None,
        )


def _villages(subject: Subject, found: Collector, context: Context, code: str) -> tuple[str, Places] | None:
    """The field with the village's code and the villages, or the reason why the check cannot be made."""
    name = next((name for name in VILLAGE_FIELDS if name in subject.columns), None)
    if context.villages is None:
        found.not_made(code, NO_REFERENCE.format("村级调查区"))
    elif name is None:
        found.not_made(code, "数据没有坐落单位代码字段")
    else:
        return name, context.villages
    return None


def _known(subject: Subject, found: Collector, context: Context) -> None:
    usable = _villages(subject, found, context, "QC-A12")
    if usable is None:
        return
    name, villages = usable
    column = subject.columns[name]
    found.rows(
        "QC-A12",
        column.where(lambda text: text[:12] not in villages.row_of),
        message=lambda row: f"{name}（{column.item.title}）的值 {column.texts[column.of[row]]} 不在现行的村级调查区中",
        geometry=lambda row: subject.geometries[row] if subject.is_sound[row] else None,
    )


def stated_village(subject: Subject, name: str, villages: Places) -> Ints:
    """The place in `villages` each row says it lies in (n,); -1 where it says none that is known."""
    column = subject.columns[name]
    places = [villages.row_of.get(text[:12], -1) for text in column.texts]
    return np.array(places, dtype=np.int64)[column.of] if places else np.full(len(subject), -1, dtype=np.int64)


def _inside(subject: Subject, found: Collector, context: Context) -> None:
    """A patch that no border cuts through is told by one point; one at a border by the area beyond it."""
    usable = _villages(subject, found, context, "QC-A13")
    if usable is None:
        return
    found.made("QC-A13")
    name, villages = usable
    stated = stated_village(subject, name, villages)
    rows = np.flatnonzero(subject.is_valid & (stated >= 0))
    outside = _share_outside(subject, villages, rows, stated[rows])
    limit, real = number("village_share", subject.layer), number("real_area", subject.layer)
    area = subject.area_m2[rows]
    wrong = np.flatnonzero((outside > limit) & (outside * np.maximum(area, 1e-9) > real))
    share = dict(zip(rows[wrong].tolist(), outside[wrong].tolist(), strict=True))
    found.rows(
        "QC-A13",
        rows[wrong],
        message=lambda row: (
            f"{share[row]:.1%} 的面积在所填的{villages.names[stated[row]]}（{villages.codes[stated[row]]}）之外{_really(subject, villages, row, int(stated[row]))}"
        ),
        geometry=lambda row: subject.geometries[row],
        measured=lambda row: share[row],
        unit="share",
    )


def _really(subject: Subject, villages: Places, row: int, stated: int) -> str:
    """Where the middle of a patch lies, if that is not the village it states."""
    found = villages.tree.query(shapely.point_on_surface(subject.geometries[row]), predicate="intersects").tolist()
    if stated in found:
        return ""
    return f"，实际在{villages.names[found[0]]}（{villages.codes[found[0]]}）" if found else "，实际不在任何村内"


def _share_outside(subject: Subject, villages: Places, rows: Ints, stated: Ints) -> Floats:
    """Which share of each patch's area lies outside the village it states (k,)."""
    result = np.zeros(len(rows))
    cut = subject.cut_by_borders(villages.polygons)[rows]
    points = subject.corners[rows]
    beside = subject.near_borders(villages.polygons)[rows] & ~cut
    points[beside] = subject.inner_points(rows[beside])
    order = np.argsort(stated, kind="stable")
    shapely.prepare(villages.polygons)
    for group in np.split(order, np.flatnonzero(np.diff(stated[order])) + 1) if len(order) else ():
        village = villages.polygons[stated[group[0]]]
        whole, crossing = group[~cut[group]], group[cut[group]]
        result[whole] = ~shapely.contains_xy(village, *points[whole].T)
        crossing = crossing[~shapely.covers(village, subject.geometries[rows[crossing]])]
        beyond = shapely.area(shapely.difference(subject.geometries[rows[crossing]], village))
        result[crossing] = beyond / np.maximum(subject.area_m2[rows[crossing]], 1e-9)
    return result


def _hierarchy(subject: Subject, found: Collector) -> None:
    village, town = subject.values("ZLDWDM"), subject.values("XZQDM")
    if village is None or town is None:
        found.not_made("QC-A23", "数据没有村级代码或乡镇代码字段")
        return
    pairs = zip(village.tolist(), town.tolist(), strict=True)
    wrong = [row for row, (code, above) in enumerate(pairs) if code and above and str(code)[:9] != str(above)]
    found.rows("QC-A23", wrong, message=lambda row: f"村级代码 {village[row]} 的前 9 位不是乡镇代码 {town[row]}")
