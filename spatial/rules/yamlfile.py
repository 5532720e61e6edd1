"""YAML files read strictly, with the line of every entry, so that a mistake is named by file and line."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from spatial.errors import PackError

Model = TypeVar("Model", bound=BaseModel)


class _Lined(yaml.CSafeLoader):
    """Loads mappings that refuse a repeated key."""


def _mapping(loader: _Lined, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: dict[Any, int] = {}
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"键 {key!r} 重复（第 {seen[key]} 行已有）", key_node.start_mark
            )
        seen[key] = key_node.start_mark.line + 1
    loader.flatten_mapping(node)
    return dict(loader.construct_pairs(node, deep=True))


_Lined.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _lines(node: yaml.Node, path: tuple[Any, ...], found: dict[tuple[Any, ...], int]) -> None:
    found[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _lines(value, (*path, key.value), found)
            found[(*path, key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _lines(value, (*path, index), found)


def _place(location: tuple[Any, ...], lines: dict[tuple[Any, ...], int]) -> int:
    """The line of the nearest entry that exists on the way to a location (a missing key is named by its owner)."""
    known = tuple(part for part in location if isinstance(part, (str, int)))
    best = lines.get((), 1)
    path: tuple[Any, ...] = ()
    for part in known:
        if (*path, part) in lines:
            path = (*path, part)
            best = lines[path]
    return best


def line_finder(path: Path) -> Callable[[tuple[Any, ...]], int]:
    """Return a function that tells the line of an entry from its keys and positions."""

    @cache
    def lines() -> dict[tuple[Any, ...], int]:
        found: dict[tuple[Any, ...], int] = {}
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        if node is not None:
            _lines(node, (), found)
        return found

    return lambda location: _place(location, lines())


def read(path: Path, model: type[Model]) -> Model:
    """Read one YAML file into a model; raise PackError naming file and line of every problem."""
    text = path.read_text(encoding="utf-8")
    try:
        data = yaml.load(text, Loader=_Lined)  # noqa: S506 (a SafeLoader)
        lines: dict[tuple[Any, ...], int] = {}
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        if node is not None:
            _lines(node, (), lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PackError(problems=[f"{path.name}:{line} {error.problem}"]) from error
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise PackError(problems=_problems(path, error, lines)) from error


def _problems(path: Path, error: ValidationError, lines: dict[tuple[Any, ...], int]) -> list[str]:
    problems = []
    for issue in error.errors(include_url=False):
        where = ".".join(str(part) for part in issue["loc"])
        problems.append(f"{path.name}:{_place(issue['loc'], lines)} {where}: {issue['msg']}")
    return list(dict.fromkeys(problems))
