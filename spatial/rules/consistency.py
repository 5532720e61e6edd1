"""What the files of a pack must agree on among themselves: every name exists, is used, and is compared in its own unit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from spatial.errors import PackError
from spatial.rules.model import Condition, RuleFile, RuleSpec, TypeRule, TypeRuleFile
from spatial.rules.parameters import Parameter, ParameterFile, Row
from spatial.rules.parts import Where
from spatial.rules.yamlfile import line_finder

PLACEHOLDERS = ("measured", "threshold", "share", "excess", "detail", "hectares")
"""The words a rule's sentences may leave open."""

_OF_NUMBERS = {"gt", "ge", "lt", "le", "eq", "ne", "between"}
_OF_CODES = {"eq", "ne", "in", "not_in", "not_empty"}
Main = RuleFile | TypeRuleFile
Place = tuple[Any, ...]


def check_consistency(main: Main, files: Mapping[str, tuple[Path, ParameterFile]], *, where: Where, systems: set[str]) -> None:
    """Raise PackError naming file and line of everything that does not fit; `systems` are the code systems there are."""
    problems = [
        f"{where(place)} {text}"
        for part in (_conditions_fit(main, files), _facts_exist(main, systems), _rules_differ(main), _sentences_fit(main))
        for place, text in part
    ]
    problems += _parameters_fit(main, files, where)
    if problems:
        raise PackError(problems=list(dict.fromkeys(problems)))


def conditions(main: Main) -> Iterator[tuple[Place, str, Condition]]:
    """Yield every condition with its place in the file and the name of its rule."""
    rules: tuple[RuleSpec | TypeRule, ...] = main.rules
    for index, rule in enumerate(rules):
        for field in ("applies_when", "fails_when", "matches_when"):
            condition = getattr(rule, field, None)
            if condition is not None:
                yield ("rules", index, field), rule.key, condition
    if isinstance(main, TypeRuleFile):
        for index, band in enumerate(main.score):
            yield ("score", index), band.id, band.matches_when


def _conditions_fit(main: Main, files: Mapping[str, tuple[Path, ParameterFile]]) -> Iterator[tuple[Place, str]]:
    units = {name: parameter.unit for _, file in files.values() for name, parameter in file.parameters.items()}
    for place, key, condition in conditions(main):
        for leaf in condition.comparisons():
            absent = [name for name in (leaf.fact, leaf.than) if name is not None and name not in main.facts]
            if absent:
                yield place, f"{key}: 没有事实 {absent[0]!r}"
                continue
            spec = main.facts[leaf.fact or ""]
            allowed = _OF_CODES if spec.unit == "code" else _OF_NUMBERS
            if leaf.op not in allowed:
                yield place, f"{key}: {leaf.op} 不能用于单位为 {spec.unit} 的事实 {leaf.fact!r}"
            elif leaf.value is not None and spec.unit != ("bool" if isinstance(leaf.value, bool) else "code"):
                yield place, f"{key}: 事实 {leaf.fact!r} 的单位是 {spec.unit}，不能与 {leaf.value!r} 相比"
            for name in (leaf.param, leaf.upper):
                if name in units and units[name] != spec.unit:
                    yield place, f"{key}: 参数 {name!r} 的单位是 {units[name]}，事实 {leaf.fact!r} 的单位是 {spec.unit}"


def _facts_exist(main: Main, systems: set[str]) -> Iterator[tuple[Place, str]]:
    for name, spec in main.facts.items():
        for other in spec.of:
            if other not in main.facts:
                yield ("facts", name), f"facts.{name}: 没有事实 {other!r}"
        named = [spec.code_system, *[clause.values[0] for clause in spec.where if clause.op == "group_is"]]
        for system in named:
            if system is not None and system not in systems:
                yield ("facts", name), f"facts.{name}: 没有代码体系 {system!r}"
    required = main.required if isinstance(main, TypeRuleFile) else ()
    for name in required:
        if name not in main.facts:
            yield ("required",), f"required: 没有事实 {name!r}"


def _rules_differ(main: Main) -> Iterator[tuple[Place, str]]:
    seen: set[str] = set()
    rules: tuple[RuleSpec | TypeRule, ...] = main.rules
    for index, rule in enumerate(rules):
        if rule.key in seen:
            yield ("rules", index), f"规则 {rule.key} 重复"
        seen.add(rule.key)


def _sentences_fit(main: Main) -> Iterator[tuple[Place, str]]:
    if isinstance(main, TypeRuleFile):
        return
    for index, rule in enumerate(main.rules):
        if rule.measured is not None and rule.measured not in main.facts:
            yield ("rules", index, "measured"), f"{rule.key}: 没有事实 {rule.measured!r}"
        for field in ("message", "passed", "plain"):
            for word in re.findall(r"\{(\w+)\}", getattr(rule, field) or ""):
                if word not in PLACEHOLDERS:
                    yield ("rules", index, field), f"{rule.key}: 没有可填的 {{{word}}}"


def _parameters_fit(main: Main, files: Mapping[str, tuple[Path, ParameterFile]], where: Where) -> list[str]:
    used = _used(main)
    first: dict[str, Parameter] = {}
    problems: list[str] = []
    for path, file in files.values():
        own = line_finder(path)
        for name, parameter in file.parameters.items():
            texts = []
            model = first.setdefault(name, parameter)
            if name not in used:
                texts.append("没有用到")
            if (model.unit, model.keyed_by) != (parameter.unit, parameter.keyed_by):
                texts.append("的单位或 keyed_by 与其他辖区不同")
            if _ambiguous(parameter.rows):
                texts.append("有两行在同一天对同一类别有效")
            problems += [f"{path.name}:{own(('parameters', name))} 参数 {name!r} {text}" for text in texts]
    return problems + [f"{where(place)} 没有参数 {name!r}" for name, place in used.items() if name not in first]


def _used(main: Main) -> dict[str, Place]:
    """Every parameter that is named, with the first place that names it."""
    used: dict[str, Place] = {}
    for place, _, condition in conditions(main):
        for leaf in condition.comparisons():
            used.update({name: place for name in (leaf.param, leaf.upper) if name and name not in used})
    for fact, spec in main.facts.items():
        names = (spec.parameter, spec.half_width, spec.zone, spec.radius_m)
        used.update({name: ("facts", fact) for name in names if name and name not in used})
    if isinstance(main, RuleFile):
        asked = [(index, rule.where_set) for index, rule in enumerate(main.rules)]
        used.update({name: ("rules", index) for index, name in asked if name and name not in used})
    bands = main.score if isinstance(main, TypeRuleFile) else ()
    used.update({band.points: ("score", index) for index, band in enumerate(bands) if band.points not in used})
    return used


def _ambiguous(rows: tuple[Row, ...]) -> bool:
    """Whether two rows for the same class are in force on one day."""
    spans: dict[Any, list[tuple[date, date]]] = {}
    for row in rows:
        spans.setdefault((row.key, row.low, row.high), []).append((row.valid_from or date.min, row.valid_to or date.max))
    return any(later[0] <= earlier[1] for found in spans.values() for earlier, later in zip(sorted(found), sorted(found)[1:], strict=False))
