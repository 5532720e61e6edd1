from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from layers import applications, database
from layers import checks as stored_checks

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert [path.name for path in NOTEBOOKS] == ["01_type_a_county.ipynb", "02_check_applications.ipynb"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_outputs_are_stripped(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_only_public_names_are_used(path):
    for cell in nbformat.read(path, as_version=4).cells:
        assert "._" not in cell.source
        assert "import _" not in cell.source


def executed(path, url, monkeypatch, *, more=""):
    """The notebook after a run on a database, with one more cell where asked for."""
    monkeypatch.setenv("CUNTU_DATABASE_URL", url)
    monkeypatch.setenv("PYTHONPATH", str(path.parents[1]))
    book = nbformat.read(path, as_version=4)
    if more:
        book.cells.append(nbformat.v4.new_code_cell(more))
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}).execute()
    return book


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore::DeprecationWarning:jupyter_client", "ignore:Proactor")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_top_to_bottom_without_a_warning(path, demo_url, monkeypatch):
    book = executed(path, demo_url, monkeypatch)
    told = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs if output.output_type == "stream"]
    assert told == []
    last = [cell for cell in book.cells if cell.cell_type == "code"][-1].outputs
    assert last


SAID = """from spatial.permit import canonical_json
reports = {report["case_no"]: [report["verdict"], report["findings"]] for report in map(checks.report, range(len(checks)))}
print(canonical_json({"reports": reports, "different": len(different)}).decode())"""


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore::DeprecationWarning:jupyter_client", "ignore:Proactor")
def test_the_notebook_of_checks_gives_the_stored_verdicts_and_findings(demo_url, monkeypatch):
    book = executed(NOTEBOOKS[1], demo_url, monkeypatch, more=SAID)
    said = json.loads("".join(output.text for output in book.cells[-1].outputs))
    with database.connect(demo_url) as conn:
        made = {item.case_no: json.loads(stored_checks.get(conn, item.check_id).report) for item in applications.everything(conn)}
    assert len(made) > 10
    assert said["reports"] == {case: [report["verdict"], report["findings"]] for case, report in made.items()}
    assert said["different"] == 0
