"""Facts measured for an array of subjects: every entry of a pack's `facts` turned into a `Fact`, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import numpy as np
import shapely

from spatial import clearances
from spatial.choosing import Choice, choose
from spatial.clearance import clearance
from spatial.derived import DERIVED
from spatial.facts import Fact, exact, unknown
from spatial.layer import Layer, LayerSet
from spatial.lazy import lazy
from spatial.measures import Bools, Floats, Overlay, edge_distance, to_resolution, uncovered
from spatial.overlap_table import (
    FAR,
    MEASURES,
    Column,
    OverlapTable,
    asked_round,
    filling,
    form_numbers,
    kept_table,
    overlap_table,
)
from spatial.pieces import Extent, Geometries
from spatial.remembered import remember
from spatial.rules.model import FactSpec
from spatial.rules.pack import Pack
from spatial.rules.parameters import Resolved
from spatial.sweep import Sweep, ground, sweep
from spatial.vicinity import vicinity

_MOST_FAR = 500


class Facts:
    """The facts of n subjects, measured when first asked for.

    `properties` maps a declared property to an object array of n values (None: not declared).
    `context` gives categories that come from elsewhere (the village type), with the version they carry.
    """

    def __init__(
        self,
        subjects: Geometries,
        *,
        properties: Mapping[str, Any],
        layers: LayerSet,
        pack: Pack,
        valid_on: date,
        context: Mapping[str, Callable[[Facts], tuple[Any, str | None]]] | None = None,
    ) -> None:
        self.subjects, self.properties, self.layers = subjects, properties, layers
        self.pack, self.valid_on, self.context = pack, valid_on, context or {}
        self.areas: Floats = shapely.area(subjects)
        self._facts: dict[str, Fact] = {}
        self._overlays: dict[str, Overlay] = {}
        self._shared: dict[Any, Any] = {}
        self._met: dict[int, frozenset[str]] = {}
        self._parameters: dict[str, Resolved] = {}
        self.any_error = False
        """Whether any fact asked for so far rests on wrong data."""

    def __len__(self) -> int:
        return len(self.subjects)

    def __getitem__(self, name: str) -> Fact:
        fact = self._facts.get(name)
        if fact is None:
            spec = self.pack.main.facts[name]
            fact = self._facts[name] = self._far(name, spec) if spec.measure in FAR else self._measure(name, spec)
        return fact

    def _far(self, name: str, spec: FactSpec) -> Fact:
        """A fact about what lies round the subjects. Where nothing does it is the same for all, and known from one asked before."""
        if spec.layer not in self._empty:
            return self._measure(name, spec)
        kept, key, count = self.table.far, (name, self.valid_on), len(self)
        fact = kept.get(key) or remember(kept, key, self._measure(name, spec), most=_MOST_FAR)
        assert fact.low is not None and fact.high is not None
        if len(fact.low) == count:
            return fact
        first = fact.reason(0)
        return Fact(name, spec, low=np.full(count, fact.low[0]), high=np.full(count, fact.high[0]), dataset=fact.dataset,
                    reason=lambda _: first, shown=None if fact.shown is None else lambda _: None)  # fmt: skip

    @lazy
    def _empty(self) -> frozenset[str]:
        """The layers that have nothing within their reach of any subject, and whose coverage does not end there."""
        grid = self.table.vicinity
        far = grid.metres.keys() - grid.near(shapely.bounds(self.subjects))
        return frozenset(name for name in far if self.covered_for(name, grid.metres[name]))

    def covered_for(self, name: str, metres: float) -> bool:
        """Tell whether a loaded layer's coverage goes on for so many metres round every subject."""
        return bool(len(self) and self.covered_round(name, metres).all())

    def covered_round(self, name: str, metres: float) -> Bools:
        """Return round which subjects a loaded layer's coverage goes on for so many metres."""
        edge = edge_distance(self.subjects, self.layers[name].extent, self._shared, within=metres)
        around: Bools = edge > metres
        return around

    def numbers(self, names: tuple[str, ...]) -> tuple[Floats, Floats]:
        """Return the least and the most of some numeric facts, as facts × subjects."""
        plan = filling(names, self.pack, self.table)
        low, high = np.empty((len(names), len(self))), np.empty((len(names), len(self)))
        low[plan.to], high[plan.to] = self._sums[0][plan.of], self._sums[1][plan.of]
        if len(plan.declared):
            low[plan.declared], high[plan.declared] = self.declared(plan.properties)
        for row, name in plan.others:
            fact = self[name]
            low[row], high[row] = fact.low, fact.high
        return low, high

    def declared(self, properties: tuple[str, ...]) -> tuple[Floats, Floats]:
        """Return what the form states of some numeric properties, as properties × subjects; an empty field is not known."""
        rows = [self.table.form[name] for name in properties]
        low, high = self._stated
        return low[rows], high[rows]

    def stated(self, name: str) -> tuple[Floats, Floats]:
        """Return what the form states of one numeric property, as `declared` does."""
        row = self.table.form[name]
        return self._stated[0][row], self._stated[1][row]

    @lazy
    def _stated(self) -> tuple[Floats, Floats]:
        """All numbers of the form, least and most, as properties × subjects."""
        nothing = np.full(len(self), None, dtype=object)
        stated = np.array([self.properties.get(name, nothing) for name in self.table.form], dtype=object).reshape(-1, len(self))
        gone = stated == np.array(None, dtype=object)
        low = np.where(gone, -np.inf, stated).astype(np.float64)
        return low, np.where(gone, np.inf, low)

    def bounds(self, name: str) -> tuple[Floats, Floats]:
        """Return the least and the most a fact about overlaps may be, one value for each subject."""
        place = self.table.place[name]
        return self._sums[0][place], self._sums[1][place]

    @lazy
    def table(self) -> OverlapTable:
        """Which features count for which fact about overlaps with the layers that are loaded."""
        return kept_table(self.pack, self.layers, self._table)

    def _table(self) -> OverlapTable:
        names = [name for name in self.pack.swept if name in self.layers]
        columns = []
        for name, spec in self.pack.main.facts.items():
            if spec.measure in MEASURES and spec.layer in self.layers and not self._wrong_codes(spec):
                columns.append(Column(name, spec, self._choice(spec)))
        return overlap_table(ground(self.layers, names), columns, vicinity(self.layers, asked_round(self.pack, self.layers)), form_numbers(self.pack))

    @lazy
    def swept(self) -> Sweep:
        """The subjects laid over all layers whose overlaps are asked for."""
        return sweep(self.subjects, self.areas, self.table.ground)

    def met(self, row: int) -> frozenset[str]:
        """Return the layers that one subject touches or lies on, of those whose overlap is asked for and those not swept."""
        if row not in self._met:
            self._met[row] = self._meeting(row)
        return self._met[row]

    def _meeting(self, row: int) -> frozenset[str]:
        swept = self.swept
        start, end = np.searchsorted(swept.subject, [row, row + 1])
        names = self.table.ground.names
        return (self.table.unswept - self._empty) | {names[place] for place in set(swept.owner[start:end].tolist())}

    @lazy
    def _sums(self) -> tuple[Floats, Floats]:
        gaps = [self._gap(extent) for extent in self.table.extents]
        outside = np.array(gaps).reshape(len(gaps), len(self))[self.table.extent_of]
        return self.table.bounds(self.swept, self.areas, outside)

    def parameter(self, name: str) -> Resolved:
        """Return a parameter as in force on `valid_on`."""
        if name not in self._parameters:
            self._parameters[name] = self.pack.parameter(name, self.valid_on)
        return self._parameters[name]

    def uncovered(self, layer: str) -> Floats:
        """Return the m² of each subject outside the coverage of a layer that is loaded."""
        return self._gap(self.layers[layer].extent)

    def _gap(self, extent: Extent) -> Floats:
        return uncovered(self.subjects, extent, self._shared)

    def overlay(self, layer: str) -> Overlay | None:
        """Return the subjects laid over a layer, or None where it is not loaded."""
        if layer not in self.layers:
            return None
        if layer not in self._overlays:
            swept = self.swept if layer in self.table.ground.position else None
            reach = self.pack.reach.get(layer, 0.0)
            self._overlays[layer] = Overlay(self.subjects, self.layers[layer], self.areas, self._shared, swept, reach)
        return self._overlays[layer]

    def title(self, layer: str) -> str:
        """The Chinese name of a layer."""
        return self.layers[layer].dataset.title if layer in self.layers else layer

    def _measure(self, name: str, spec: FactSpec) -> Fact:
        if spec.measure in DERIVED:
            return DERIVED[spec.measure](self, name, spec)
        assert spec.layer is not None
        over = self.overlay(spec.layer)
        if over is None:
            return unknown(name, spec, len(self), reason=lambda _: f"图层“{layer_title(spec.layer)}”未入库")
        if self._wrong_codes(spec):
            self.any_error = True
            text = f"图层“{over.layer.dataset.title}”的代码体系是 {over.layer.dataset.code_system or '未说明'}，应为 {spec.code_system}"
            return unknown(name, spec, len(self), reason=lambda _: text, error=np.ones(len(self), dtype=bool), dataset=over.layer.dataset)
        return _SPATIAL[spec.measure](self, name, spec, over, self._kept_choice(spec))

    def _choice(self, spec: FactSpec) -> Choice:
        layer = self.layers[spec.layer or ""]
        return choose(layer, spec.where, layers=self.layers, codes=self.pack.codes, code_system=spec.code_system)

    def _kept_choice(self, spec: FactSpec) -> Choice:
        """The features a fact chooses; remembered, since looking them up again takes longer than most measuring does."""
        kept = self.table.choices
        if id(spec) not in kept:
            kept[id(spec)] = self._choice(spec)
        return kept[id(spec)]

    def _wrong_codes(self, spec: FactSpec) -> bool:
        """Tell whether a loaded layer's codes are of another system than the fact speaks of."""
        return spec.code_system is not None and self.layers[spec.layer or ""].dataset.code_system != spec.code_system


def layer_title(layer: str | None) -> str:
    """The Chinese name of a catalogue layer that is not loaded (the names of DESIGN's first layers)."""
    return LAYER_TITLES.get(layer or "", layer or "")


LAYER_TITLES: Mapping[str, str] = {
    "county": "县级行政区", "town": "乡镇级行政区", "village": "村级调查区", "settlement": "城镇村等用地",
    "land_use": "地类图斑", "basic_farmland": "永久基本农田", "ecological_redline": "生态保护红线",
    "urban_boundary": "城镇开发边界", "village_boundary": "村庄建设边界", "planned_use": "规划地类图斑",
    "control_zone": "管控分区", "parcel": "宗地", "building": "自然幢", "road": "公路", "river": "河道管理范围",
    "power_line": "架空电力线路", "hazard": "地质灾害分区", "heritage": "历史文化保护线", "water_source": "饮用水水源保护区",
    "new_village_area": "新村规划区", "railway": "铁路", "cable": "地下电缆", "pipeline": "油气管道", "dyke": "堤防",
    "flood_storage": "蓄滞洪区", "flood_risk": "洪涝风险控制线", "reservoir": "水库管理范围", "historic_village": "历史文化名村保护范围",
    "traditional_village": "传统村落保护范围", "old_tree": "古树名木", "slope": "坡度图", "geological_risk": "采空区、活动断层、尾矿库下游",
    "nature_reserve": "自然保护地", "scenic_area": "风景名胜区", "wetland": "湿地", "forest": "林地（林业部门）", "enforcement": "违法图斑",
}  # fmt: skip


def _mask(choice: Choice, mask: Bools) -> Bools | None:
    return None if choice.everything else mask


def gap_reason(over: Overlay, choice: Choice, *, spec: FactSpec) -> Callable[[int], str | None]:
    """Say why an overlap is not known exactly: outside the coverage, or features without the attribute."""

    def reason(row: int) -> str | None:
        title = over.layer.dataset.title
        if over.areas[row] == 0:
            return "没有可量测的图形（聚落范围不明）"
        if over.uncovered[row] > 0:
            return f"有 {over.uncovered[row]:.2f} ㎡ 超出图层“{title}”的数据覆盖范围"
        doubtful = [key for key in over.overlap_by_feature(row) if choice.doubtful[key]]
        if doubtful:
            return f"图层“{title}”的要素 {over.layer.ids[doubtful[0]]} 缺少属性 {'、'.join(clause.field for clause in spec.where)}，或其值不在规定之列"
        return None

    return reason


def _overlap_area(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    low, high = facts.bounds(name)

    def geometry(row: int) -> Any:
        inside = over.overlap_geometry(row, choice.certain)
        if spec.measure != "outside_area":
            return inside
        return over.subjects[row] if inside is None else shapely.difference(over.subjects[row], inside)

    def detail(row: int) -> str | None:
        found = [str(over.layer.ids[key]) for key in over.overlap_by_feature(row) if choice.certain[key]]
        return "、".join(found[:5]) + (f" 等 {len(found)} 个" if len(found) > 5 else "") if found else None

    return Fact(name, spec, low=low, high=high, dataset=over.layer.dataset, reason=gap_reason(over, choice, spec=spec),
                geometry=geometry, detail=detail)  # fmt: skip


def _without_dominant(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    low = over.overlap_without_dominant(share=0.5)
    own = over.dominant()[1] > 0.5 * over.areas
    known = np.where(own | (over.uncovered == 0), low, over.overlap())
    high = np.minimum(to_resolution(known + over.uncovered), to_resolution(over.areas))

    def geometry(row: int) -> Any:
        best, area = over.dominant()
        others = np.ones(len(over.layer.features), dtype=bool)
        if area[row] > 0.5 * over.areas[row]:
            others[best[row]] = False
        return over.overlap_geometry(row, others)

    return Fact(name, spec, low=low, high=high, dataset=over.layer.dataset, reason=gap_reason(over, choice, spec=spec), geometry=geometry)


def _radius(facts: Facts, spec: FactSpec) -> float:
    number = facts.parameter(spec.radius_m or "").number()
    return float("inf") if number is None else number


def _distance(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    radius = _radius(facts, spec)
    high = over.distance(radius, _mask(choice, choice.certain))
    low = np.minimum(high, over.distance(radius, choice.possible)) if choice.in_doubt else high
    low = np.minimum(np.minimum(low, over.edge_distance(radius)), radius)

    def reason(row: int) -> str | None:
        if low[row] == high[row] or (np.isinf(high[row]) and low[row] == radius):
            return None
        if over.edge_distance(radius)[row] < min(radius, high[row]):
            return f"图层“{over.layer.dataset.title}”的数据覆盖范围只到 {over.edge_distance(radius)[row]:.2f} 米外"
        return f"图层“{over.layer.dataset.title}”附近的要素缺少属性 {'、'.join(clause.field for clause in spec.where)}，或其值不在规定之列"

    def geometry(row: int) -> Any:
        return nearest_line(over, row, radius, choice.certain)

    return Fact(name, spec, low=low, high=high, dataset=over.layer.dataset, reason=reason, geometry=geometry)


def nearest_line(over: Overlay, row: int, radius_m: float, chosen: Bools) -> Any:
    """Return the shortest line from one subject to the nearest chosen feature within the radius, or None."""
    subject, feature, apart = over.near(radius_m)
    keep = (subject == row) & chosen[feature]
    if not keep.any():
        return None
    best = feature[keep][np.argmin(apart[keep])]
    return shapely.shortest_line(over.subjects[row], over.layer.features[best])


def _count_within(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    radius = _radius(facts, spec)
    low = over.count_within(radius, choice.certain)
    high = np.where(over.edge_distance(radius) < radius, np.inf, over.count_within(radius, choice.possible))
    return Fact(name, spec, low=low, high=high, dataset=over.layer.dataset, reason=gap_reason(over, choice, spec=spec))


def _length_inside(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    low = over.length_inside(choice.certain)
    high = np.where(over.uncovered > 0, np.inf, over.length_inside(choice.possible))
    return Fact(name, spec, low=low, high=high, dataset=over.layer.dataset, reason=gap_reason(over, choice, spec=spec))


def _dominant(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    """The attribute of the feature with the largest overlap; unknown where the part outside the coverage could outweigh it."""
    best, _ = over.dominant()
    column = over.layer.attributes.get(spec.field or "")
    values = np.full(len(facts), None, dtype=object)
    for row in np.flatnonzero(over.surely_dominant):
        value = column[best[row]] if column is not None else None
        values[row] = None if value is None or value != value else value

    def reason(row: int) -> str | None:
        return gap_reason(over, choice, spec=spec)(row) or (f"不在图层“{over.layer.dataset.title}”任何要素内" if best[row] < 0 else None)

    if spec.unit == "bool":
        numbers = np.array([np.nan if value is None else float(value) for value in values], dtype=float)
        return exact(name, spec, numbers, dataset=over.layer.dataset, reason=reason)
    return Fact(name, spec, values=values, dataset=over.layer.dataset, reason=reason)


def _nearest(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    """The attribute of the nearest feature within the radius; unknown where the coverage ends before it."""
    radius = _radius(facts, spec)
    subject, feature, apart = over.near(radius)
    edge = over.edge_distance(radius)
    column = over.layer.attributes.get(spec.field or "")
    values = np.full(len(facts), None, dtype=object)
    order = np.lexsort((feature, apart, subject))
    first = order[np.flatnonzero(np.r_[True, np.diff(subject[order]) != 0])] if len(subject) else order
    for pair in first:
        row = subject[pair]
        if column is not None and apart[pair] <= edge[row]:
            values[row] = column[feature[pair]]
    return Fact(name, spec, values=values, dataset=over.layer.dataset, reason=gap_reason(over, choice, spec=spec))


def _clearance(facts: Facts, name: str, spec: FactSpec, over: Overlay, choice: Choice) -> Fact:
    half = facts.parameter(spec.half_width) if spec.half_width else None
    return clearance(name, spec, over, choice, required=facts.parameter(spec.parameter or ""), half_width=half)


Measure = Callable[[Facts, str, FactSpec, Overlay, Choice], Fact]
_SPATIAL: Mapping[str, Measure] = {
    "overlap_area": _overlap_area,
    "overlap_share": _overlap_area,
    "outside_area": _overlap_area,
    "overlap_without_dominant": _without_dominant,
    "distance": _distance,
    "clearance": _clearance,
    "clearance_beyond": clearances.clearance_beyond,
    "placed_clearance": clearances.placed_clearance,
    "sway_clearance": clearances.sway_clearance,
    "strip_clearance": clearances.strip_clearance,
    "count_within": _count_within,
    "length_inside": _length_inside,
    "dominant": _dominant,
    "nearest": _nearest,
}

__all__ = ["FAR", "Facts", "Layer", "layer_title"]
