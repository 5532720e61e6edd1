"""Sheets of progress figures: stored whole or not at all."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from frames import meta, published
from villages import COUNTY, KNOWN, VILLAGES, publish_villages, village_frame

from layers.errors import DatasetRefusedError, EncodingError, UnsupportedFileError
from layers.progress import Figure, read_report, read_roster, record
from layers.progress_import import MAX_PROBLEMS, import_sheet
from layers.progress_workbook import write_report
from spatial.errors import InputError
from spatial.progress_pack import load_progress_pack

PACK = load_progress_pack(county="421223")
TODAY = date(2026, 11, 22)
NOVEMBER = date(2026, 11, 1)
HEADING = ["村代码", "村名", "指标", "期数", "分子", "分母"]
A, B, C, D, GONE = VILLAGES
FIRST = datetime(2026, 11, 5, tzinfo=UTC)
LATER = FIRST + timedelta(days=7)


def figure(code=A, indicator="R01", period=NOVEMBER, numerator=90.0, denominator=100.0):
    return Figure(village_code=code, indicator=indicator, period=period, numerator=numerator, denominator=denominator)


def row(code=A, name="", indicator="R01", period="2026-11", numerator="90", denominator="100"):
    return [code, name, indicator, period, numerator, denominator]


def csv_file(folder: Path, *rows, encoding="utf-8-sig", heading=HEADING, name="figures.csv") -> Path:
    text = io.StringIO()
    csv.writer(text).writerows([heading, *rows])
    path = folder / name
    path.write_bytes(text.getvalue().encode(encoding))
    return path


@pytest.fixture
def conn(db):
    publish_villages(db)
    return db


def load(conn, path):
    roster = read_roster(conn, valid_on=TODAY, known_at=datetime.now(UTC), county=COUNTY)
    return import_sheet(conn, path, pack=PACK, roster=roster, today=TODAY)


def stored(conn):
    return conn.execute("SELECT count(*) FROM progress_value").fetchone()[0]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_a_csv_is_read_in_the_encodings_offices_write(conn, tmp_path, encoding):
    done = load(conn, csv_file(tmp_path, row(A, "甲村"), row(B, "乙村", numerator="1,000", denominator="１０００"), encoding=encoding))
    assert (done.recorded.new, done.recorded.corrected, done.blank) == (2, 0, 0)


def test_a_sheet_sent_again_changes_nothing(conn, tmp_path):
    path = csv_file(tmp_path, row(), row(B))
    load(conn, path)
    assert load(conn, path).recorded.unchanged == 2
    assert stored(conn) == 2


def test_a_row_left_blank_is_not_reported_and_takes_nothing_back(conn, tmp_path):
    load(conn, csv_file(tmp_path, row(numerator="7", denominator="10")))
    done = load(conn, csv_file(tmp_path, row(numerator="", denominator=""), row(B)))
    assert (done.blank, done.recorded.new) == (1, 1)
    assert conn.execute("SELECT numerator FROM progress_value WHERE village_code = %s AND known_to IS NULL", [A]).fetchall() == [(7,)]


def test_columns_in_another_order_or_unknown_are_no_hindrance(conn, tmp_path):
    done = load(conn, csv_file(tmp_path, ["5", "100", "2026-11", "卫生户厕普及率", A, "备注"], heading=["分子", "分母", "月份", "指标", "村代码", "备注"]))
    assert (done.recorded.new, done.ignored) == (1, ("备注",))


BAD = [
    (row(numerator="95%"), "百分数"),
    (row(numerator="９５％"), "百分数"),
    (row(numerator="101"), "大于分母"),
    (row(numerator="-1"), "不小于 0"),
    (row(numerator="1e999"), "不小于 0"),
    (row(numerator="nan"), "不是数字"),
    (row(numerator="约90"), "不是数字"),
    (row(numerator=""), "空着"),
    (row(denominator=""), "空着"),
    (row(code="421223100999"), "不在应报名单"),
    (row(code=GONE), "不在应报名单"),
    (row(code="4.21223E+11"), "设为文本"),
    (row(code="421223100201.0"), "设为文本"),
    (row(code="42122310020"), "12 位"),
    (row(code=""), "12 位"),
    (row(name="乙村"), "甲村"),
    (row(indicator="R99"), "没有指标"),
    (row(period="2026年11月"), "不是月份"),
    (row(period="2026-12"), "还没有到"),
    (row(indicator="R05", period="2026-11"), "不是应报的月份"),
]


@pytest.mark.parametrize(("wrong", "words"), BAD)
def test_one_bad_row_is_named_by_its_place_and_keeps_the_sheet_out(conn, tmp_path, wrong, words):
    with pytest.raises(DatasetRefusedError) as refused:
        load(conn, csv_file(tmp_path, row(B), wrong, row(C)))
    assert len(refused.value.problems) == 1
    assert refused.value.problems[0].startswith("figures.csv 第 3 行：") and words in refused.value.problems[0]
    assert stored(conn) == 0


def test_every_bad_row_is_named_at_once(conn, tmp_path):
    with pytest.raises(DatasetRefusedError) as refused:
        load(conn, csv_file(tmp_path, *(wrong for wrong, _ in BAD)))
    assert [problem.split("：")[0] for problem in refused.value.problems] == [f"figures.csv 第 {line} 行" for line in range(2, len(BAD) + 2)]


def test_very_many_problems_are_cut_and_counted(conn, tmp_path):
    with pytest.raises(DatasetRefusedError) as refused:
        load(conn, csv_file(tmp_path, *([row(numerator="1%")] * (MAX_PROBLEMS + 5))))
    assert refused.value.problems[-1] == "另有 5 处"


def test_the_same_figure_twice_in_a_sheet_is_refused(conn, tmp_path):
    with pytest.raises(DatasetRefusedError, match=r"第 3 行：与figures\.csv 第 2 行重复"):
        load(conn, csv_file(tmp_path, row(), row(numerator="91")))


def test_units_are_never_mixed(conn, tmp_path):
    sheet = csv_file(tmp_path, [*row(indicator="R05", period="2026-09", numerator="3", denominator="9"), "行政村"], heading=[*HEADING, "单位"])
    with pytest.raises(DatasetRefusedError, match="单位不能混用"):
        load(conn, sheet)


@pytest.mark.parametrize("heading", [HEADING[:-1], ["村代码", "村庄代码", *HEADING[2:]]])
def test_missing_or_repeated_columns_are_named(conn, tmp_path, heading):
    with pytest.raises(InputError, match="第 1 行"):
        load(conn, csv_file(tmp_path, row(), heading=heading))


def test_a_sheet_without_figures_is_refused(conn, tmp_path):
    with pytest.raises(DatasetRefusedError, match="没有一行有数"):
        load(conn, csv_file(tmp_path, row(numerator="", denominator="")))
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    with pytest.raises(InputError, match="是空的"):
        load(conn, empty)


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.csv", b"\xff\xfe\x00\x01", EncodingError),
        ("a.csv", '村代码,"指标'.encode(), UnsupportedFileError),
        ("a.xls", b"", UnsupportedFileError),
        ("a.xlsx", b"PK\x03\x04 broken", UnsupportedFileError),
    ],
)
def test_a_file_that_is_no_sheet_is_refused(conn, tmp_path, name, content, error):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=name):
        load(conn, tmp_path / name)


def xlsx_file(folder: Path, *rows, formats=None, heading=HEADING) -> Path:
    book = openpyxl.Workbook()
    for values in [heading, *rows]:
        book.active.append(values)
    for place, form in (formats or {}).items():
        book.active[place].number_format = form
    path = folder / "figures.xlsx"
    book.save(path)
    return path


def test_a_workbook_is_read_with_its_own_kinds_of_cells(conn, tmp_path):
    done = load(conn, xlsx_file(tmp_path, [A, "甲村", "R01", datetime(2026, 11, 1), 90, 100.0], [int(B), None, "R01", "2026-11", "80", 100]))
    assert done.recorded.new == 2
    assert conn.execute("SELECT village_code, numerator FROM progress_value ORDER BY 1").fetchall() == [(A, 90), (B, 80)]


def test_a_cell_shown_as_per_cent_is_refused(conn, tmp_path):
    with pytest.raises(DatasetRefusedError, match=r"第 2 行：分子“0\.95”是百分数"):
        load(conn, xlsx_file(tmp_path, row(numerator=0.95, denominator=1), formats={"E2": "0.00%"}))


def test_a_formula_without_a_result_is_no_blank(conn, tmp_path):
    with pytest.raises(DatasetRefusedError) as refused:
        load(conn, xlsx_file(tmp_path, row(numerator="=1+1", denominator="=2+2"), row(B)))
    assert [("没有计算结果" in problem) for problem in refused.value.problems] == [True, True]


def test_the_workbook_of_a_report_runs_no_formula_found_in_a_name(db, tmp_path):
    name = '=HYPERLINK("x","甲村")'
    published(db, village_frame({A: name, B: "{{ 6*7 }}"}), meta("village"), at=KNOWN)
    roster = read_roster(db, valid_on=TODAY, known_at=datetime.now(UTC), county=COUNTY)
    record(db, [figure(A), figure(B)], source_name="一报.csv", at=FIRST)
    path = tmp_path / "report.xlsx"
    write_report(path, read_report(db, "R01", asked=NOVEMBER, pack=PACK, roster=roster, known_at=LATER))
    book = openpyxl.load_workbook(path)
    rows = list(book["村"].iter_rows())
    columns = [cell.value for cell in rows[0]]
    cell = rows[1][columns.index("名称")]
    assert (cell.value, cell.data_type, rows[2][columns.index("名称")].value) == (name, "s", "{{ 6*7 }}")
    assert rows[1][columns.index("村代码")].value == A
    assert rows[3][columns.index("比率")].value is None  # not reported, not zero
    assert [sheet.title for sheet in book] == ["说明", "乡镇", "村"]
    towns = [[cell.value for cell in line] for line in book["乡镇"].iter_rows()]
    assert [line[2] for line in towns[1:]] == ["天城镇", "沙坪镇", "崇阳县"]
