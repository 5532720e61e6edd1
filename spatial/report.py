"""The report of one checked application, as the very bytes of its canonical JSON.

Most findings of most applications say the same ("no overlap"), so that each is written once and used again; what depends on the
application is written anew. The bytes are those of `canonical_json` over the whole report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from orjson import Fragment

from spatial.applications import Applications
from spatial.canonical import canonical_json, geojsons
from spatial.conditions import Conditions
from spatial.engine import VERDICTS, Outcome, Outcomes, Program
from spatial.findings import FAIL, NOT_APPLICABLE, SLUGS, finding, place
from spatial.layer import DatasetVersion, LayerSet
from spatial.layer_titles import layer_title
from spatial.measuring import Facts
from spatial.overlap_table import FAR
from spatial.remembered import remember
from spatial.report_groups import group_of, sections
from spatial.rules.consistency import PLACEHOLDERS
from spatial.rules.model import NotBuilt, RuleFile, RuleSpec
from spatial.rules.pack import Pack
from spatial.site_facts import site_facts

VERDICT_LABELS: Mapping[str, str] = {
    "refused": "不予批准", "incomplete": "需补充核查", "needs_approval": "须先办审批", "needs_correction": "须补正",
    "needs_review": "须人工复核", "passed": "符合",
}  # fmt: skip

_REPEATING = frozenset({
    "declared", "overlap_area", "overlap_share", "outside_area", "overlap_without_dominant", "relative_difference", "absolute_difference",
    "quotient", "subject_area", "layers_loaded", "dominant", "context", "housing_matrix", "days_between", "working_days_between",
    "count_not", "counted_storeys", "survey_age", "four_sides", "village_overlap", "largest_of", "other_application_area",
    "other_application_count",
})  # fmt: skip
"""Measures whose findings, where a rule is passed, follow from the value alone."""


_OF_THE_FORM = frozenset({
    "declared", "relative_difference", "absolute_difference", "quotient", "days_between", "working_days_between", "count_not",
    "counted_storeys", "survey_age", "housing_matrix",
})  # fmt: skip
"""Measures without a place on the map, whose findings follow from the value where a rule is failed, too."""

_OF_KEPT_SHAPES = frozenset({"largest_of", "village_overlap"})
"""Measures whose places are shapes kept for all neighbours."""

_OF_VALUE = frozenset(PLACEHOLDERS) - {"share", "detail"}
_MOST_REMEMBERED = 50_000
_MOST_GROUPED = 5_000
_NOT_YET = (None, b"")
_TOGETHER = 16
"""So few applications are written out together, when the first of them is asked for: moving coordinates takes as long for one place as for twenty."""

PASS = int(Outcome.PASS)


@dataclass(frozen=True)
class _Note:
    """What of a rule's finding can be told from the value alone: `row` is that of the leading number, `category` the leading fact."""

    row: int
    category: str | None
    repeating: bool
    far: bool
    of_value: bool
    of_the_form: bool
    than: str | None
    told: str | None
    """The fact whose detail stands in the sentence of a passed rule, too."""
    kept_place: str | None
    """The fact whose place is shown where the rule is failed, if that is one of the shapes kept for all neighbours."""


def _note(rule: RuleSpec, main: RuleFile, conditions: Conditions) -> _Note:
    leaf = rule.leading
    name = rule.measured or leaf.fact or ""
    spec = main.facts[name]
    row = conditions.numeric.index(name) if name in conditions.numeric else -1
    alone = leaf.fact == name
    words, failed = _words(rule.passed), _words(rule.message + (rule.plain or ""))
    return _Note(
        row, name if spec.unit == "code" else None, alone and spec.measure in _REPEATING, alone and spec.measure in FAR,
        words <= _OF_VALUE | {"detail"}, alone and spec.measure in _OF_THE_FORM and failed <= _OF_VALUE, leaf.than,
        name if "detail" in words else None, name if alone and spec.measure in _OF_KEPT_SHAPES and "share" not in failed else None,
    )  # fmt: skip


def _words(sentence: str) -> set[str]:
    return {word for word in PLACEHOLDERS if "{" + word + "}" in sentence}


class Writer:
    """Writes the reports of one pack on one day over the same layers."""

    def __init__(self, program: Program, pack: Pack, layers: LayerSet) -> None:
        assert isinstance(pack.main, RuleFile)
        self.pack, self.layers, self.main = pack, layers, pack.main
        self._notes = [_note(rule, pack.main, program.conditions) for rule in program.rules]
        self._keys = [rule.key for rule in program.rules]
        self._groups = [
            [group_of({"outcome": outcome, "severity": rule.severity}) for outcome in SLUGS] for rule in program.rules
        ]
        self._hits = [
            {"rule_id": rule.id, "branch": rule.branch, "outcome": "fail", "severity": rule.severity, "documents": list(rule.documents), "office": rule.office}
            for rule in program.rules
        ]
        self._written: dict[Any, tuple[Any, bytes]] = {}
        self._grouped: dict[bytes, dict[str, Fragment]] = {}
        self._asked: dict[bytes, tuple[list[bytes], list[int]]] = {}
        not_built = [_not_built(rule) for rule in pack.main.not_built]
        self._fixed = {"pack": Fragment(canonical_json(pack.as_dict())), "not_checked": Fragment(canonical_json(not_built))}
        self._all_covered = canonical_json([dataset(name, layers, 0.0) for name in pack.layers])
        self._unbuilt = [(rule.id + (rule.branch or ""), "not_checked") for rule in pack.main.not_built]

    def write(self, outcomes: Outcomes, applications: Applications, row: int, *, verdict: str, valid_on: date, known_at: datetime,
              more: Mapping[str, Any]) -> bytes:  # fmt: skip
        """Return one report; `more` are further members, such as its id."""
        facts, epsg = outcomes.facts, applications.epsg
        codes = outcomes.codes[:, row].tolist()
        site, findings = self._findings(outcomes, row, epsg)
        rest = {
            "case_no": applications.case_no[row], "verdict": verdict, "verdict_label": VERDICT_LABELS[verdict],
            "subject": subject(facts, applications, row, geometry=site), "valid_on": valid_on.isoformat(), "known_at": known_at.astimezone(UTC).isoformat(),
            "site": site_facts(facts, row), **more,
        }  # fmt: skip
        found = Fragment(b"[" + b",".join(findings) + b"]")
        return canonical_json(rest | self._fixed | self._sections(codes) | {"findings": found, "datasets": Fragment(self._datasets(facts, row))})

    def _sections(self, codes: list[int]) -> dict[str, Fragment]:
        """What follows from the outcomes alone: groups, papers to bring, departments."""
        key = bytes(codes)
        kept = self._grouped.get(key)
        if kept is None:
            groups = [groups[code] for groups, code in zip(self._groups, codes, strict=True)]
            found = sections([*zip(self._keys, groups, strict=True), *self._unbuilt], [self._hits[index] for index, code in enumerate(codes) if code == FAIL])
            kept = remember(self._grouped, key, {name: Fragment(canonical_json(value)) for name, value in found.items()}, most=_MOST_GROUPED)
        return kept

    def _findings(self, outcomes: Outcomes, row: int, epsg: int) -> tuple[dict[str, Any] | None, list[bytes]]:
        """The site as GeoJSON and the findings written out."""
        if len(outcomes.facts) > _TOGETHER:
            return self._written_out(outcomes, [row], epsg)[0]
        if not outcomes.written:
            outcomes.written.extend(self._written_out(outcomes, range(len(outcomes.facts)), epsg))
        return outcomes.written[row]

    def _written_out(self, outcomes: Outcomes, rows: Sequence[int], epsg: int) -> list[tuple[dict[str, Any] | None, list[bytes]]]:
        """The same for some applications; all places are moved to longitude and latitude at once."""
        lines, new = [], []
        shapes: list[Any] = [outcomes.facts.subjects[row] for row in rows]
        for row in rows:
            written, missing = self._known(outcomes, row)
            lines.append(written)
            new += [(written, index, row, key) for index, key, _ in missing]
            shapes += [shape for _, _, shape in missing]
        moved = geojsons(shapes, epsg=epsg)
        for (written, index, row, key), shape, geometry in zip(new, shapes[len(rows) :], moved[len(rows) :], strict=True):
            written[index] = line = canonical_json(finding(outcomes, index, row, geometry=geometry))
            if key is not None:
                self._remember(key, shape, line)
        return list(zip(moved, lines, strict=False))

    def _known(self, outcomes: Outcomes, row: int) -> tuple[list[bytes], list[tuple[int, Any, Any]]]:
        """The findings that have been written before, and for the others rule, key (None: not to be kept) and place."""
        facts, codes = outcomes.facts, outcomes.codes[:, row].tolist()
        low, high = outcomes.low[:, row].tolist(), outcomes.high[:, row].tolist()
        written, asked = self._idle(codes)
        missing = []
        for index in asked:
            code, shape = codes[index], None
            key = self._key(index, code, low, high, facts, row)
            if code == FAIL and key is None:
                shape = place(outcomes, index, row)
                key = self._key_of_place(index, low, high, shape, facts, row)
            kept = self._written.get(key) if key is not None else None
            if kept is not None and kept[0] is shape:
                written[index] = kept[1]
            else:
                missing.append((index, key, shape))
        return written, missing

    def _idle(self, codes: list[int]) -> tuple[list[bytes], list[int]]:
        """The findings of rules that do not apply, and the rules whose findings are still asked for."""
        key = bytes(codes)
        kept = self._asked.get(key)
        if kept is None:
            lines = [self._written.get(index, _NOT_YET)[1] if code == NOT_APPLICABLE else b"" for index, code in enumerate(codes)]
            kept = lines, [index for index, line in enumerate(lines) if not line]
            if all(codes[index] != NOT_APPLICABLE for index in kept[1]):
                remember(self._asked, key, kept, most=_MOST_GROUPED)
        return [*kept[0]], kept[1]

    def _key(self, index: int, code: int, low: list[float], high: list[float], facts: Facts, row: int) -> Any:
        """What the finding follows from, or None where it has to be written anew."""
        if code == NOT_APPLICABLE:
            return index
        note = self._notes[index]
        if code == FAIL:
            return None if not note.of_the_form else self._value_key(note, index, code, low, high, facts, row)
        if code != PASS:
            return None
        if note.far and note.than is None and high[note.row] == np.inf:
            return (index, low[note.row], np.inf)
        nothing = note.row >= 0 and high[note.row] == 0.0
        if note.repeating and (note.of_value or nothing):
            key = self._value_key(note, index, code, low, high, facts, row)
            return key if key is None or note.told is None or nothing else (key, facts[note.told].detail(row))
        return None

    def _key_of_place(self, index: int, low: list[float], high: list[float], shape: Any, facts: Facts, row: int) -> Any:
        """The same for a rule failed at a place that is kept for all neighbours: it is told by its identity."""
        note = self._notes[index]
        if shape is None or note.kept_place is None or note.row < 0 or note.than is not None:
            return None
        return (index, FAIL, low[note.row], high[note.row], id(shape), facts[note.kept_place].detail(row))

    def _value_key(self, note: _Note, index: int, code: int, low: list[float], high: list[float], facts: Facts, row: int) -> Any:
        if note.category is not None:
            return None if note.than else (index, code, facts[note.category].values[row])
        if note.row < 0:
            return None
        if note.than is None:
            return (index, code, low[note.row], high[note.row])
        other = facts[note.than]
        limit = other.threshold(row)
        return (index, code, low[note.row], high[note.row], other.number(row), id(limit[1].row.citation) if limit else None)

    def _remember(self, key: Any, shape: Any, line: bytes) -> None:
        """Keep a finding with the place it shows, so that no other place can have its identity meanwhile."""
        if len(self._written) > _MOST_REMEMBERED:
            self._written = {}
        self._written[key] = (shape, line)

    def _datasets(self, facts: Facts, row: int) -> bytes:
        if not facts.anything_uncovered[row]:
            return self._all_covered
        gaps = {name: float(facts.uncovered(name)[row]) for name in self.pack.layers if name in self.layers}
        return canonical_json([dataset(name, self.layers, gaps.get(name, 0.0)) for name in self.pack.layers])


def _not_built(rule: NotBuilt) -> dict[str, Any]:
    return {"rule_id": rule.id, "branch": rule.branch, "title": rule.title, "severity": rule.severity, "reason": rule.reason,
            "citations": [citation.report for citation in rule.citations]}  # fmt: skip


def dataset(name: str, layers: LayerSet, gap: float) -> dict[str, Any]:
    """Return the state of one layer for one subject: loaded with its version, or not loaded; `gap` is what is not covered, in m²."""
    if name not in layers:
        return {"layer": name, "title": layer_title(name), "state": "not_loaded", "state_label": "未入库"}
    version: DatasetVersion = layers[name].dataset
    return {
        "layer": name, "title": version.title, "state": "partly_covered" if gap > 0 else "loaded",
        "state_label": "覆盖不全" if gap > 0 else "已入库", "version": version.version, "uncovered_m2": gap,
        "valid_from": version.valid_from.isoformat(), "authority": version.authority, "law_status": version.law_status,
        "survey_date": version.survey_date.isoformat() if version.survey_date else None,
        "source": version.source_name, "source_sha256": version.source_sha256, "synthetic": version.synthetic,
    }  # fmt: skip


def subject(facts: Facts, applications: Applications, row: int, *, geometry: dict[str, Any] | None) -> dict[str, Any]:
    """Return the section about the site (`geometry`: as GeoJSON) and the form: hash, area, village, what was stated."""
    kind = facts["village_type"]
    return {
        "sha256": applications.sha256s[row],
        "area_m2": round(float(facts.areas[row]), 2),
        "area_method": f"planar EPSG:{applications.epsg}",
        "geometry": geometry,
        "village_code": facts["village_code"].category(row),
        "village_name": facts["village_name"].category(row),
        "village_type": kind.category(row),
        "village_type_label": kind.spec.labels.get(str(kind.category(row))),
        "village_type_version": kind.version,
        "properties": stated(applications, row),
    }


def stated(applications: Applications, row: int) -> dict[str, Any]:
    """Return what the form states, JSON-ready."""
    values = {name: column[row] for name, column in applications.listed.items()}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}


def writer(outcomes: Outcomes, layers: LayerSet) -> Writer:
    """Return the writer for some outcomes; it is kept with the layers' table for as long as that is."""
    kept: dict[Program, Writer] = outcomes.facts.table.writers
    found = kept.get(outcomes.program)
    return found or remember(kept, outcomes.program, Writer(outcomes.program, outcomes.facts.pack, layers), most=_MOST_WRITERS)


_MOST_WRITERS = 4

__all__ = ["VERDICTS", "VERDICT_LABELS", "Writer", "dataset", "stated", "subject", "writer"]
