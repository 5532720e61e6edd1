"""Permissions and roles (data in `roles.yaml`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Role:
    """A named set of permissions. One `of_town` is only given to seats of a town or village."""

    id: str
    title: str
    permissions: frozenset[str]
    excludes: frozenset[str] = frozenset()
    of_town: bool = False


@lru_cache(maxsize=1)
def permissions() -> Mapping[str, str]:
    """Return every permission with its Chinese title."""
    return MappingProxyType(dict(_told()["permissions"]))


@lru_cache(maxsize=1)
def roles() -> Mapping[str, Role]:
    """Return every role by id; raise ValueError for a permission or a role that is not defined."""
    told = {name: _role(name, entry) for name, entry in _told()["roles"].items()}
    for role in told.values():
        unknown = (role.permissions - set(permissions())) | (role.excludes - set(told))
        if unknown:
            raise ValueError(f"roles.yaml: {role.id}: not defined: {', '.join(sorted(unknown))}")
    return MappingProxyType(told)


@lru_cache(maxsize=1)
def anonymous() -> frozenset[str]:
    """Return what somebody who has not signed in may do where the deployment allows it."""
    return frozenset(_told()["anonymous"])


def granted(names: Iterable[str]) -> frozenset[str]:
    """Return all permissions of some roles; unknown names (of an older version) grant nothing."""
    return frozenset().union(*(roles()[name].permissions for name in names if name in roles()))


def conflicts(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the pairs of roles that one person may not have at the same time."""
    held = sorted(set(names))
    return [(one, other) for one in held for other in held if one < other and other in roles()[one].excludes]


def _role(name: str, entry: Mapping[str, Any]) -> Role:
    listed = {key: frozenset(entry.get(key, ())) for key in ("permissions", "excludes")}
    return Role(id=name, title=entry["title"], of_town=bool(entry.get("of_town")), **listed)


def _told() -> dict[str, Any]:
    text = resources.files("api.access").joinpath("roles.yaml").read_text(encoding="utf-8")
    told: dict[str, Any] = yaml.safe_load(text)
    return told
