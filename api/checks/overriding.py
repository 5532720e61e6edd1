"""Overrides (更正) of stored checks: what an officer may mark as wrong, and the verdict that is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson

from api import withheld
from api.checks.judging import Judging
from api.errors import ForbiddenError
from api.reach import check_within_reach
from layers import overrides as acts
from layers import rechecks
from layers.checks import StoredCheck
from layers.overrides import Act
from layers.rechecks import Link
from spatial import overrides, permit
from spatial.errors import CuntuError, InputError
from spatial.hits import features_behind
from spatial.personal_numbers import refusal
from spatial.report_difference import rule_key
from spatial.rules.model import RuleSpec

LONGEST = {"reason": 2_000, "officer": 60, "unit": 100, "evidence": 4_000, "feature_id": 200}
SHA256_DIGITS = 64


class RuleGoneError(CuntuError):
    """现行规则包中没有这条规则，请先重新审查再更正。"""


@dataclass(frozen=True)
class Effective:
    """A stored check with all acts on it: the system's verdict, the effective one, a sentence that says both, and the line of re-checks."""

    check: StoredCheck
    acts: tuple[Act, ...]
    standing: tuple[Act, ...]
    set_aside: frozenset[str]
    verdict: str
    sentence: str | None
    links: tuple[Link, ...] = ()


class Overriding:
    """Takes acts on stored checks."""

    def __init__(self, judging: Judging) -> None:
        self.judging = judging
        self.pool = judging.pool

    def mark(self, check_id: UUID, stated: Mapping[str, Any]) -> Act:
        """Mark a hit as wrong: `rule, feature_id, reason, officer, unit, evidence, evidence_sha256`.

        Raises InputError for what is missing or blank, NotAHitError, NoDataStaysError, WrongFeatureError, AlreadyMarkedError,
        RuleGoneError, UnknownRecordError, and ForbiddenError for a hit on data that whoever acts may not see.
        """
        said = _stated(stated, needed=("rule", "reason", "officer", "unit"), more=("feature_id", "evidence", "evidence_sha256"))
        if not said.get("evidence") and not said.get("evidence_sha256"):
            raise InputError("更正内容有误：", problems=["/evidence：须写明证据，或给出证据文件的 SHA-256（evidence_sha256）"])
        with self.pool.connection() as conn:
            check = check_within_reach(conn, check_id)
            hidden = withheld.hidden_of(conn, check.datasets)
        key = said.pop("rule")
        if key in withheld.hidden_rules(orjson.loads(check.report), hidden):
            raise ForbiddenError("这条规则的命中依据的数据高于您席位的密级，请由有权的席位更正。")
        overrides.hit(orjson.loads(check.report), key)
        behind = self.features(check, key)
        _check_feature(behind, said.get("feature_id"))
        act = Act(check_id=check_id, act="mark", rule_key=key, hit_features=behind, **said)
        with self.pool.connection() as conn:
            return acts.mark(conn, act)

    def withdraw(self, check_id: UUID, mark_id: UUID, stated: Mapping[str, Any]) -> Act:
        """Take a standing mark back: `reason, officer, unit`; raises InputError, NotStandingError, UnknownRecordError."""
        said = _stated(stated, needed=("reason", "officer", "unit"))
        with self.pool.connection() as conn:
            check_within_reach(conn, check_id)
            return acts.withdraw(conn, check_id, mark_id, **said)

    def effective(self, check_id: UUID) -> Effective:
        """Return a stored check as it stands after all acts; raises UnknownRecordError."""
        with self.pool.connection() as conn:
            check, done, links = check_within_reach(conn, check_id), acts.of_check(conn, check_id), rechecks.chain(conn, check_id)
            hidden = withheld.hidden_of(conn, check.datasets)
        standing = acts.standing(done)
        report = orjson.loads(check.report)
        marked: dict[str, set[str | None]] = {}
        for act in standing:
            marked.setdefault(act.rule_key, set()).add(act.feature_id)
        aside = overrides.set_aside({act.rule_key: act.hit_features for act in standing}, marked)
        verdict = overrides.verdict_without(report, aside, on_missing=self._on_missing()) if aside else check.verdict
        unnamed = withheld.hidden_rules(report, hidden)
        done, standing = ([replace(act, feature_id=None) if act.rule_key in unnamed else act for act in some] for some in (done, standing))
        return Effective(check, tuple(done), tuple(standing), aside, verdict, _sentence(check, standing, aside, verdict), tuple(links))

    def _on_missing(self) -> dict[str, str]:
        rules = [rule for rule in self.judging.pack.main.rules if isinstance(rule, RuleSpec)]
        return {rule.key: rule.on_missing for rule in rules if rule.on_missing is not None}

    def features(self, check: StoredCheck, key: str) -> tuple[str, ...]:
        """Return the features behind one rule's hit, read from the versions the check rested on; raises RuleGoneError."""
        pack = self.judging.pack
        rule = next((item for item in pack.main.rules if isinstance(item, RuleSpec) and item.key == key), None)
        if rule is None:
            raise RuleGoneError(f"现行规则包中没有规则 {key}，请先重新审查再更正。")
        report = orjson.loads(check.report)
        footing = self.judging.of_check(check, report)
        named = {pack.main.facts[name].layer for leaf in rule.comparisons for name in (leaf.fact, leaf.than, rule.measured) if name}
        layers = self.judging.near(footing, check.geometry, {name for name in named if name})
        return features_behind(rule, check.geometry, check.properties, layers, pack=pack, valid_on=check.valid_on)


def effective_entry(found: Effective) -> dict[str, Any]:
    """Write an effective verdict with every act, JSON-ready."""
    standing = {act.id for act in found.standing}
    return {
        "check_id": str(found.check.id),
        "system_verdict": found.check.verdict,
        "system_verdict_label": permit.VERDICT_LABELS[found.check.verdict],
        "effective_verdict": found.verdict,
        "effective_verdict_label": permit.VERDICT_LABELS[found.verdict],
        "sentence": found.sentence,
        "set_aside": sorted(found.set_aside),
        "overrides": [act_entry(act) | {"standing": act.id in standing} for act in found.acts],
    }


def act_entry(act: Act) -> dict[str, Any]:
    """Write one act, JSON-ready."""
    return {
        "id": str(act.id),
        "check_id": str(act.check_id),
        "act": act.act,
        "rule": act.rule_key,
        "feature_id": act.feature_id,
        "withdraws": str(act.withdraws) if act.withdraws else None,
        "reason": act.reason,
        "officer": act.officer,
        "unit": act.unit,
        "evidence": act.evidence,
        "evidence_sha256": act.evidence_sha256,
        "made_at": act.made_at.isoformat() if act.made_at else None,
    }


def hits(check: StoredCheck) -> list[str]:
    """Return the rules that a check hit: those that can be marked."""
    return [rule_key(item) for item in orjson.loads(check.report)["findings"] if item["outcome"] == "fail"]


def _sentence(check: StoredCheck, standing: Sequence[Act], aside: frozenset[str], verdict: str) -> str | None:
    if not standing:
        return None
    labels = permit.VERDICT_LABELS
    who = "、".join(dict.fromkeys(f"{act.unit} {act.officer}" for act in standing))
    head = f"系统结论 {labels[check.verdict]}；经 {who} 更正后 "
    if not aside:
        return f"{head}仍为 {labels[verdict]}（命中的其他要素未更正）。"
    return f"{head}{'仍为 ' if verdict == check.verdict else ''}{labels[verdict]}。"


def _check_feature(behind: Sequence[str], named: str | None) -> None:
    if behind and named is None:
        raise InputError("更正内容有误：", problems=[f"/feature_id：须指明命中的要素：{'、'.join(behind[:10])}"])
    if behind and named not in behind:
        raise overrides.WrongFeatureError(f"要素 {str(named)[:60]} 不是这条规则命中的要素，命中的是：{'、'.join(behind[:10])}。")
    if not behind and named is not None:
        raise overrides.WrongFeatureError("这条规则的命中不涉及图层要素，feature_id 应留空。")


def _stated(stated: Mapping[str, Any], *, needed: Sequence[str], more: Sequence[str] = ()) -> dict[str, Any]:
    """Check what an act states: texts that are not blank, none unknown; raises InputError with every problem."""
    problems = [f"/{name[:60]}：未知字段" for name in stated if name not in (*needed, *more)]
    said: dict[str, Any] = {}
    for name in (*needed, *more):
        value = stated.get(name)
        if value is None and name in more:
            continue
        problem = _text_problem(name, value)
        if problem:
            problems.append(f"/{name}：{problem}")
        else:
            said[name] = str(value).strip()
    if problems:
        raise InputError("更正内容有误：", problems=problems)
    return said


def _text_problem(name: str, value: Any) -> str | None:
    if value is None:
        return "缺少"
    if not isinstance(value, str) or not value.strip():
        return "应为不空的文字"
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in value) or any(0xD800 <= ord(letter) <= 0xDFFF for letter in value):
        return "含有控制字符"
    if name == "evidence_sha256" and not (len(value) == SHA256_DIGITS and set(value) <= set("0123456789abcdef")):
        return "应为 64 位小写十六进制的 SHA-256"
    return f"不得超过 {LONGEST.get(name, 100)} 字" if len(value) > LONGEST.get(name, 100) else refusal(value)
