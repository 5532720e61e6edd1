"""Land of a kind in the whole village of a subject: idle plots, vacant land (土地管理法 §37, §62: use what lies vacant first).

The village is the one that holds most of the subject. What was measured for a village is kept with the layer, whose version never
changes: a thousand applications of one village measure it once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.choosing import Choice, choose
from spatial.facts import Fact, unknown
from spatial.layer import Layer
from spatial.measures import Bools, Floats, Ints, overlay, to_resolution
from spatial.remembered import remember
from spatial.rules.model import FactSpec

if TYPE_CHECKING:
    from spatial.measuring import Facts

SHOWN = 5
"""So many of the nearest pieces of land are named and drawn."""

MOST_DRAWN = 5_000


@dataclass(frozen=True)
class _Land:
    """The chosen features of a layer as a layer of their own, and what was found for each village."""

    villages: Layer
    layer: Layer
    certain: Bools
    found: dict[int, tuple[float, float]] = field(default_factory=dict)
    inside: dict[int, Ints] = field(default_factory=dict)
    drawn: dict[tuple[int, ...], Any] = field(default_factory=dict)

    def amounts(self, wanted: Ints) -> tuple[Floats, Floats]:
        """The least and most m² in each of the wanted villages."""
        new = np.array([row for row in np.unique(wanted).tolist() if row not in self.found], dtype=np.int64)
        if len(new):
            self.found.update(zip(new.tolist(), self._measured(new), strict=True))
        pairs = np.array([self.found[row] for row in wanted.tolist()], dtype=float).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1]

    def _measured(self, rows: Ints) -> list[tuple[float, float]]:
        shapes = self.villages.features[rows]
        over = overlay(shapes, self.layer)
        low, high = over.overlap(self.certain), over.overlap()
        # A village whose border is where the village layer ends may go on beyond it.
        whole = (over.uncovered == 0) & (to_resolution(self.villages.extent.edge_distance(shapes, within=1.0)) > 0)
        return list(zip(low.tolist(), np.where(whole, high, np.inf).tolist(), strict=True))

    def nearest(self, village: int, subject: Any) -> Ints:
        """The rows of the land that certainly is of the kind and lies in a village, the nearest to the subject first."""
        if village not in self.inside:
            self.inside[village] = self._inside(self.villages.features[village])
        rows = self.inside[village]
        return rows[np.lexsort((rows, shapely.distance(self.layer.features[rows], subject)))]

    def together(self, rows: Ints) -> Any:
        """Some pieces of land as one geometry, None for none; neighbours are shown the same ones."""
        key = tuple(rows.tolist())
        if not key:
            return None
        return self.drawn.get(key) or remember(self.drawn, key, shapely.union_all(self.layer.features[rows]), most=MOST_DRAWN)

    def _inside(self, village: Any) -> Ints:
        rows = np.unique(self.layer.piece_feature[self.layer.tree.query(village)])
        rows = rows[self.certain[rows]]
        return rows[to_resolution(shapely.area(shapely.intersection(self.layer.features[rows], village))) > 0]


def _land(layer: Layer, choice: Choice, villages: Layer) -> _Land:
    key = ("village_land", id(choice))
    kept = layer._chosen.get(key)
    if kept is None or kept[0] is not choice or kept[1].villages is not villages:
        kept = layer._chosen[key] = (choice, _Land(villages, *_only(layer, choice)))
    land: _Land = kept[1]
    return land


def _only(layer: Layer, choice: Choice) -> tuple[Layer, Bools]:
    """A layer of the features that may be of the kind, and which of them certainly are."""
    rows = np.flatnonzero(choice.possible)
    place = np.full(len(layer.features), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    owner = place[layer.piece_feature]
    kept = owner >= 0
    part = replace(layer, features=layer.features[rows], ids=layer.ids[rows], attributes={}, pieces=layer.pieces[kept], piece_feature=owner[kept])
    return part, choice.certain[rows]


def village_overlap(facts: Facts, name: str, spec: FactSpec) -> Fact:
    """Measure the m² of chosen land in the village of every subject."""
    layer, villages = facts.layers.get(spec.layer or ""), facts.overlay("village")
    if layer is None or villages is None:
        text = f"图层“{facts.title(spec.layer or '') if villages is not None else '村级调查区'}”未入库"
        return unknown(name, spec, len(facts), reason=lambda _: text)
    if spec.code_system is not None and layer.dataset.code_system != spec.code_system:
        text = f"图层“{layer.dataset.title}”的代码体系是 {layer.dataset.code_system or '未说明'}，应为 {spec.code_system}"
        return unknown(name, spec, len(facts), reason=lambda _: text, error=np.ones(len(facts), dtype=bool), dataset=layer.dataset)
    choice = choose(layer, spec.where, layers=facts.layers, codes=facts.pack.codes, code_system=spec.code_system)
    land, (best, _), sure = _land(layer, choice, villages.layer), villages.dominant(), villages.surely_dominant
    low, high = np.zeros(len(facts)), np.full(len(facts), np.inf)
    low[sure], high[sure] = land.amounts(best[sure])

    near: dict[int, Ints] = {}

    def nearest(row: int) -> Ints:
        if row not in near:
            near[row] = land.nearest(int(best[row]), facts.subjects[row]) if sure[row] else np.empty(0, dtype=np.int64)
        return near[row]

    def geometry(row: int) -> Any:
        return land.together(nearest(row)[:SHOWN])

    def detail(row: int) -> str | None:
        rows = nearest(row)
        named = "、".join(str(land.layer.ids[key]) for key in rows[:SHOWN])
        return f"{named}，共 {len(rows)} 处" if len(rows) > SHOWN else named or None

    def reason(row: int) -> str | None:
        if not sure[row]:
            return "不能确定地块在哪个村"
        if low[row] == high[row]:
            return None
        return f"图层“{layer.dataset.title}”没有覆盖全村，或村内有要素缺少属性，或村界到了数据边缘"

    return Fact(name, spec, low=low, high=high, dataset=layer.dataset, reason=reason, geometry=geometry, detail=detail)
