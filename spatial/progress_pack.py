"""The progress pack: what is counted of the rural clean-up (农村人居环境整治), and the targets of each jurisdiction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, cast

import yaml
from pydantic import Field, model_validator

from spatial.errors import InputError, PackError
from spatial.progress_targets import Better, Entry, Pace, Printed, Target, Text, expand
from spatial.rules.parameters import Confidence, Strict, jurisdictions
from spatial.rules.yamlfile import read

PACKS = Path(__file__).parent / "rules" / "packs" / "progress"

Cadence = Literal["month", "quarter", "half-year", "year"]
RollUp = Literal["sum_ratio", "mean_and_sum"]

CADENCE_LABELS: Mapping[str, str] = MappingProxyType({"month": "按月", "quarter": "按季", "half-year": "按半年", "year": "按年"})


class Indicator(Strict):
    """What is counted: numerator over denominator, by village and period."""

    title: Text
    title_en: Text
    numerator: Text
    denominator: Text
    unit: Text
    cadence: Cadence
    rollup: RollUp
    better: Better
    share: bool
    trap: Text
    source: Text
    confidence: Confidence
    code: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the definition as it stands in an answer."""
        return {"indicator": self.code, **self.model_dump(exclude={"code"}), "cadence_label": CADENCE_LABELS[self.cadence]}


class Override(Strict):
    """What a jurisdiction counts differently from the nation's definition."""

    unit: Text | None = None
    cadence: Cadence | None = None
    numerator: Text | None = None
    denominator: Text | None = None
    source: Text
    confidence: Confidence


class Mode(Strict):
    """A way of treatment proposed by the figure of a village; what fits no mode is for people to decide (人工判定)."""

    op: Literal["<=", "<", ">=", ">"]
    value: Printed
    unit: Literal["%"]
    mode: Text
    source: Text
    confidence: Confidence


class PackFile(Strict):
    """One jurisdiction's file."""

    pack: Literal["progress"]
    version: Text
    jurisdiction: Text
    title: Text
    example: bool = False
    indicators: dict[Annotated[str, Field(pattern=r"^R\d\d[a-z]?$")], Indicator] = Field(default_factory=dict)
    overrides: dict[str, Override] = Field(default_factory=dict)
    pace: dict[str, Pace] = Field(default_factory=dict)
    targets: dict[str, list[Entry]] = Field(default_factory=dict)
    modes: dict[str, list[Mode]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _nation_defines(self) -> PackFile:
        if (self.jurisdiction == "100000") != bool(self.indicators):
            raise ValueError("指标的定义（indicators）只写在全国（100000）的文件里，其他地方用 overrides")
        return self


@dataclass(frozen=True)
class ProgressPack:
    """Indicators and targets as they hold in one county. `sha256` is that of the files it was read from, in order."""

    county: str
    version: str
    sha256: str
    indicators: Mapping[str, Indicator]
    targets: Mapping[str, tuple[Target, ...]]
    paces: Mapping[str, Pace]
    modes: Mapping[str, tuple[Mode, ...]]

    def indicator(self, code: str) -> Indicator:
        """Return an indicator, or raise InputError naming those there are."""
        if code not in self.indicators:
            raise InputError(problems=[f"indicator：没有指标“{code}”，可选 {'、'.join(self.indicators)}"])
        return self.indicators[code]

    def as_dict(self) -> dict[str, str]:
        """Return what identifies the pack in a stored answer."""
        return {"id": "progress", "version": self.version, "sha256": self.sha256}


@lru_cache(maxsize=8)
def load_progress_pack(*, county: str, folder: Path = PACKS) -> ProgressPack:
    """Read the nation's definitions and what province, city and county set: the nearest that names an indicator sets its targets.

    Files are read once. Raises PackError naming file and line of everything that is wrong.
    """
    paths = [path for code in jurisdictions(county) if (path := folder / f"{code}.yaml").exists()]
    files, problems = _read_all(paths)
    if not files and not problems:
        problems = [f"{folder.name}：没有 100000.yaml"]
    if problems:
        raise PackError(problems=problems)
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
    return _merge(files, county=county, sha256=digest)


def _read_all(paths: Iterable[Path]) -> tuple[list[PackFile], list[str]]:
    files: dict[Path, PackFile] = {}
    problems: list[str] = []
    for path in paths:
        try:
            files[path] = read(path, PackFile)
        except PackError as error:
            problems += error.problems
    known = {code: indicator for file in files.values() for code, indicator in file.indicators.items()}
    for path, file in files.items():
        problems += [f"{path.name}:{_line(path, place)} {'.'.join(place)}: {message}" for place, message in _misfits(path, file, known)]
    return list(files.values()), problems


def _misfits(path: Path, file: PackFile, known: Mapping[str, Indicator]) -> Iterable[tuple[tuple[str, ...], str]]:
    """What a file on its own cannot know: that it bears the right name, and fits the nation's definitions."""
    if file.jurisdiction != path.stem:
        yield ("jurisdiction",), "与文件名不符"
    for part in ("overrides", "pace", "targets", "modes"):
        yield from (((part, code), "没有这个指标") for code in getattr(file, part) if code not in known)
    for code, entries in file.targets.items():
        wrong = {"higher": "<=", "lower": ">="}[known[code].better] if code in known else None
        for index, entry in enumerate(entries):
            if wrong and getattr(entry, "op", None) == wrong:
                yield ("targets", code, str(index)), "方向与指标相反"


def _line(path: Path, place: tuple[str, ...]) -> int:
    """The line of an entry that the file is known to have."""
    node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    line = 1
    for step in place:
        if isinstance(node, yaml.MappingNode):
            key, node = next((key, value) for key, value in node.value if key.value == step)
        else:
            key = node = cast(yaml.SequenceNode, node).value[int(step)]
        line = key.start_mark.line + 1
    return line


def _merge(files: list[PackFile], *, county: str, sha256: str) -> ProgressPack:
    indicators: dict[str, Indicator] = {}
    targets: dict[str, tuple[Target, ...]] = {}
    paces: dict[str, Pace] = {}
    modes: dict[str, tuple[Mode, ...]] = {}
    for file in files:
        for code, indicator in file.indicators.items():
            indicators[code] = indicator.model_copy(update={"code": code})
        for code, change in file.overrides.items():
            indicators[code] = indicators[code].model_copy(update=change.model_dump(exclude_none=True))
        for code, entries in file.targets.items():
            targets[code] = expand(code, entries, jurisdiction=file.jurisdiction, example=file.example)
        paces.update(file.pace)
        modes.update({code: tuple(found) for code, found in file.modes.items()})
    version = "+".join(f"{file.jurisdiction}@{file.version}" for file in files)
    frozen = MappingProxyType
    return ProgressPack(county, version, sha256, frozen(indicators), frozen(targets), frozen(paces), frozen(modes))
