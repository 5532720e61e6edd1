"""The form of a rule pack: facts, conditions, rules. What does not fit is refused when the pack is loaded."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, model_validator

from spatial.rules.parameters import Citation, Strict, Unit

Severity = Literal["reject", "approval", "correct", "warn"]


class Where(Strict):
    """A clause that chooses features by an attribute; several clauses join by AND.

    A missing attribute chooses "maybe", and so does a value outside `known` (or outside the fact's code system): a class spelled
    in a way the rules do not know may be any class.
    """

    field: str
    op: Literal["in", "not_in", "prefix", "not_prefix", "group_is", "before_version_of"]
    values: tuple[str, ...] = Field(min_length=1)
    known: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _values_known(self) -> Where:
        unknown = [value for value in self.values if self.known and value not in self.known]
        if unknown:
            raise ValueError(f"values 中的 {'、'.join(unknown)} 不在 known 之列")
        return self


class FactSpec(Strict):
    """How a fact is measured, declared or derived."""

    title: str
    unit: Unit
    measure: Literal[
        "overlap_area", "overlap_share", "outside_area", "distance", "clearance", "count_within", "length_inside",
        "dominant", "nearest", "overlap_without_dominant", "declared", "attribute", "subject_area",
        "relative_difference", "absolute_difference", "quotient", "complement", "housing_matrix", "plot_limit",
        "layers_loaded", "context", "points", "missing_count", "village_overlap", "building_gap", "survey_age", "days_between",
        "working_days_between", "count_not", "counted_storeys", "four_sides", "other_application_area", "other_application_count", "largest_of",
        "clearance_beyond", "placed_clearance", "sway_clearance", "strip_clearance", "settlement_kind",
    ]  # fmt: skip
    layer: str | None = None
    where: tuple[Where, ...] = ()
    field: str | None = None
    property: str | None = None
    of: tuple[str, ...] = ()
    parameter: str | None = None
    half_width: str | None = None
    zone: str | None = None
    radius_m: str | None = None
    item: str | None = None
    code_system: str | None = None
    labels: dict[str, str] = Field(default_factory=dict)
    estimate: str = "按中心线估算"

    @model_validator(mode="after")
    def _complete(self) -> FactSpec:
        clearances = {"clearance", "clearance_beyond", "placed_clearance", "sway_clearance", "strip_clearance"}
        spatial = clearances | {"overlap_area", "overlap_share", "outside_area", "distance", "count_within", "length_inside",
                                "dominant", "nearest", "overlap_without_dominant", "village_overlap", "building_gap", "survey_age"}  # fmt: skip
        needs = {
            "layer": self.measure in spatial,
            "field": self.measure in clearances | {"dominant", "nearest", "attribute"},
            "property": self.measure == "declared",
            "of": self.measure in {"relative_difference", "absolute_difference", "quotient", "complement", "missing_count", "days_between",
                                   "working_days_between", "count_not", "counted_storeys", "four_sides", "other_application_count", "largest_of", "placed_clearance", "settlement_kind"},
            "parameter": self.measure in clearances | {"settlement_kind", "counted_storeys", "four_sides"},
            "zone": self.measure in {"clearance_beyond", "sway_clearance"},
            "radius_m": self.measure in {"distance", "count_within", "nearest", "strip_clearance", "building_gap", "four_sides"},
        }
        missing = [name for name, needed in needs.items() if needed and not getattr(self, name)]
        if missing:
            raise ValueError(f"{self.measure} 需要 {', '.join(missing)}")
        return self


class Condition(Strict):
    """A comparison of a fact, or several conditions joined. Numbers stand in parameters, never here."""

    all: tuple[Condition, ...] = ()
    any: tuple[Condition, ...] = ()
    negate: Condition | None = Field(default=None, alias="not")
    fact: str | None = None
    op: Literal["gt", "ge", "lt", "le", "eq", "ne", "in", "not_in", "between", "not_empty"] | None = None
    param: str | None = None
    upper: str | None = None
    than: str | None = None
    value: bool | str | tuple[str, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _no_bare_numbers(cls, data: Any) -> Any:
        value = data.get("value") if isinstance(data, dict) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            raise ValueError(f"数值 {value} 没有单位和出处：请写成参数（param）")
        return data

    @model_validator(mode="after")
    def _one_form(self) -> Condition:
        forms = [bool(self.all), bool(self.any), self.negate is not None, self.fact is not None]
        if sum(forms) != 1:
            raise ValueError("条件必须且只能是 all、any、not、fact 之一")
        if self.fact is not None:
            if self.op is None:
                raise ValueError("比较缺少 op")
            rights = [self.param is not None, self.than is not None, self.value is not None]
            if sum(rights) != (0 if self.op == "not_empty" else 1):
                raise ValueError("比较的右边必须且只能是 param、than、value 之一")
            if (self.op == "between") != (self.upper is not None):
                raise ValueError("between 需要 param 和 upper 两个参数")
        return self

    def comparisons(self) -> list[Condition]:
        """Return the comparisons in it, left to right."""
        if self.fact is not None:
            return [self]
        parts = [*self.all, *self.any, *([self.negate] if self.negate else [])]
        return [leaf for part in parts for leaf in part.comparisons()]


class RuleSpec(Strict):
    """One rule (or one branch of it): when it applies, when it fails, how grave that is, and on what ground.

    `jurisdictions` are the codes of the provinces, cities or counties it holds in (none: everywhere). A rule that names a parameter
    under `where_set` is left to the places: it holds only where one has set that number. `on_missing` is what a missing input comes to
    at least, where that is graver than the rule itself. `message` and `passed` are for the clerk, `plain` says to the applicant in
    plain words what is wrong; `office` acts on a hit, `documents` are to be brought.
    """

    id: str = Field(pattern=r"^[A-Z]{2}-\d{2,3}$")
    branch: str | None = Field(default=None, pattern=r"^[a-z0-9]{1,3}$")
    title: str
    severity: Severity
    applies_when: Condition | None = None
    fails_when: Condition
    measured: str | None = None
    in_force_from: date | None = None
    in_force_to: date | None = None
    jurisdictions: tuple[str, ...] = ()
    where_set: str | None = None
    on_missing: Severity | None = None
    message: str
    passed: str
    plain: str | None = None
    advice: str | None = None
    office: str | None = None
    documents: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = Field(min_length=1)

    @property
    def key(self) -> str:
        """The identifier with its branch, such as HB-001a."""
        return self.id + (self.branch or "")

    @cached_property
    def comparisons(self) -> tuple[Condition, ...]:
        """The comparisons that make the rule fail, left to right."""
        return tuple(self.fails_when.comparisons())

    @cached_property
    def leading(self) -> Condition:
        """The comparison a finding is about: the one on the measured fact, else the first."""
        return next((leaf for leaf in self.comparisons if leaf.fact == self.measured), self.comparisons[0])


class NotBuilt(Strict):
    """A rule of the table that no one checks by machine yet; every report lists it."""

    id: str
    branch: str | None = None
    title: str
    severity: Severity
    reason: str
    citations: tuple[Citation, ...] = Field(min_length=1)


class RulePart(Strict):
    """Some facts and rules of a permit pack, one file of its folder `rules`."""

    facts: dict[str, FactSpec] = Field(default_factory=dict)
    rules: tuple[RuleSpec, ...] = ()
    not_built: tuple[NotBuilt, ...] = ()


class PackTitle(Strict):
    """What a permit pack is called, and its version."""

    id: str
    version: str = Field(pattern=r"^\d{4}\.\d{2}\.\d+$")
    title: str


class RuleFile(PackTitle):
    """The facts and rules of a permit pack, its parts put together."""

    facts: dict[str, FactSpec]
    rules: tuple[RuleSpec, ...]
    not_built: tuple[NotBuilt, ...] = ()


class TypeRule(Strict):
    """One village-type rule: the class it proposes, or the points it adds."""

    id: str = Field(pattern=r"^VC-\d{2}$")
    branch: str | None = None
    precedence: int = Field(ge=0, le=9)
    kind: Literal["H", "L", "S", "D"]
    village_class: str | None = Field(default=None, alias="class")
    effect: Literal["propose", "list_households", "drop_out"]
    unit_level: str
    title: str
    matches_when: Condition | None = None
    citations: tuple[Citation, ...] = Field(min_length=1)

    @property
    def key(self) -> str:
        """The identifier with its branch."""
        return self.id + (self.branch or "")


class ScoreBand(Strict):
    """Points for one band of a field; bands of one field exclude each other."""

    id: str
    title: str
    group: str
    matches_when: Condition
    points: str
    citations: tuple[Citation, ...] = Field(min_length=1)


class TypeRuleFile(Strict):
    """The facts, rules and score bands of a village-type pack."""

    id: str
    version: str = Field(pattern=r"^\d{4}\.\d{2}\.\d+$")
    title: str
    facts: dict[str, FactSpec]
    required: tuple[str, ...]
    rules: tuple[TypeRule, ...]
    score: tuple[ScoreBand, ...]
