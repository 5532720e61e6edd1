"""The numbers of law as dated data: national, overridden by province, overridden by county.

"以上, 以下, 以内, 不少于" include the number, "超过, 不满, 以外" do not (民法典 §1259): the rule's operator says which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Confidence = Literal["A", "B", "C", "D", "S", "K", "N"]
"""A law text read · B several sources agree · C one secondary source · D memory · S source document · K arithmetic · N our proposal."""

Unit = Literal["m2", "m", "share", "storey", "degree", "ha", "person", "household", "min", "count", "point", "万元/年", "code", "bool", "days",
               "working_days", "survey_year", "date"]  # fmt: skip

UNIT_LABELS: Mapping[str, str] = {
    "m2": "㎡", "m": "米", "share": "", "storey": "层", "degree": "度", "ha": "公顷", "person": "人", "household": "户",
    "min": "分钟", "count": "项", "point": "分", "万元/年": "万元/年", "code": "", "bool": "", "days": "日", "house": "座",
    "working_days": "个工作日", "survey_year": "个调查年度", "date": "",
}  # fmt: skip


class Strict(BaseModel):
    """A frozen part of a pack; a key that is not known is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Citation(Strict):
    """Where a rule or number comes from, and how sure we are of it."""

    law: str | None = None
    article: str | None = None
    source: str
    confidence: Confidence
    note: str | None = None

    @cached_property
    def report(self) -> dict[str, str | None]:
        """The citation as it stands in a report, with a readable `text`."""
        named = f"《{self.law}》" if self.law else self.source
        article = f"第{self.article}条" if self.article else ""
        return {"law": self.law, "article": self.article, "source": self.source, "confidence": self.confidence, "note": self.note,
                "text": f"{named}{article}"}  # fmt: skip


class Row(Strict):
    """One value with the time it is in force; `key` or `low`–`high` say for which class it holds in a keyed parameter."""

    value: float | bool | str | tuple[str, ...] | None
    key: str | None = None
    low: float | None = None
    high: float | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    citation: Citation

    def in_force(self, on: date) -> bool:
        """Tell whether the row is in force on a day; `valid_to` is the last day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)


class Parameter(Strict):
    """A named number of law (or a table of them by class)."""

    title: str
    unit: Unit
    keyed_by: Literal["class", "range"] | None = None
    rows: tuple[Row, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _rows_fit(self) -> Parameter:
        for row in self.rows:
            if self.keyed_by == "class" and row.key is None:
                raise ValueError("按类别取值的参数，每一行都要有 key")
            if self.keyed_by == "range" and (row.low is None or row.high is None):
                raise ValueError("按区间取值的参数，每一行都要有 low 和 high")
            if self.keyed_by is None and (row.key is not None or row.low is not None):
                raise ValueError("没有 keyed_by 的参数不能有 key、low、high")
            if self.unit == "date" and row.value is not None:
                date.fromisoformat(str(row.value))
        return self


class ParameterFile(Strict):
    """The parameters one jurisdiction sets (100000 is the nation)."""

    jurisdiction: str = Field(pattern=r"^\d{6}$")
    name: str
    parameters: dict[str, Parameter]


@dataclass(frozen=True)
class Value:
    """A parameter's value on a day: which jurisdiction set it, since when, on what ground."""

    value: float | bool | str | tuple[str, ...] | None
    unit: str
    jurisdiction: str
    row: Row

    @property
    def in_force(self) -> dict[str, str | None]:
        """The period of the row as it stands in a report."""
        return {
            "jurisdiction": self.jurisdiction,
            "from": self.row.valid_from.isoformat() if self.row.valid_from else None,
            "to": self.row.valid_to.isoformat() if self.row.valid_to else None,
        }


@dataclass(frozen=True)
class Resolved:
    """A parameter on a day: one value, or a table of values by class or range. No values: nothing is set here."""

    name: str
    title: str
    unit: str
    keyed_by: str | None
    values: tuple[Value, ...]

    @property
    def single(self) -> Value | None:
        """The value of a parameter that is not keyed, or None where the jurisdiction sets none."""
        return self.values[0] if self.values and self.keyed_by is None else None

    def number(self) -> float | None:
        """The value as a number (a date as its day's number), or None."""
        value = self.single.value if self.single else None
        if self.unit == "date" and value is not None:
            return float(date.fromisoformat(str(value)).toordinal())
        return None if value is None else float(value)  # type: ignore[arg-type]


def jurisdictions(county: str) -> tuple[str, ...]:
    """Return the chain nation, province, city, county of a six-digit county code, the weakest first."""
    return tuple(dict.fromkeys(("100000", county[:2] + "0000", county[:4] + "00", county)))


def resolve(name: str, files: Mapping[str, ParameterFile], chain: tuple[str, ...], on: date) -> Resolved:
    """Find a parameter's value on a day: the nearest jurisdiction wins, in keyed parameters class by class."""
    found: dict[object, Value] = {}
    known: Parameter | None = None
    for jurisdiction in chain:
        parameter = files[jurisdiction].parameters.get(name) if jurisdiction in files else None
        if parameter is None:
            continue
        known = parameter
        for row in parameter.rows:
            if row.in_force(on):
                found.pop((row.key, row.low, row.high), None)
                found[(row.key, row.low, row.high)] = Value(row.value, parameter.unit, jurisdiction, row)
    if known is None:
        known = next((file.parameters[name] for file in files.values() if name in file.parameters), None)
    if known is None:
        return Resolved(name, name, "count", None, ())
    return Resolved(name, known.title, known.unit, known.keyed_by, tuple(found.values()))
