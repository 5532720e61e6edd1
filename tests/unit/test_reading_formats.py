"""Every format gives the same data set: coordinates to the bit, codes with their zeros, Chinese names, the CRS the file states."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import struct
import zipfile

import geopandas as gpd
import hostile_files as made
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from packages import shapefile_zip

from layers.errors import DatasetRefusedError, UnclearLayerError, UnsupportedFileError
from layers.reading.limits import Limits
from layers.reading.reader import contents, digest, read


def towns():
    shapes = [shapely.box(500_000.1234 + 20 * place, 3_270_000.5678, 500_010.4321 + 20 * place, 3_270_010.8765) for place in range(3)]
    columns = {"XZQDM": ["042122310", "042122311", None], "XZQMC": ["天城镇", "沙坪镇", "白䌷镇"], "KZMJ": [1.25, 2.5, None], "RS": [7, 8, 9]}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4547)


def as_shapefile(folder):
    towns().to_file(folder / "XZQ.shp", engine="pyogrio", encoding="GB18030")
    return folder / "XZQ.shp"


def zipped_folder(folder, name, parts, *, encoded=lambda name: name):
    """Pack files under names as bytes, as Chinese tools do: no mark for UTF-8."""
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for member, file in parts.items():
            archive.write(file, encoded(member))
    return path


def as_geodatabase(folder):
    towns().drop(columns="RS").to_file(folder / "县.gdb", layer="XZQ", driver="OpenFileGDB", engine="pyogrio")
    return folder / "县.gdb"


def as_zipped_geodatabase(folder):
    base = as_geodatabase(folder)
    raw = "交付/崇阳县.gdb/".encode("gb18030")
    marks = {f"{'x' * len(raw)}{file.name}": file for file in base.iterdir()}
    path = zipped_folder(folder, "a.zip", marks)
    path.write_bytes(path.read_bytes().replace(b"x" * len(raw), raw))
    shutil.rmtree(base)
    return path


def as_geodatabase_without_folder(folder):
    base = as_geodatabase(folder)
    path = zipped_folder(folder, "县.gdb.zip", {file.name: file for file in base.iterdir()})
    shutil.rmtree(base)
    return path


def as_geopackage(folder):
    towns().to_file(folder / "a.gpkg", layer="XZQ", driver="GPKG", engine="pyogrio")
    return folder / "a.gpkg"


def as_parquet(folder):
    towns().to_parquet(folder / "XZQ.parquet")
    return folder / "XZQ.parquet"


def as_csv(folder, codec="gb18030"):
    frame = towns()
    frame.assign(图形=shapely.to_wkt(frame.geometry.to_numpy(), rounding_precision=-1)).drop(columns="geometry").to_csv(
        folder / "XZQ.csv", index=False, encoding=codec
    )
    return folder / "XZQ.csv"


FORMATS = {
    "open shapefile": (as_shapefile, "ESRI Shapefile"),
    "zipped shapefile": (lambda folder: shapefile_zip(folder, "XZQ", towns().drop(columns="RS")), "ESRI Shapefile"),
    "geodatabase": (as_geodatabase, "OpenFileGDB"),
    "zipped geodatabase": (as_zipped_geodatabase, "OpenFileGDB"),
    "geodatabase without its folder": (as_geodatabase_without_folder, "OpenFileGDB"),
    "geopackage": (as_geopackage, "GPKG"),
    "geoparquet": (as_parquet, "Parquet"),
    "csv": (as_csv, "CSV"),
}


@pytest.mark.parametrize("case", FORMATS)
def test_a_format_is_read_to_the_bit(case, tmp_path):
    build, driver = FORMATS[case]
    dataset = read(build(tmp_path))
    frame = dataset.frame
    assert (dataset.name, dataset.driver, dataset.kind, dataset.feature_count, dataset.is_complete) == ("XZQ", driver, "polygon", 3, True)
    assert dataset.crs is None if driver == "CSV" else dataset.crs.to_epsg() == 4547
    assert frame.crs is None
    assert frame["XZQDM"].fillna("").tolist() == ["042122310", "042122311", ""]
    assert frame["XZQMC"].tolist() == ["天城镇", "沙坪镇", "白䌷镇"]
    tolerance = 1e-4 if driver == "OpenFileGDB" else 0.0
    difference = shapely.hausdorff_distance(frame.geometry.to_numpy(), towns().geometry.to_numpy())
    assert difference.max() <= tolerance
    assert np.array_equal(frame["KZMJ"].astype(float).to_numpy(), [1.25, 2.5, math.nan], equal_nan=True)


def test_geojson_is_in_longitude_and_latitude_and_keeps_text_as_it_stands(tmp_path):
    path = made.written(
        tmp_path,
        "a.geojson",
        '{"type":"FeatureCollection","name":"DLTB","features":[{"type":"Feature","properties":{"DLBM":"0702","日期":"2023/05/01","n":[1,2]},'
        '"geometry":{"type":"Point","coordinates":[114.123456789,29.5]}}]}',
    )
    [dataset] = contents(path)
    assert (dataset.name, dataset.crs.to_epsg(), dataset.kind) == ("DLTB", 4326, "point")
    assert dataset.frame.iloc[0, :3].tolist() == ["0702", "2023/05/01", "[ 1, 2 ]"]
    assert dataset.frame.geometry.iloc[0].coords[0] == (114.123456789, 29.5)


def test_contents_gives_the_first_rows_and_read_all(tmp_path):
    path = made.geopackage(tmp_path, frame=made.squares(50))
    [head] = contents(path, limits=Limits(head_rows=10))
    whole = read(path)
    assert (len(head.frame), head.feature_count, head.is_complete) == (10, 50, False)
    assert (len(whole.frame), whole.is_complete) == (50, True)
    assert head.frame.geometry.geom_equals_exact(whole.frame.geometry.head(10), 0.0).all()


def test_kinds_of_fields_are_told_and_gaps_keep_integers_whole(tmp_path):
    frame = made.squares().assign(N=[1, None, 3], R=[0.5, 1.5, None], B=[True, False, True])
    frame["N"] = frame["N"].astype("Int64")
    dataset = read(made.geopackage(tmp_path, frame=frame))
    assert {field.text: field.kind for field in dataset.fields} == {"DLBM": "text", "MC": "text", "N": "integer", "R": "number", "B": "boolean"}
    assert dataset.frame["N"].dropna().tolist() == [1, 3]
    assert str(dataset.frame["N"].dtype) == "Int64"


def test_several_data_sets_are_all_told_and_one_is_chosen_by_name(tmp_path):
    first, second = made.zipped(tmp_path, "a.zip", {}), tmp_path / "b"
    second.mkdir()
    for name in ("DLTB", "GHFQ"):
        made.shapefile(second, name)
    with zipfile.ZipFile(first, "w") as archive:
        for part in sorted(second.iterdir()):
            archive.write(part, f"一/{part.name}")
            archive.write(part, f"二/{part.name}")
        archive.writestr("说明.txt", "没有坐标")
        archive.writestr("字典.csv", "编码,名称\n0702,农村宅基地\n")
    told = contents(first)
    assert sorted(dataset.name for dataset in told) == ["DLTB (1)", "DLTB (2)", "GHFQ (1)", "GHFQ (2)", "字典"]
    assert [dataset.kind for dataset in told if dataset.name == "字典"] == ["table"]
    assert read(first, "GHFQ (2)").feature_count == 3
    with pytest.raises(UnclearLayerError, match="请指明一份"):
        read(first)
    with pytest.raises(UnclearLayerError, match="没有名为“XZQ”的数据"):
        read(first, "XZQ")
    with pytest.raises(DatasetRefusedError, match="没有图形"):
        read(first, "字典")


def test_the_digest_is_that_of_the_file_as_delivered(tmp_path):
    path = as_geopackage(tmp_path)
    assert read(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    shape = as_shapefile(tmp_path)
    before = digest(shape)
    assert before == read(shape).sha256
    table = shape.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"042122310", b"042122319"))
    assert digest(shape) != before


@pytest.mark.parametrize(("part", "word"), [(".shx", "缺少 XZQ.shx"), (".dbf", "缺少 XZQ.dbf")])
def test_a_shapefile_without_one_of_its_files_is_refused(tmp_path, part, word):
    path = as_shapefile(tmp_path)
    path.with_suffix(part).unlink()
    with pytest.raises(UnsupportedFileError, match=word):
        contents(path)


def test_shapes_and_rows_have_to_be_as_many(tmp_path):
    path = as_shapefile(tmp_path)
    table = path.with_suffix(".dbf").read_bytes()
    path.with_suffix(".dbf").write_bytes(table[:4] + struct.pack("<I", 2) + table[8:])
    with pytest.raises(UnsupportedFileError, match="图形 3 个，属性 2 行"):
        contents(path)


def test_arcs_become_chords(tmp_path):
    ring = [(10.0, 0.0), (0.0, 10.0), (-10.0, 0.0), (0.0, -10.0), (10.0, 0.0)]
    arcs = struct.pack("<BIIBII", 1, 10, 1, 1, 8, len(ring)) + b"".join(struct.pack("<dd", *point) for point in ring)
    dataset = read(made.geopackage(tmp_path, wkb=arcs))
    assert dataset.frame.geometry.geom_type.tolist()[0] == "Polygon"
    assert dataset.frame.geometry.iloc[0].area == pytest.approx(math.pi * 100, rel=2e-3)
    assert dataset.frame.geometry.iloc[1].equals(made.squares().geometry.iloc[1])


def test_an_arc_that_nobody_can_straighten_is_named_by_its_row(tmp_path):
    arc = struct.pack("<BII", 1, 8, 3) + struct.pack("<6d", 0, 0, 1, 1, 2, 0)
    table = pa.table({"N": [1, 2], "geometry": [shapely.to_wkb(shapely.Point(1, 1)), arc]})
    geo = {"version": "1.0.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}}}
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), tmp_path / "a.parquet")
    with pytest.raises(UnsupportedFileError, match="a：第 2 行的图形无法读取"):
        read(tmp_path / "a.parquet")


def test_z_and_m_are_kept_for_the_check_to_see(tmp_path):
    frame = made.squares()
    frame.geometry = shapely.force_3d(frame.geometry.to_numpy(), 12.5)
    dataset = read(made.geopackage(tmp_path, frame=frame))
    assert shapely.get_coordinates(dataset.frame.geometry.iloc[0], include_z=True)[0, 2] == 12.5


def test_geoparquet_that_names_no_crs_is_in_longitude_and_latitude(tmp_path):
    frame = made.squares().set_crs(None, allow_override=True)
    frame.to_parquet(tmp_path / "a.parquet")
    assert read(tmp_path / "a.parquet").crs is None
    made.squares().to_crs("OGC:CRS84").to_parquet(tmp_path / "b.parquet")
    assert read(tmp_path / "b.parquet").crs.name == "WGS 84 (CRS84)"


def test_a_table_of_wide_blank_fields_is_no_bomb(tmp_path):
    columns = {f"F{place}": ["甲"] + [""] * 999 for place in range(60)}
    frame = gpd.GeoDataFrame(columns, geometry=made.squares(1_000).geometry, crs=4547)
    path = made.shapefile(tmp_path, "DLTB", frame)
    table = path.with_suffix(".dbf")
    start = struct.unpack("<H", table.read_bytes()[8:10])[0]
    wide = bytearray(table.read_bytes()[:start])
    for place in range(60):
        wide[32 + 32 * place + 16] = 254
    wide[10:12] = struct.pack("<H", 1 + 60 * 254)
    rows = [b" " + "甲".encode().ljust(254) + b" " * (59 * 254)] * 1_000
    table.write_bytes(bytes(wide) + b"".join(rows))
    target = made.zipped(tmp_path, "a.zip", {part.name: part.read_bytes() for part in tmp_path.iterdir()})
    with zipfile.ZipFile(target) as archive:
        member = archive.getinfo("DLTB.dbf")
    assert member.file_size > 10 << 20
    assert member.file_size / member.compress_size > 200
    assert read(target).frame["F0"].tolist() == ["甲"] * 1_000
