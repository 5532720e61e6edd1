"""Village types: which of the five planning types each village belongs to, with evidence for and against.

Rules run in order of precedence and the first match proposes the type, but only when every rule that would come before it is
decided: a rule that cannot be checked may hide a better reason, so the village stays `undetermined`. A heritage list together
with a danger to life is a conflict that a named seat decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import shapely

from spatial.conditions import evaluate
from spatial.errors import InputError
from spatial.findings import dataset_dict, margin_of, number_text, threshold_of, value_text
from spatial.layer import Layer, LayerSet
from spatial.logic import FALSE, TRUE, UNKNOWN
from spatial.measuring import Facts
from spatial.permit import VillageTypes
from spatial.pieces import Geometries
from spatial.rules.model import Condition, TypeRule, TypeRuleFile
from spatial.rules.pack import Pack

LABELS: Mapping[str, str] = {
    "suburban_integration": "城郊融合", "cluster_upgrade": "集聚提升", "characteristic_protection": "特色保护",
    "relocation_merger": "搬迁撤并", "retain_improve": "保留改善", "undetermined": "暂不分类",
}  # fmt: skip
ALIASES: Mapping[str, str] = {"聚焦提升": "集聚提升"}
"""Other spellings met in documents; the reading is flagged where they are used."""

FOOTPRINT_CODES = ("203", "203A")
"""CZCSXM of village land: the settlement footprint."""


@dataclass(frozen=True)
class Classification:
    """The types of n villages. Evidence is written out village by village, when asked for."""

    codes: Any
    types: Any
    conflicts: Any
    decided: Any
    rules: tuple[TypeRule, ...]
    truths: Any
    winners: Any
    facts: Facts
    villages: Layer
    valid_on: date
    known_at: datetime

    def __len__(self) -> int:
        return len(self.codes)

    def village_types(self, version: str) -> VillageTypes:
        """Return what a check needs; villages whose type the data could not decide are left out, so that the check has no data."""
        rows = np.flatnonzero(self.decided)
        return VillageTypes({str(self.codes[row]): str(self.types[row]) for row in rows}, version)

    def counts(self) -> dict[str, int]:
        """Return how many villages have each type, in the order of LABELS."""
        return {slug: int((self.types == slug).sum()) for slug in LABELS}

    def village(self, row: int) -> dict[str, Any]:
        """Return one village's type, reason and evidence, JSON-ready."""
        slug = str(self.types[row])
        winner = int(self.winners[row])
        score = self.facts["cluster_score"]
        assert score.low is not None and score.high is not None
        return {
            "village_code": str(self.codes[row]),
            "name": _text(self.villages, "ZLDWMC", row),
            "town_code": _text(self.villages, "XZQDM", row),
            "town": _text(self.villages, "XZQMC", row),
            "village_type": slug,
            "village_type_label": LABELS[slug],
            "conflict": bool(self.conflicts[row]),
            "decided": bool(self.decided[row]),
            "reason": self._reason(row),
            "needs_confirmation": bool(self.conflicts[row] or (winner >= 0 and self.rules[winner].kind == "H")),
            "score": {"low": float(score.low[row]), "high": float(score.high[row])},
            "footprint_m2": round(float(self.facts.areas[row]), 2),
            "missing": self._missing(row),
            "evidence": [self._evidence(index, row) for index in range(len(self.rules))],
        }

    def _missing(self, row: int) -> list[str]:
        main = self.facts.pack.main
        assert isinstance(main, TypeRuleFile)
        return [main.facts[name].title for name in main.required if not self.facts[name].known(row)]

    def _reason(self, row: int) -> str:
        matched = [rule for index, rule in enumerate(self.rules) if self.truths[index, row] == TRUE and rule.effect == "propose"]
        if any(rule.effect == "drop_out" and self.truths[i, row] == TRUE for i, rule in enumerate(self.rules)):
            return "已建成区、村改居或已拆除，不参加分类"
        if self.conflicts[row]:
            danger, heritage = (next(r for r in matched if r.precedence == step) for step in (1, 2))
            return f"{danger.title}（{danger.key}）与{heritage.title}（{heritage.key}）冲突，须由指定席位决定"
        winner = int(self.winners[row])
        if self.types[row] == "undetermined" and winner >= 0:
            if self.rules[winner].id == "VC-90":
                return f"必填指标缺失 {len(self._missing(row))} 项：{'、'.join(self._missing(row))}"
            undecided = self._undecided_before(winner, row)
            return f"不能排除优先的分类：{'；'.join(self._gap(index, row) for index in undecided[:3])}"
        return f"{self.rules[winner].title}（{self.rules[winner].key}）"

    def _undecided_before(self, winner: int, row: int) -> list[int]:
        limit = self.rules[winner].precedence
        return [i for i, rule in enumerate(self.rules)
                if rule.effect != "list_households" and (rule.precedence < limit or (limit, rule.precedence) == (1, 2))
                and self.truths[i, row] == UNKNOWN]  # fmt: skip

    def _gap(self, index: int, row: int) -> str:
        rule = self.rules[index]
        leaves = rule.matches_when.comparisons() if rule.matches_when else []
        texts = [text for leaf in leaves if (text := self.facts[leaf.fact or ""].reason(row))]
        return f"{rule.key} {rule.title}未核查（{'，'.join(dict.fromkeys(texts)) or '数据不全'}）"

    def _evidence(self, index: int, row: int) -> dict[str, Any]:
        rule = self.rules[index]
        outcome = {1: "match", 0: "no_data", -1: "no_match"}[int(self.truths[index, row])]
        leaves = rule.matches_when.comparisons() if rule.matches_when else []
        conditions = [self._condition(leaf, row) for leaf in leaves]
        words = "、".join(f"{part['label']} {part['value_label']}（{part['test']}）" for part in conditions)
        head = {"match": "符合", "no_match": "不符合", "no_data": "未核查"}[outcome]
        return {
            "rule_id": rule.id, "branch": rule.branch, "title": rule.title, "precedence": rule.precedence, "kind": rule.kind,
            "effect": rule.effect, "class": rule.village_class, "class_label": LABELS.get(rule.village_class or ""),
            "unit_level": rule.unit_level, "outcome": outcome, "conditions": conditions,
            "citations": [citation.report for citation in rule.citations],
            "message": f"{head}：{words or rule.title}",
        }  # fmt: skip

    def _condition(self, leaf: Condition, row: int) -> dict[str, Any]:
        fact = self.facts[leaf.fact or ""]
        limit = threshold_of(leaf, self.facts, row)
        number = limit[0] if limit else None
        test = f"{_WORDS[leaf.op or '']} {number_text(number, fact.spec.unit)}" if number is not None else _category_test(leaf, fact)
        return {
            "field": fact.name, "label": fact.spec.title, "value": fact.category(row) if fact.values is not None else fact.number(row),
            "value_label": value_text(fact, row) if fact.known(row) else "未知", "unit": fact.spec.unit, "op": leaf.op, "threshold": number,
            "test": test, "margin": margin_of(leaf, fact, number, row) if fact.known(row) else None,
            "dataset": dataset_dict(fact.dataset), "reason": fact.reason(row),
        }  # fmt: skip


_WORDS = {"gt": "须大于", "ge": "须不少于", "lt": "须小于", "le": "须不超过", "eq": "须为", "ne": "须不为", "in": "须属于",
          "not_in": "须不属于", "between": "须不少于", "not_empty": "须有"}  # fmt: skip


def _category_test(leaf: Condition, fact: Any) -> str:
    if leaf.op == "not_empty":
        return "须列入名录"
    if isinstance(leaf.value, bool):
        return f"{_WORDS[leaf.op or '']}{'是' if leaf.value else '否'}"
    values = leaf.value if isinstance(leaf.value, tuple) else (str(leaf.value),)
    return _WORDS[leaf.op or ""] + "、".join(fact.spec.labels.get(value, value) for value in values)


def _text(layer: Layer, field: str, row: int) -> str | None:
    column = layer.attributes.get(field)
    return None if column is None or column[row] is None else str(column[row])


def footprints(layers: LayerSet) -> Geometries:
    """Return each village's settlement footprint: the union of its patches with CZCSXM 203 or 203A.

    A village without patches, or not wholly inside the settlement layer's coverage, gets an empty polygon: nothing can be
    measured on it.
    """
    villages = layers["village"]
    shapes = np.full(len(villages.features), shapely.Polygon(), dtype=object)
    patches = layers.get("settlement")
    if patches is None or "CZCDM" not in patches.attributes or "CZCSXM" not in patches.attributes:
        return shapes
    kinds = np.array([str(value) in FOOTPRINT_CODES for value in patches.attributes["CZCSXM"]], dtype=bool)
    owners = np.array([str(value)[:12] for value in patches.attributes["CZCDM"]], dtype=object)
    measurable = (patches.extent.uncovered(villages.features) <= 1e-4) & ~_doubtful(villages, patches, owners)
    rows = pd.Series(owners[kinds]).groupby(owners[kinds]).indices if kinds.any() else {}
    shapes_of = patches.features[kinds]
    for index, code in enumerate(villages.attributes["ZLDWDM"]):
        if code in rows and measurable[index]:
            shapes[index] = shapely.union_all(shapes_of[rows[code]])
    return shapes


def _doubtful(villages: Layer, patches: Layer, owners: Any) -> Any:
    """Villages with a patch whose kind or owner is not stated: their footprint may be larger than what is known."""
    unkind = {owner for owner, kind in zip(owners, patches.attributes["CZCSXM"], strict=True) if kind is None}
    doubtful = np.array([code in unkind for code in villages.attributes["ZLDWDM"]], dtype=bool)
    homeless = np.array([owner is None for owner in patches.attributes["CZCDM"]], dtype=bool)
    if homeless.any():
        touched, _ = shapely.STRtree(patches.features[homeless]).query(villages.features, predicate="intersects")
        doubtful[touched] = True
    return doubtful


def classify(layers: LayerSet, *, pack: Pack, valid_on: date, known_at: datetime) -> Classification:
    """Propose a type for every village of the village layer, with the data in force on `valid_on` as known at `known_at`."""
    if "village" not in layers:
        raise InputError("村级调查区图层未入库，不能进行村庄分类。")
    villages = layers["village"]
    if "ZLDWDM" not in villages.attributes:
        raise InputError("村级调查区图层没有坐落单位代码（ZLDWDM），不能进行村庄分类。")
    facts = Facts(footprints(layers), properties=villages.attributes, layers=layers, pack=pack, valid_on=valid_on)
    return _propose(facts, villages, valid_on, known_at)


def classify_facts(facts: Facts, villages: Layer, *, valid_on: date, known_at: datetime) -> Classification:
    """Propose types from facts measured elsewhere; the same rules as `classify`."""
    return _propose(facts, villages, valid_on, known_at)


def _propose(facts: Facts, villages: Layer, valid_on: date, known_at: datetime) -> Classification:
    assert isinstance(facts.pack.main, TypeRuleFile)
    rules = facts.pack.main.rules
    truths = np.array([evaluate(rule.matches_when, facts) if rule.matches_when else np.full(len(facts), TRUE) for rule in rules])
    steps = np.array([rule.precedence for rule in rules])
    proposes = np.array([rule.effect == "propose" for rule in rules])
    dropping = np.array([rule.effect == "drop_out" for rule in rules])
    matched = (truths == TRUE) & proposes[:, None]
    order = np.argsort(steps, kind="stable")
    winners = order[np.argmax(matched[order], axis=0)]
    counted = (proposes | dropping)[:, None] & (truths == UNKNOWN)
    blocked = (counted & (steps[:, None] < steps[winners][None, :])).any(axis=0)
    blocked |= (steps[winners] == 1) & (counted & (steps == 2)[:, None]).any(axis=0)
    conflicts = matched[steps == 1].any(axis=0) & matched[steps == 2].any(axis=0)
    gaps = next(index for index, rule in enumerate(rules) if rule.id == "VC-90")
    weak = np.array([rule.kind in ("S", "D") for rule in rules])[winners]
    short = (truths[gaps] == TRUE) & weak
    winners = np.where(short, gaps, winners)
    dropped = (truths[dropping] == TRUE).any(axis=0)
    classes = np.array([rule.village_class or "undetermined" for rule in rules], dtype=object)
    open_cases = blocked | conflicts | dropped
    types = np.where(open_cases, "undetermined", classes[winners])
    conflicts = conflicts & ~dropped & ~(truths[dropping] == UNKNOWN).any(axis=0)
    decided = ~blocked | dropped | conflicts
    return Classification(villages.attributes["ZLDWDM"], types.astype(object), conflicts, decided, rules, truths, winners, facts,
                          villages, valid_on, known_at)  # fmt: skip


__all__ = ["ALIASES", "FALSE", "LABELS", "Classification", "VillageTypes", "classify", "classify_facts", "footprints"]
