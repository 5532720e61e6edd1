"""国土坐标 TXT as a layer: many parcels, holes, islands, datums and zones, and every wrong line by its number."""

from __future__ import annotations

import hostile_files as made
import pytest
import shapely
from site_files import SQUARE, here, land_txt

from layers.errors import UnsupportedFileError
from layers.reading.reader import contents, read

HOLE = ((2.0, 12.0), (4.0, 12.0), (4.0, 10.0), (2.0, 10.0))
ISLAND = ((2.5, 11.5), (3.5, 11.5), (3.5, 10.5), (2.5, 10.5))
BESIDE = ((20.0, 14.0), (30.0, 14.0), (30.0, 0.0), (20.0, 0.0))
ZONE = 38_000_000.0


def polygon(*rings):
    return shapely.Polygon([(east + ZONE, north) for east, north in here(rings[0])], [[(e + ZONE, n) for e, n in here(ring)] for ring in rings[1:]])


def written(folder, text, codec="gb18030"):
    return made.written(folder, "勘测定界.txt", text.encode(codec))


@pytest.mark.parametrize("codec", ["gb18030", "utf-8", "utf-8-sig", "utf-16"])
def test_a_parcel_keeps_its_millimetres_and_its_header(tmp_path, codec):
    dataset = read(written(tmp_path, land_txt(SQUARE, HOLE), codec))
    assert (dataset.driver, dataset.kind, dataset.name, dataset.crs.to_epsg()) == ("TXT", "polygon", "勘测定界", 4526)
    assert dataset.encoding.codec == codec
    row = dataset.frame.iloc[0]
    assert (row["地块编号"], row["地块名称"], row["用途"], row["面积_公顷"]) == ("1", "示例地块", "农村宅基地", 0.014)
    assert shapely.equals_identical(row.geometry, polygon(SQUARE, HOLE))
    assert "X 为北、Y 为东" in dataset.notes[0]


def test_many_parcels_with_all_their_cells(tmp_path):
    first = land_txt(SQUARE)
    second = land_txt(BESIDE, count=4).split("[地块坐标]\n")[1].replace("1,示例地块,面,,农村宅基地,,@", "２,乙,面,H50G035,公园,0810,@")
    dataset = read(written(tmp_path, first + second))
    assert dataset.feature_count == 2
    assert dataset.frame.iloc[1, :5].tolist() == ["2", "乙", "H50G035", "公园", "0810"]
    assert shapely.equals_identical(dataset.frame.geometry.iloc[1], polygon(BESIDE))


@pytest.mark.parametrize(
    ("rings", "parts"),
    [
        ((SQUARE, BESIDE), [(SQUARE,), (BESIDE,)]),
        ((SQUARE, HOLE, ISLAND), [(SQUARE, HOLE), (ISLAND,)]),
        ((SQUARE, BESIDE, HOLE), [(SQUARE, HOLE), (BESIDE,)]),
    ],
    ids=["beside", "island in a hole", "hole of the first"],
)
def test_rings_that_cannot_be_holes_are_parts(tmp_path, rings, parts):
    shape = read(written(tmp_path, land_txt(*rings))).frame.geometry.iloc[0]
    assert shapely.equals_identical(shape, shapely.MultiPolygon([polygon(*part) for part in parts]))


def test_a_hole_that_crosses_its_ring_stays_one_for_the_check_to_find(tmp_path):
    across = ((5.0, 12.0), (15.0, 12.0), (15.0, 10.0), (5.0, 10.0))
    shape = read(written(tmp_path, land_txt(SQUARE, across))).frame.geometry.iloc[0]
    assert (shape.geom_type, shapely.get_num_interior_rings(shape), shape.is_valid) == ("Polygon", 1, False)


@pytest.mark.parametrize(
    ("head", "prefix", "name"),
    [
        ({}, 38e6, "CGCS2000 / 3-degree Gauss-Kruger zone 38"),
        ({}, 0.0, "CGCS2000 / 3-degree Gauss-Kruger CM 114E"),
        ({"带号": ""}, 38e6, "CGCS2000 / 3-degree Gauss-Kruger zone 38"),
        ({"几度分带": "6", "带号": "19"}, 19e6, "CGCS2000 / Gauss-Kruger zone 19"),
        ({"坐标系": "80国家大地坐标系"}, 38e6, "Xian 1980 / 3-degree Gauss-Kruger zone 38"),
        ({"坐标系": "北京54坐标系"}, 0.0, "Beijing 1954 / 3-degree Gauss-Kruger CM 114E"),
    ],
)
def test_the_crs_is_that_of_the_description(tmp_path, head, prefix, name):
    assert read(written(tmp_path, land_txt(prefix=prefix, **head))).crs.name == name


@pytest.mark.parametrize(("head", "words"), [({"坐标系": "独立坐标系"}, "无法识别"), ({"带号": ""}, "没有写明可用的带号"), ({"带号": "99"}, "带号 99")])
def test_a_crs_that_is_not_told_is_not_guessed(tmp_path, head, words):
    [dataset] = contents(written(tmp_path, land_txt(prefix=0.0, **head)))
    assert dataset.crs is None
    assert words in dataset.notes[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("J2,1", "J2,零"), "第 12 行：圈号“零”"),
        (lambda text: text.replace("J3,1,", "J3,1,abc"), "第 13 行：坐标“abc"),
        (lambda text: text.replace("J4,1", "J4"), "第 14 行：应为“点号,圈号,X,Y”"),
        (lambda text: text.replace("5,0.0140", "9,0.0140"), "写明 9 个点，实有 5 个"),
        (lambda text: text.replace(",面,", ",线,"), "图形属性是“线”"),
        (lambda text: text.replace("计量单位=米", "计量单位=英尺"), "应为米，实为“英尺”"),
        (lambda text: text.replace(",1,3", ",2,3"), "没有 1 号圈"),
        (lambda text: text.split("[地块坐标]")[0] + "[地块坐标]\n", "没有任何地块"),
        (lambda text: text.replace("[地块坐标]", "").replace("[属性描述]", ""), "不是国土坐标 TXT"),
    ],
    ids=["ring", "number", "cells", "count", "line", "unit", "no outer ring", "empty", "other text"],
)
def test_a_wrong_line_is_named(tmp_path, change, words):
    with pytest.raises(UnsupportedFileError, match=words):
        contents(written(tmp_path, change(land_txt(SQUARE))))
