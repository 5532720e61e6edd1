"""The three code systems of land classes and what their codes are called. The same digits mean different things in them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any

import yaml

from spatial.rules.pack import PACKS, CodeFile
from spatial.rules.yamlfile import read

SYSTEMS = ("survey", "ydyh2020", "ydyh2023")


@lru_cache(maxsize=1)
def editions() -> Mapping[str, Any]:
    """Return the data on the systems (`editions.yaml`)."""
    text = resources.files("layers.recognising").joinpath("editions.yaml").read_text(encoding="utf-8")
    return MappingProxyType(yaml.safe_load(text))


@lru_cache(maxsize=4)
def classes(system: str) -> Mapping[str, str]:
    """Return the names of the classes of `survey`, `ydyh2020` or `ydyh2023` by code."""
    entry = editions()["systems"][system]
    base = entry.get("based_on", system)
    names = {code: row.name for code, row in read(PACKS / "codes" / f"{base}.yaml", CodeFile).codes.items()}
    kept = {code: name for code, name in names.items() if code not in entry.get("without", ())}
    return MappingProxyType(kept | entry.get("names", {}))


def title(system: str) -> str:
    """Return what a system is called in a sentence."""
    return str(editions()["systems"][system]["title"])


def is_label(text: str, code: str, system: str) -> bool:
    """Tell whether a label is what a system calls a code; 用地 at the end may be left out."""
    name = classes(system).get(code)
    return name is not None and _plain(text) == _plain(name)


def differs(code: str, one: str, other: str) -> bool:
    """Tell whether a code stands for different classes in two systems that both have it."""
    here, there = classes(one).get(code), classes(other).get(code)
    if here is None or there is None or code in editions()["same_meaning"]:
        return False
    return _plain(here) != _plain(there)


def stated_in(text: str) -> str | None:
    """Return the one system that words in a text state, or None."""
    plain = re.sub(r"[\s_\-（）()《》]+", "", unicodedata.normalize("NFKC", text)).lower()
    found = {system for system in SYSTEMS if any(word.lower() in plain for word in [system, *editions()["systems"][system]["said"]])}
    return found.pop() if len(found) == 1 else None


def _plain(label: str) -> str:
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", label))
    return text.removesuffix("用地") or text
