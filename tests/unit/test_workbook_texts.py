"""Every workbook of the project, with a formula where a text may be: none comes out alive, and there is no other way to write one."""

from __future__ import annotations

import ast
import io
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import numpy as np
import openpyxl
import orjson
import pytest
import shapely
from papers import troubled_report
from planning import layer

import layers
from api import province
from layers import check_runs, run_export
from layers.check_export import workbook_bytes
from layers.check_runs import Result, Run
from layers.progress_workbook import write_report
from layers.quality.findings import QualityFinding, QualityReport
from layers.quality.rulebook import checks
from layers.quality.writing import write_xlsx
from layers.village_export import write_villages
from layers.workbook import write_workbook
from spatial.progress import Figures, Roster
from spatial.progress_pack import load_progress_pack
from spatial.progress_report import report

EVIL = "=cmd|' /C calc'!A0"
PROJECT = Path(layers.__file__).parents[1]
WRITERS = {"layers/workbook.py", "layers/exports/sheets.py"}
# Writes CSV through the same guard as workbooks.
CSV_WRITERS = {"layers/audit/export.py"}
KEPT = {
    "outcome",
    "severity",
    "verdict",
    "valid_on",
    "known_at",
    "checked_at",
    "date",
    "key",
    "kind",
    "state",
    "confidence",
    "rule_id",
    "branch",
    "layer",
}


def evil(value):
    """A document in which every text is a formula, but for codes that the program itself writes."""
    if isinstance(value, dict):
        return {key: item if key in KEPT else evil(item) for key, item in value.items()}
    if isinstance(value, list):
        return [evil(item) for item in value]
    return EVIL if isinstance(value, str) else value


def cells_of(source):
    book = openpyxl.load_workbook(source)
    return [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]


def assert_no_formula(source):
    cells = cells_of(source)
    texts = [cell for cell in cells if cell.value == EVIL]
    assert texts
    assert {cell.data_type for cell in texts} == {"s"}
    assert {cell.number_format for cell in texts} == {"@"}
    assert "f" not in {cell.data_type for cell in cells}


def test_the_check_itself_would_notice_a_formula(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = EVIL
    book.save(tmp_path / "formula.xlsx")
    with pytest.raises(AssertionError):
        assert_no_formula(tmp_path / "formula.xlsx")


def test_a_report_of_checked_applications():
    found = troubled_report()
    bad = evil({name: item for name, item in found.items() if name != "subject"}) | {
        "subject": found["subject"] | {"village_name": EVIL}
    }
    bad["findings"] = [evil({**item, "geometry": None}) for item in found["findings"]]
    bad["case_no"] = EVIL
    assert_no_formula(io.BytesIO(workbook_bytes(bad)))


def test_a_run_over_many_subjects(tmp_path, monkeypatch):
    at = datetime(2026, 1, 1, tzinfo=UTC)
    told = {
        "reason": EVIL,
        "hits": [
            {
                "rule": EVIL,
                "title": EVIL,
                "message": EVIL,
                "measured": {"value": EVIL, "unit": EVIL},
                "threshold": {"value": EVIL},
            }
        ],
    }
    result = Result(
        position=0,
        kind="building",
        name=EVIL,
        verdict="hit",
        report=orjson.dumps(told).decode(),
        geometry=shapely.Point(0, 0),
        epsg=4547,
    )
    run = Run(
        id=UUID(int=1), kind="houses", title=EVIL, parameters={}, valid_on=date(2026, 1, 1), known_at=at, pack_version=EVIL, pack_sha256=EVIL,
        versions={}, classification_id=None, total=1, created_at=at, summary={"verdicts": {EVIL: 1}, "unreadable_first": EVIL},
    )  # fmt: skip
    monkeypatch.setattr(check_runs, "every_result", lambda conn, run_id: iter([result]))
    monkeypatch.setattr(run_export.audit, "note", lambda *args, **told: None)  # there is no database here
    run_export.write_run(tmp_path / "run.xlsx", None, run)
    assert_no_formula(tmp_path / "run.xlsx")


def test_typed_villages(tmp_path):
    row = {
        "town_code": "421223100",
        "town": EVIL,
        "village_code": "421223100201",
        "name": EVIL,
        "village_type_label": EVIL,
        "reason": EVIL,
        "missing": [EVIL],
    }
    row["evidence"] = [{"rule_id": EVIL, "branch": EVIL, "title": EVIL, "outcome": "match", "message": EVIL}]
    entry = {
        "layer": "road",
        "state_label": EVIL,
        "version": 1,
        "valid_from": "2026-01-01",
        "authority": EVIL,
        "synthetic": True,
    }
    villages = layer("village", [shapely.box(0, 0, 1, 1)])
    write_villages(
        tmp_path / "types.xlsx",
        [row],
        villages=villages,
        about={"pack": EVIL, "valid_on": "2026-01-01", "datasets": [entry]},
    )
    assert_no_formula(tmp_path / "types.xlsx")


def test_progress_of_villages(tmp_path):
    one = np.array(["421223100201"], dtype=object)
    roster = Roster(
        one,
        np.array([EVIL], dtype=object),
        np.array(["421223100"], dtype=object),
        np.array([EVIL], dtype=object),
        "421223",
        EVIL,
    )
    figures = Figures.align(roster, codes=["421223100201"], numerators=[1], denominators=[2])
    found = report(
        "R01", asked=date(2026, 4, 1), pack=load_progress_pack(county="421223"), roster=roster, figures=figures
    )
    write_report(tmp_path / "progress.xlsx", found)
    assert_no_formula(tmp_path / "progress.xlsx")


def test_an_acceptance_check(tmp_path):
    finding = QualityFinding(code=next(iter(checks())), level="error", message=EVIL, row=0, identifier=EVIL, other=EVIL)
    write_xlsx(
        QualityReport(layer="road", findings=(finding,), checks=(), thresholds=(), figures={}),
        tmp_path / "quality.xlsx",
    )
    assert_no_formula(tmp_path / "quality.xlsx")


def test_a_province(tmp_path):
    found = province.CountyResult("421223", EVIL, 1, {}, EVIL)
    write_workbook(tmp_path / "province.xlsx", [replace(province._page([found]), title="省")])
    assert_no_formula(tmp_path / "province.xlsx")


def written_otherwise(source):
    """What in a module writes cells: openpyxl's workbook, a CSV writer, or pandas and polars with their own."""
    for node in ast.walk(ast.parse(source)):
        name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
        if name in {"Workbook", "WriteOnlyCell", "to_excel", "ExcelWriter", "to_csv", "DictWriter"} or (
            isinstance(node, ast.Attribute) and ast.unparse(node) in ("csv.writer", "arrow_csv.write_csv")
        ):
            yield name


def test_cells_are_written_in_no_other_place():
    modules = {
        path.relative_to(PROJECT).as_posix(): path
        for room in ("api", "layers", "spatial")
        for path in (PROJECT / room).rglob("*.py")
    }
    found = {name for name, path in modules.items() if list(written_otherwise(path.read_text(encoding="utf-8")))}
    assert found == WRITERS | CSV_WRITERS
