from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

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


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore::DeprecationWarning:jupyter_client", "ignore:Proactor")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_top_to_bottom_without_a_warning(path, demo_url, monkeypatch):
    monkeypatch.setenv("CUNTU_DATABASE_URL", demo_url)
    monkeypatch.setenv("PYTHONPATH", str(path.parents[1]))
    book = nbformat.read(path, as_version=4)
    NotebookClient(book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}).execute()
    told = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs if output.output_type == "stream"]
    assert told == []
    last = [cell for cell in book.cells if cell.cell_type == "code"][-1].outputs
    assert last
