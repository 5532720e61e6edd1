"""Progress on the command line: figures in, reports out, the same as over HTTP."""

from __future__ import annotations

import openpyxl
import orjson
import pytest
from progress_figures import NAME, VALUES, A, B, get, report_april
from typer.testing import CliRunner

from api.cli import progress as commands
from api.cli import signing
from layers.acting import on_behalf
from spatial.errors import InputError


@pytest.fixture
def reported(county_url):
    report_april(county_url)


@pytest.fixture
def command(county_url, settings):
    """Run `cuntu progress …` on this test's county."""
    own = settings.model_copy(update={"database_url": county_url})

    def run(*arguments):
        with on_behalf(signing.command()):
            return CliRunner().invoke(commands.app, [str(argument) for argument in arguments], obj=own, catch_exceptions=True)

    return run


def sheet(folder, *rows):
    path = folder / "十一月.csv"
    path.write_text("\n".join(["村代码,指标,期数,分子,分母", *(",".join(row) for row in rows)]), encoding="gbk")
    return path


def test_figures_imported_on_the_command_line_are_served(command, client, tmp_path):
    done = command("import", sheet(tmp_path, [A, "R01", "2026-04", "90", "100"], [B, "R01", "2026-04", "", ""]), "--json")
    assert done.exit_code == 0, done.output
    answer = orjson.loads(done.stdout)
    assert (answer["new"], answer["corrected"], answer["blank"]) == (1, 0, 1)
    assert get(client, VALUES, indicator="R01", period="2026-04")["county"]["completeness"] == "1/2"


def test_a_refused_sheet_leaves_nothing_behind(command, client, tmp_path):
    done = command("import", sheet(tmp_path, [A, "R01", "2026-04", "90", "100"], [B, "R01", "2026-04", "95%", "100"]))
    assert "十一月.csv 第 3 行" in str(done.exception) and "百分数" in str(done.exception)
    assert get(client, VALUES, indicator="R01", period="2026-04")["county"]["reported"] == 0


@pytest.mark.usefixtures("reported")
def test_the_report_on_the_command_line_is_the_one_over_http(command, client, tmp_path):
    path = tmp_path / "R01.xlsx"
    done = command("report", "--indicator", "R01", "--period", "2026-04", "--output", path, "--json")
    assert done.exit_code == 0, done.output
    served = get(client, VALUES, indicator="R01", period="2026-04")
    printed = orjson.loads(done.stdout)
    assert printed == {key: value for key, value in served.items() if key not in ("valid_on", "known_at")}
    assert openpyxl.load_workbook(path)["村"]["D3"].value == NAME


@pytest.mark.usefixtures("reported")
def test_the_report_is_readable_in_a_terminal(command):
    done = command("report", "--indicator", "R01", "--period", "2026-04")
    assert "天城镇" in done.stdout and "60.00%" in done.stdout and "2/2" in done.stdout


def test_a_report_that_is_no_workbook_is_refused(command, tmp_path):
    done = command("report", "--indicator", "R01", "--output", tmp_path / "R01.pdf")
    assert isinstance(done.exception, InputError)
