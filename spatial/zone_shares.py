"""Which zones a plot lies in, with the m² in each: a plot in two zones is under two sets of rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import shapely

from spatial.layer import Layer
from spatial.layer_titles import layer_title
from spatial.measures import Bools, to_resolution
from spatial.pieces import Geometries


@dataclass(frozen=True)
class Shares:
    """The m² of n subjects in each zone of one layer; `split` and `unclear` say which lie in several, and which cannot be told."""

    key: str
    title: str
    version: int | None
    areas: tuple[dict[str, float], ...]
    split: Bools
    unclear: Bools
    reason: str
    names: Mapping[str, str] = field(default_factory=dict)

    def hit(self, row: int) -> dict[str, Any]:
        """Return a plot's zones as a hit, JSON-ready."""
        told = "，".join(f"{self.names.get(zone, zone)} {area:.2f} ㎡" for zone, area in sorted(self.areas[row].items(), key=lambda item: (-item[1], item[0])))
        return {
            "rule": self.key, "title": f"跨{self.title}", "severity": "warn", "message": f"跨{self.title}：{told}。", "zones": self.areas[row],
            "measured": {"value": len(self.areas[row]), "unit": "count"}, "threshold": None, "estimated": False, "geometry": None,
            "dataset": {"layer": self.key, "version": self.version}, "citations": [],
        }  # fmt: skip


def zone_shares(
    subjects: Geometries, layer: Layer | None, *, name: str, field: str, noise_m2: float | None, names: Mapping[str, str]
) -> Shares:
    """Measure the zones each subject (polygons in the layer's CRS) lies in; what is not more than `noise_m2` is drawing noise.

    `names` are the zones' Chinese names. Where the layer is not loaded, does not cover a subject, has no zone written for a part, or no noise is set, the subject is unclear.
    """
    count, title = len(subjects), layer_title(name)
    if layer is None or noise_m2 is None:
        why = f"图层“{title}”未入库" if layer is None else "本辖区未设定误差界限"
        return Shares(name, title, None, ({},) * count, np.zeros(count, bool), np.ones(count, bool), why)
    table = _areas(subjects, layer, field)
    uncovered = to_resolution(layer.extent.uncovered(subjects)) > noise_m2
    unnamed = np.zeros(count, dtype=bool)
    areas: list[dict[str, float]] = [{} for _ in range(count)]
    for row, zone, area in table:
        if area <= noise_m2:
            continue
        if zone is None:
            unnamed[row] = True
        else:
            areas[row][zone] = area
    split = np.array([len(zones) > 1 for zones in areas], dtype=bool)
    return Shares(name, title, layer.dataset.version, tuple(areas), split, uncovered | unnamed, f"图层“{title}”覆盖不全，或有要素未写明分区", names)


def _areas(subjects: Geometries, layer: Layer, field: str) -> list[tuple[int, str | None, float]]:
    """The m² of every subject in every zone; features of one zone that overlap count once."""
    subject, piece = layer.tree.query(subjects, predicate="intersects")
    parts = shapely.intersection(subjects[subject], layer.pieces[piece])
    column = layer.attributes.get(field)
    owners = layer.piece_feature[piece]
    zones, names = pd.factorize(np.full(len(owners), None, dtype=object) if column is None else np.asarray(column, dtype=object)[owners])
    table = pd.DataFrame({"subject": subject, "zone": zones, "area": shapely.area(parts), "part": parts})
    found = []
    for key, group in table.groupby(["subject", "zone"], sort=True):
        row, zone = (int(part) for part in np.asarray(key))
        whole = group["area"].sum() if layer.disjoint or len(group) == 1 else shapely.area(shapely.union_all(group["part"].to_numpy()))
        found.append((row, None if zone < 0 else str(names[zone]), float(round(whole, 4))))
    return found
