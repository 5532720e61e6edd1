"""The application form as the page shows it: the parts and fields of the official form, from what an application may state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from spatial.application_form import GROUPS, PROPERTIES, Property
from spatial.rules.parameters import UNIT_LABELS

OPEN_AT_FIRST = ("household", "old_plot", "plot", "house")
"""Parts that a first verdict rests on; the others are folded until they are wanted."""

_INPUTS = {bool: "yes_no", date: "date", int: "integer", float: "decimal", str: "text"}
_UNITS = {**UNIT_LABELS, "count": ""}
_LARGEST = 1e9


@dataclass(frozen=True, kw_only=True)
class FormField:
    """One field. `input` is `yes_no`, `choice`, `date`, `integer`, `decimal` or `text`; `unit` is written behind it.

    `low` and `high` are hints for the browser (None: no limit worth telling); what counts is decided when the application is checked.
    """

    name: str
    title: str
    input: str
    unit: str | None
    choices: tuple[tuple[str, str], ...]
    low: str | None
    high: str | None
    longest: int

    @property
    def is_area(self) -> bool:
        """Whether 亩 is shown beside it."""
        return self.name.endswith("_m2")


@dataclass(frozen=True, kw_only=True)
class FormPart:
    """One part of the form."""

    key: str
    title: str
    is_open: bool
    fields: tuple[FormField, ...]


def form_parts() -> tuple[FormPart, ...]:
    """Every field of an application in the order of the official form."""
    fields = {name: _field(name, spec) for name, spec in PROPERTIES.items()}
    return tuple(
        FormPart(
            key=key,
            title=title,
            is_open=key in OPEN_AT_FIRST,
            fields=tuple(fields[name] for name, spec in PROPERTIES.items() if spec.group == key),
        )
        for key, title in GROUPS.items()
    )


def _field(name: str, spec: Property) -> FormField:
    number = spec.kind in (int, float)
    return FormField(
        name=name,
        title=spec.title,
        input="choice" if spec.choices else _INPUTS[spec.kind],
        unit=_UNITS.get(spec.unit or "") or None,
        choices=tuple(spec.choices.items()),
        low=f"{spec.low:g}" if number else None,
        high=f"{spec.high:g}" if number and spec.high < _LARGEST else None,
        longest=spec.longest,
    )
