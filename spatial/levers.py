"""What an applicant can change about an application, read from the pack `lawful-way`: data, no law."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from spatial.application_form import PROPERTIES
from spatial.findings import number_text
from spatial.rules.pack import PACKS
from spatial.rules.parameters import Citation, Strict
from spatial.rules.yamlfile import read

SITE = "@site"
"""The name under which the drawn site stands among what a rule depends on."""

Stated = bool | int | float | str


class Lever(Strict):
    """One thing that can be changed. See levers.yaml for the kinds and what the fields mean for each."""

    id: str
    kind: Literal["number", "choice", "act", "restate", "outline", "move", "trim"]
    property: str | None = None
    value: Stated | None = None
    when: tuple[Stated, ...] = ()
    also: dict[str, Stated] = Field(default_factory=dict)
    needs: str | None = None
    up: bool = False
    step: float | None = Field(default=None, gt=0)
    least_share: float = Field(default=0.0, ge=0, lt=1)
    most: float | None = Field(default=None, gt=0)
    along: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()
    outline: bool = False
    cost: float = Field(ge=0)
    per: float = Field(default=0.0, ge=0)
    clerk: str
    plain: str

    @model_validator(mode="after")
    def _fits(self) -> Lever:
        named = [name for name in (self.property, *self.also, *self.along, *self.holds) if name is not None]
        unknown = [name for name in named if name not in PROPERTIES]
        if unknown:
            raise ValueError(f"没有申请属性 {'、'.join(unknown)}")
        if self.discrete != (self.step is None):
            raise ValueError("number、outline、move、trim 需要 step，choice、act、restate 没有 step")
        if self.kind != "move" and self.property is None:
            raise ValueError(f"{self.kind} 需要 property")
        if (self.kind == "move" or self.up) and self.most is None:
            raise ValueError("move 和向上的 number 需要 most")
        return self

    @cached_property
    def discrete(self) -> bool:
        """Whether it is done or not done, without an amount."""
        return self.kind in ("choice", "act", "restate")

    @cached_property
    def moves(self) -> frozenset[str]:
        """The properties it changes, and SITE where the drawn site changes."""
        names = {name for name in (self.property if self.kind != "outline" else None, *self.also, *self.along, *self.holds) if name}
        drawn = {SITE} if self.outline or self.kind in ("outline", "move", "trim") else set()
        return frozenset(names | drawn)


class LeverFile(Strict):
    """All levers, with where they come from."""

    id: str
    version: str = Field(pattern=r"^\d{4}\.\d{2}\.\d+$")
    title: str
    citation: Citation
    levers: tuple[Lever, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ids_differ(self) -> LeverFile:
        ids = [lever.id for lever in self.levers]
        if len(set(ids)) != len(ids):
            raise ValueError("id 重复")
        return self


@lru_cache(maxsize=4)
def load_levers(folder: Path = PACKS) -> LeverFile:
    """Read and check the levers; raise PackError naming file and line."""
    return read(folder / "lawful-way" / "levers.yaml", LeverFile)


def stated_text(name: str, value: Any) -> str:
    """Write a property's value for people: 145.00 ㎡, 3 层, 异址新建, 2026-05-01."""
    spec = PROPERTIES[name]
    if value is None:
        return "未填"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        return number_text(float(value), spec.unit or "count")
    return str(spec.choices.get(value, value))


def sentence(template: str, words: Mapping[str, str]) -> str:
    """Fill a lever's sentence."""
    return template.format_map(words)
