"""What the audit knows: the titles of actions, and how long entries are kept at least (data in `actions.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml


@dataclass(frozen=True)
class Retention:
    """Entries stay in the database for so many months at least, by which rule."""

    months: int
    source: str


def titles() -> Mapping[str, str]:
    """Return the Chinese title of every action."""
    return MappingProxyType(_data()["actions"])


def title(action: str) -> str:
    """Return the Chinese title of an action; one that is not listed stands for itself."""
    return titles().get(action, action)


def retention() -> Retention:
    """Return how long entries are kept at least."""
    return Retention(**_data()["retention"])


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(
        resources.files("layers.audit").joinpath("actions.yaml").read_text(encoding="utf-8")
    )
    return found
