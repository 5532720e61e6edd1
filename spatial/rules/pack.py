"""Rule packs as loaded: which rules, facts and parameters hold for a county, under one checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field

from spatial.errors import PackError
from spatial.reach import reach
from spatial.rules.consistency import check_consistency
from spatial.rules.model import PackTitle, RuleFile, RulePart, TypeRuleFile
from spatial.rules.parameters import Citation, ParameterFile, Resolved, Strict, jurisdictions, resolve
from spatial.rules.parts import Where, join_parts, place_in, places_in_parts
from spatial.rules.reading import facts_needed
from spatial.rules.yamlfile import read

MOST_RESOLVED = 5_000
PACKS = Path(__file__).parent / "packs"
_MAIN: dict[str, type[RuleFile] | type[TypeRuleFile]] = {"house-building": RuleFile, "village-types": TypeRuleFile}


OVERLAPPING = ("overlap_area", "overlap_share", "outside_area", "overlap_without_dominant", "dominant", "length_inside", "strip_clearance")
"""The measures that need the parts of the subjects that lie on a layer's features."""


class MatrixRow(Strict):
    """One cell of the housing matrix: does a form of house follow the guide of a village class?"""

    village_class: str = Field(alias="class")
    scheme: str
    item: str
    min_storeys: int | None = None
    max_storeys: int | None = None
    result: str = Field(pattern="^(OK|REVIEW|NO)$")
    alone: bool = False
    note: str | None = None
    words: str | None = None
    source: str
    confidence: str


class MatrixFile(Strict):
    """The housing matrix."""

    rows: tuple[MatrixRow, ...]


class LimitRow(Strict):
    """One area limit of a province; either `max_m2` or an amount for each person."""

    id: str
    province: str = Field(pattern=r"^\d{6}$")
    applies_to: str = Field(pattern="^(plot|house|floor)$")
    terrain: tuple[str, ...] = ()
    land: tuple[str, ...] = ()
    persons_from: int | None = None
    persons_to: int | None = None
    farmland_from_m2: float | None = None
    farmland_to_m2: float | None = None
    max_m2: float | None = None
    per_person_m2: float | None = None
    clamp_from: int | None = None
    clamp_to: int | None = None
    bonus_m2: float = 0.0
    valid_from: date | None = None
    citation: Citation


class LimitFile(Strict):
    """Homestead area limits by province."""

    unit: str = Field(pattern="^m2$")
    rows: tuple[LimitRow, ...]


class CodeRow(Strict):
    """A land class of the survey."""

    name: str
    group: str | None = None


class CodeFile(Strict):
    """A code system: classes and the group each belongs to."""

    id: str
    title: str
    source: str
    confidence: str
    codes: dict[str, CodeRow]


@dataclass(frozen=True)
class Pack:
    """A rule pack for one county. `sha256` covers every file that can change an answer."""

    id: str
    title: str
    version: str
    county: str
    sha256: str
    main: RuleFile | TypeRuleFile
    files: dict[str, ParameterFile]
    codes: dict[str, CodeFile]
    matrix: tuple[MatrixRow, ...]
    limits: tuple[LimitRow, ...]
    _resolved: dict[tuple[str, date], Resolved] = field(default_factory=dict, compare=False, repr=False)
    _same: dict[Resolved, Resolved] = field(default_factory=dict, compare=False, repr=False)
    programs: dict[date, Any] = field(default_factory=dict, compare=False, repr=False)
    """The rules made ready for a day, kept by the engine."""
    limits_found: dict[Any, dict[Any, tuple[float, float, int]]] = field(default_factory=dict, compare=False, repr=False)
    """The area limits looked up so far."""
    matrix_found: dict[Any, str | None] = field(default_factory=dict, compare=False, repr=False)
    """The answers of the housing matrix looked up so far."""

    @property
    def chain(self) -> tuple[str, ...]:
        """The jurisdictions asked for a parameter, the weakest first."""
        return jurisdictions(self.county)

    def parameter(self, name: str, on: date) -> Resolved:
        """Return a parameter as it is in force on a day."""
        key = (name, on)
        if key not in self._resolved:
            if len(self._resolved) > MOST_RESOLVED:
                self._resolved.clear()
            found = resolve(name, self.files, self.chain, on)
            # The same object for every day on which the same numbers hold: others keep what they worked out under its identity.
            self._resolved[key] = self._same.setdefault(found, found)
        return self._resolved[key]

    def as_dict(self) -> dict[str, str]:
        """Return the identity a report carries."""
        return {"id": self.id, "title": self.title, "version": self.version, "county": self.county, "sha256": self.sha256}

    @cached_property
    def reach(self) -> Mapping[str, float]:
        """How far around a subject each layer's features can matter, in metres."""
        return reach(self)

    @cached_property
    def swept(self) -> tuple[str, ...]:
        """The catalogue ids of the layers whose overlap with a subject is asked for."""
        return tuple(sorted({fact.layer for fact in self.main.facts.values() if fact.layer and fact.measure in OVERLAPPING}))

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The catalogue ids of all layers the facts need; one that only rules of other places read is not asked for."""
        facts = self.main.facts
        names = facts_needed(self.main.rules, facts, chain=self.chain) if isinstance(self.main, RuleFile) else facts
        return tuple(sorted({layer for name in names if (layer := facts[name].layer)}))


def load_pack(name: str, *, county: str, folder: Path = PACKS) -> Pack:
    """Load and check a pack ("house-building" or "village-types") for a county; raise PackError naming file and line."""
    return _load(name, county, folder)


@lru_cache(maxsize=16)
def _load(name: str, county: str, folder: Path) -> Pack:
    root = folder / name
    if name not in _MAIN or not (root / "rules.yaml").is_file():
        raise PackError(f"没有规则包 {name!r}。")
    main, where, paths = _rules(root, _MAIN[name])
    files: dict[str, ParameterFile] = {}
    located: dict[str, Path] = {}
    for path in sorted((root / "parameters").glob("*.yaml")):
        parameters = read(path, ParameterFile)
        files[parameters.jurisdiction] = parameters
        located[parameters.jurisdiction] = path
        if parameters.jurisdiction in jurisdictions(county):
            paths.append(path)
    codes = {path.stem: read(path, CodeFile) for path in sorted((folder / "codes").glob("*.yaml"))}
    matrix = read(root / "housing_matrix.yaml", MatrixFile).rows if (root / "housing_matrix.yaml").exists() else ()
    limits = read(root / "area_limits.yaml", LimitFile).rows if (root / "area_limits.yaml").exists() else ()
    paths += [*sorted((folder / "codes").glob("*.yaml")), *sorted(root.glob("[!r]*.yaml"))]
    check_consistency(main, {key: (located[key], file) for key, file in files.items()}, where=where, systems=set(codes))
    return Pack(main.id, main.title, main.version, county, _sha256(paths, folder), main, files, codes, matrix, limits)


def _rules(root: Path, model: type[RuleFile] | type[TypeRuleFile]) -> tuple[RuleFile | TypeRuleFile, Where, list[Path]]:
    """Read a pack's rules: one file, or the parts in its folder `rules` put together in the order of their names."""
    path = root / "rules.yaml"
    if model is TypeRuleFile:
        return read(path, TypeRuleFile), place_in(path), [path]
    paths = sorted((root / "rules").glob("*.yaml"))
    parts = [read(part, RulePart) for part in paths]
    return join_parts(read(path, PackTitle), parts, paths), places_in_parts(parts, paths), [path, *paths]


def _sha256(paths: list[Path], folder: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def code_name(pack: Pack, system: str, code: Any) -> str:
    """Return the name of a class in a code system, or the code itself."""
    row = pack.codes[system].codes.get(str(code)) if system in pack.codes else None
    return row.name if row else str(code)
