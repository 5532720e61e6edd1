"""The application check: every rule of the pack over every application, and the verdict that follows."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import shapely

from spatial.applications import Applications, applications_from_frame, read_applications
from spatial.canonical import canonical_json, geojson, geometry_sha256
from spatial.engine import VERDICTS, Outcome, Outcomes, judge
from spatial.findings import finding
from spatial.layer import Layer, LayerSet
from spatial.lazy import lazy
from spatial.measuring import Facts, layer_title
from spatial.report_sections import with_sections
from spatial.rules.model import NotBuilt, RuleFile
from spatial.rules.pack import Pack

VERDICT_LABELS: Mapping[str, str] = {
    "refused": "不予批准", "incomplete": "需补充核查", "needs_approval": "须先办审批", "needs_correction": "须补正",
    "needs_review": "须人工复核", "passed": "符合",
}  # fmt: skip

CHUNK = 1_000
RADIUS_M = 60.0
"""How far around a site features can matter: the largest setback (30 m) and the widest road land, with room."""


def search_radius(pack: Pack) -> dict[str, float]:
    """Return for each layer of a pack how many metres around a site its features can matter, for pruning in SQL."""
    return dict.fromkeys(pack.layers, RADIUS_M)


@dataclass(frozen=True)
class VillageTypes:
    """The village types a check rests on: slug by village code, and which run they come from."""

    types: Mapping[str, str]
    version: str


_SLUGS = np.array(VERDICTS, dtype=object)


@dataclass(frozen=True)
class _Part:
    """Some applications checked together."""

    applications: Applications
    outcomes: Outcomes

    @lazy
    def verdicts(self) -> Any:
        """The verdict of each application: the worst contribution of its findings."""
        ranks, codes = self.outcomes.program.ranks, self.outcomes.codes
        return _SLUGS[np.take_along_axis(ranks, codes.astype(np.int64), axis=1).min(axis=0, initial=len(VERDICTS) - 1)]


@dataclass(frozen=True)
class Checks:
    """The checks of n applications. Reports are written out one by one, when asked for."""

    parts: tuple[_Part, ...]
    pack: Pack
    layers: LayerSet
    valid_on: date
    known_at: datetime

    def __len__(self) -> int:
        return sum(len(part.applications) for part in self.parts)

    @property
    def verdicts(self) -> Any:
        """An object array of n verdict slugs."""
        return np.concatenate([part.verdicts for part in self.parts]) if self.parts else np.empty(0, dtype=object)

    def outcomes(self, key: str) -> Any:
        """Return the outcome slugs of one rule (such as "HB-001a") for all applications."""
        rules = [rule.key for rule in self.parts[0].outcomes.rules]
        codes = np.concatenate([part.outcomes.codes[rules.index(key)] for part in self.parts])
        return np.array([Outcome(code).slug for code in codes], dtype=object)

    def report(self, index: int) -> dict[str, Any]:
        """Return application `index`'s report, JSON-ready, without id and time of checking."""
        for part in self.parts:
            if index < len(part.applications):
                return with_sections(_report(self, part, index), part.outcomes.facts, index)
            index -= len(part.applications)
        raise IndexError(index)


def check(
    applications: Applications,
    layers: LayerSet,
    *,
    pack: Pack,
    valid_on: date,
    known_at: datetime,
    village_types: VillageTypes | None,
    threads: int = 2,
) -> Checks:
    """Check applications against the layers and rules in force on `valid_on` as known at `known_at`.

    Large batches go through a thread pool in chunks; one application or many give the same reports bit by bit.
    """
    starts = range(0, len(applications), CHUNK)
    chunks = [applications.part(start, start + CHUNK) for start in starts]
    for layer in layers.values():
        _ = layer.tree, layer.extent

    def one(chunk: Applications) -> _Part:
        return _check_part(chunk, layers, pack, valid_on, village_types)

    if len(chunks) > 1 and threads > 1:
        with ThreadPoolExecutor(threads) as pool:
            parts = tuple(pool.map(one, chunks))
    else:
        parts = tuple(one(chunk) for chunk in chunks)
    return Checks(parts, pack, layers, valid_on, known_at)


def _check_part(chunk: Applications, layers: LayerSet, pack: Pack, valid_on: date, types: VillageTypes | None) -> _Part:
    def village_type(facts: Facts) -> tuple[Any, str | None]:
        codes = facts["village_code"].values
        known = types.types if types else {}
        return np.array([*[known.get(str(code)) if code is not None else None for code in codes], None], dtype=object)[:-1], types.version if types else None

    facts = Facts(chunk.sites, properties=chunk.properties, layers=layers, pack=pack, valid_on=valid_on,
                  context={"village_type": village_type})  # fmt: skip
    assert isinstance(pack.main, RuleFile)
    return _Part(chunk, judge(pack.main.rules, facts, valid_on=valid_on))


def _report(checks: Checks, part: _Part, row: int) -> dict[str, Any]:
    facts, epsg = part.outcomes.facts, part.applications.epsg
    verdict = str(part.verdicts[row])
    assert isinstance(checks.pack.main, RuleFile)
    return {
        "case_no": part.applications.case_no[row],
        "verdict": verdict,
        "verdict_label": VERDICT_LABELS[verdict],
        "findings": [finding(part.outcomes, index, row, epsg=epsg) for index in range(len(part.outcomes.rules))],
        "not_checked": [_not_built(rule) for rule in checks.pack.main.not_built],
        "pack": checks.pack.as_dict(),
        "datasets": [dataset(name, checks.layers, facts, row) for name in checks.pack.layers],
        "subject": _subject(part, facts, row),
        "valid_on": checks.valid_on.isoformat(),
        "known_at": checks.known_at.astimezone(UTC).isoformat(),
    }


def _not_built(rule: NotBuilt) -> dict[str, Any]:
    return {"rule_id": rule.id, "branch": rule.branch, "title": rule.title, "severity": rule.severity, "reason": rule.reason,
            "citations": [citation.report for citation in rule.citations]}  # fmt: skip


def dataset(name: str, layers: LayerSet, facts: Facts, row: int) -> dict[str, Any]:
    """Return the state of one layer for one subject: loaded with its version, or not loaded; a gap in the coverage in m²."""
    layer: Layer | None = layers.get(name)
    if layer is None:
        return {"layer": name, "title": layer_title(name), "state": "not_loaded", "state_label": "未入库"}
    over = facts.overlay(name)
    gap = float(over.uncovered[row]) if over is not None else 0.0
    version = layer.dataset
    return {
        "layer": name, "title": version.title, "state": "partly_covered" if gap > 0 else "loaded",
        "state_label": "覆盖不全" if gap > 0 else "已入库", "version": version.version, "uncovered_m2": gap,
        "valid_from": version.valid_from.isoformat(), "authority": version.authority, "law_status": version.law_status,
        "survey_date": version.survey_date.isoformat() if version.survey_date else None,
        "source": version.source_name, "source_sha256": version.source_sha256, "synthetic": version.synthetic,
    }  # fmt: skip


def _subject(part: _Part, facts: Facts, row: int) -> dict[str, Any]:
    site = part.applications.sites[row]
    kind = facts["village_type"]
    stated = {name: column[row] for name, column in part.applications.properties.items()}
    return {
        "sha256": geometry_sha256(site),
        "area_m2": round(float(shapely.area(site)), 2),
        "area_method": f"planar EPSG:{part.applications.epsg}",
        "geometry": geojson(site, epsg=part.applications.epsg),
        "village_code": facts["village_code"].category(row),
        "village_name": facts["village_name"].category(row),
        "village_type": kind.category(row),
        "village_type_label": kind.spec.labels.get(str(kind.category(row))),
        "village_type_version": kind.version,
        "properties": {name: value.isoformat() if isinstance(value, date) else value for name, value in stated.items()},
    }


__all__ = [
    "VERDICTS", "VERDICT_LABELS", "Applications", "Checks", "VillageTypes", "applications_from_frame", "canonical_json", "check", "read_applications",
    "search_radius",
]  # fmt: skip
