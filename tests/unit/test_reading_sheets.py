"""Tables as CSV and XLSX: codes keep their zeros, geometries come from WKT or two columns, what cannot be read is named by row."""

from __future__ import annotations

from datetime import date, datetime

import hostile_files as made
import openpyxl
import pytest
import shapely

from layers.errors import DatasetRefusedError, EncodingError, UnsupportedFileError
from layers.reading.reader import contents, read


def csv(folder, text, *, codec="utf-8", name="宗地.csv"):
    return made.written(folder, name, text.encode(codec))


def xlsx(folder, **sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    path = folder / "台账.xlsx"
    book.save(path)
    return path


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_a_csv_of_any_encoding_keeps_codes_and_quoted_text(tmp_path, codec, separator):
    rows = [["编码", "名称", "经度", "纬度"], ["0702", '"红安,县\n一"', "114.5", "31.25"], ["0601", "白䌷村", "114.6", "31.5"]]
    path = csv(tmp_path, "\r\n".join(separator.join(row) for row in rows) + "\r\n", codec=codec)
    dataset = read(path)
    assert dataset.encoding.codec == codec
    assert dataset.frame["编码"].tolist() == ["0702", "0601"]
    assert dataset.frame["名称"].tolist() == ["红安,县\n一", "白䌷村"]
    assert [(point.x, point.y) for point in dataset.frame.geometry] == [(114.5, 31.25), (114.6, 31.5)]
    assert [field.kind for field in dataset.fields] == ["text"] * 4
    assert dataset.notes == ("图形取自列 经度、纬度。",)


def test_a_csv_that_is_neither_utf8_nor_gbk_is_asked_about(tmp_path):
    path = csv(tmp_path, "name,x,y\nGröße,1,2\nStraße,3,4\n", codec="ISO-8859-1")
    with pytest.raises(EncodingError, match="请说明编码"):
        contents(path)
    assert read(path, encoding="ISO-8859-1").frame["name"].tolist() == ["Größe", "Straße"]
    with pytest.raises(EncodingError, match="不是 utf-8 编码"):
        contents(path, encoding="utf-8")


@pytest.mark.parametrize(
    ("titles", "first"),
    [("X,Y", (3270300.5, 520300.25)), ("Y坐标,X坐标", (520300.25, 3270300.5)), ("东坐标,北坐标", (3270300.5, 520300.25)), ("lon,LAT", (3270300.5, 520300.25))],
)
def test_two_columns_are_taken_as_they_stand(tmp_path, titles, first):
    [dataset] = contents(csv(tmp_path, f"{titles},编号\n3270300.5,520300.25,001\n"))
    assert (dataset.kind, dataset.crs) == ("point", None)
    assert dataset.frame.geometry.iloc[0].coords[0] == first


def test_wkt_is_known_by_its_content_and_its_srid_is_the_crs(tmp_path):
    rows = "编号,位置\n01,SRID=4547;POINT Z (520300 3270300 5)\n02,\n03,\"SRID=4547; POLYGON ((0 0, 1 0, 1 1, 0 0))\"\n"
    dataset = read(csv(tmp_path, rows))
    assert dataset.crs.to_epsg() == 4547
    assert [field.text for field in dataset.fields] == ["编号"]
    assert dataset.frame.geometry.isna().tolist() == [False, True, False]
    assert shapely.to_wkt(dataset.frame.geometry.iloc[0]) == "POINT Z (520300 3270300 5)"


def test_every_wkt_that_is_none_is_named_by_its_record(tmp_path):
    rows = ["POINT (1 1)"] * 9
    rows[2], rows[6], rows[8] = "POINT (1 1", "没有", "POLYGON ((0 0, 1 1))"
    path = csv(tmp_path, "编号;wkt\n" + "".join(f"{place};{text}\n" for place, text in enumerate(rows)))
    with pytest.raises(UnsupportedFileError, match="第 3、7、9 条记录共 3 处"):
        read(path)


def test_coordinates_that_are_no_numbers_are_named_by_their_row(tmp_path):
    rows = [["编号", "X", "Y"], ["1", 3270300.5, 520300], ["2", "三百万", 520300], ["3", None, None], ["4", 3270300.5, None]]
    with pytest.raises(UnsupportedFileError, match="第 3、5 行共 2 处图形或坐标无法识别"):
        read(xlsx(tmp_path, 宗地=rows))


def test_uneven_records_and_open_quotes_are_refused(tmp_path):
    with pytest.raises(UnsupportedFileError, match=r"第 2、3 条记录共 2 条的列数与标题行不同（应为 3 列）"):
        contents(csv(tmp_path, "a,b,c\n1,2,3\n1,2\n1,2,3,4\n5,6,7\n"))
    with pytest.raises(UnsupportedFileError, match="引号没有成对"):
        contents(csv(tmp_path, 'a,b\n1,"x\n2,y\n3,z\n'))


def test_repeated_and_missing_titles_are_told_apart(tmp_path):
    [dataset] = contents(csv(tmp_path, "名称,,名称\na,b,c\n"))
    assert [(field.column, field.text) for field in dataset.fields] == [("名称", "名称"), ("列2", "列2"), ("名称_2", "名称")]
    assert dataset.frame.iloc[0, :3].tolist() == ["a", "b", "c"]


def test_a_sheet_is_read_as_it_is_shown(tmp_path):
    rows = [["崇阳县宅基地台账"], ["宗地代码", "地类", "面积", "日期", "时刻", "在用", "经度", "纬度"]]
    rows.append(["421223001", 702, 140.0, date(2023, 5, 1), datetime(2023, 5, 1, 8, 30), True, 114.04155, 29.54022])
    rows.append(["421223002", 702, 139.25, None, None, False, 114.04156, 29.54023])
    path = xlsx(tmp_path, 宅基地=rows, 空表=[])
    book = openpyxl.load_workbook(path)
    book["宅基地"]["B3"].number_format = "0000"
    book.save(path)
    [dataset] = contents(path)
    assert (dataset.name, dataset.driver, dataset.kind) == ("宅基地", "XLSX", "point")
    assert dataset.frame.iloc[0, :6].tolist() == ["421223001", "0702", "140", "2023-05-01", "2023-05-01T08:30:00", "是"]
    assert dataset.frame.iloc[1, :3].tolist() == ["421223002", "702", "139.25"]
    assert dataset.frame.geometry.iloc[0].coords[0] == (114.04155, 29.54022)


def test_every_sheet_is_told_and_a_table_is_no_layer(tmp_path):
    path = xlsx(tmp_path, 说明=[["项", "值"], ["县", "崇阳"]], 点=[["X", "Y"], [1, 2]])
    assert [(dataset.name, dataset.kind) for dataset in contents(path)] == [("说明", "table"), ("点", "point")]
    assert read(path).name == "点"
    with pytest.raises(DatasetRefusedError, match="说明 没有图形"):
        read(path, "说明")


def test_cells_beside_the_titles_are_not_lost_in_silence(tmp_path):
    with pytest.raises(UnsupportedFileError, match="第 3 行在没有标题的列中还有内容"):
        contents(xlsx(tmp_path, 表=[["a", "b"], [1, 2], [1, 2, 3]]))


def test_columns_called_x_and_y_that_hold_words_are_no_coordinates(tmp_path):
    [dataset] = contents(csv(tmp_path, "x,y\n甲,乙\n丙,丁\n"))
    assert dataset.kind == "table"


@pytest.mark.parametrize("wkt", ["CIRCULARSTRING (0 0, 1 1, 2 0)", "CURVEPOLYGON (CIRCULARSTRING (0 0, 4 0, 4 4, 0 4, 0 0))", "TIN (((0 0, 0 1, 1 1, 0 0)))"])
def test_curves_and_surfaces_in_wkt_are_named_not_bent(tmp_path, wkt):
    with pytest.raises(UnsupportedFileError, match="第 2 条记录共 1 处图形或坐标无法识别"):
        read(csv(tmp_path, f'编号,wkt\n1,POINT (1 1)\n2,"{wkt}"\n'))


def test_a_collection_in_wkt_is_read_for_the_check_to_find(tmp_path):
    dataset = read(csv(tmp_path, '编号,wkt\n1,"GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (0 0, 1 1))"\n'))
    assert (dataset.kind, dataset.frame.geometry.geom_type.tolist()) == ("unknown", ["GeometryCollection"])
