"""A pack's rules in several files: put together, and every entry still found in its file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spatial.errors import PackError
from spatial.rules.model import PackTitle, RuleFile, RulePart
from spatial.rules.yamlfile import line_finder

Where = Callable[[tuple[Any, ...]], str]
"""Tells file and line of an entry from its keys and positions in the rules put together."""


def place_in(path: Path) -> Where:
    """Return where entries stand when there is one file."""
    line = line_finder(path)
    return lambda place: f"{path.name}:{line(place)}"


def join_parts(title: PackTitle, parts: Sequence[RulePart], paths: Sequence[Path]) -> RuleFile:
    """Put the parts together; raise PackError where two define the same fact."""
    facts: dict[str, Any] = {}
    problems = []
    for part, path in zip(parts, paths, strict=True):
        line = line_finder(path)
        problems += [f"{path.name}:{line(('facts', name))} 事实 {name!r} 重复" for name in part.facts if name in facts]
        facts |= part.facts
    if problems:
        raise PackError(problems=problems)
    rules = tuple(rule for part in parts for rule in part.rules)
    not_built = tuple(rule for part in parts for rule in part.not_built)
    return RuleFile(id=title.id, version=title.version, title=title.title, facts=facts, rules=rules, not_built=not_built)


def places_in_parts(parts: Sequence[RulePart], paths: Sequence[Path]) -> Where:
    """Return where entries of the rules put together stand in their own files."""
    fact_part = {name: index for index, part in enumerate(parts) for name in part.facts}
    rule_place = [(index, own) for index, part in enumerate(parts) for own in range(len(part.rules))]

    def where(place: tuple[Any, ...]) -> str:
        index, own = 0, place
        if place[0] == "facts":
            index = fact_part[place[1]]
        elif place[0] == "rules":
            index, position = rule_place[place[1]]
            own = ("rules", position, *place[2:])
        return f"{paths[index].name}:{line_finder(paths[index])(own)}"

    return where
