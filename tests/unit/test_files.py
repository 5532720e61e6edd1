from __future__ import annotations

import hashlib
import json
import zipfile

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from frames import EPSG, buildings, red_lines, square
from packages import geojson, geopackage, shapefile_zip

from layers import archives, files
from layers.errors import EncodingError, UnclearLayerError, UnsafeArchiveError, UnsupportedFileError
from spatial.errors import CrsError


def towns(**changes):
    base = {"XZQDM": ["421223100", "421223101"], "XZQMC": ["天城镇", "沙坪镇"]}
    return gpd.GeoDataFrame(base | changes, geometry=[square(), square(200)], crs=EPSG)


def zipped(folder, **members):
    path = folder / "archive.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("codec", "options", "found_by"),
    [
        ("gb18030", {}, "内容"),
        ("gb18030", {"language": 0x4D}, "DBF 语言字节"),
        ("gb18030", {"language": 0x57}, "内容"),
        ("gb18030", {"language": 0x78}, "内容"),
        ("gb18030", {"cpg": "GBK"}, ".cpg 文件"),
        ("gb18030", {"cpg": "936"}, ".cpg 文件"),
        ("gb18030", {"cpg": "UTF-8"}, "内容"),
        ("utf-8", {"cpg": "UTF-8"}, ".cpg 文件"),
        ("utf-8", {}, "内容"),
        ("utf-8", {"language": 0x4D}, "内容"),
    ],
    ids=str,
)
def test_chinese_text_is_read_whatever_the_file_says(tmp_path, codec, options, found_by):
    path = shapefile_zip(tmp_path, "XZQ", towns(), codec=codec, **options)
    layer, frame, info = files.read(path)
    assert layer.id == "town"
    assert frame["XZQMC"].tolist() == ["天城镇", "沙坪镇"]
    assert info.encoding == codec
    assert any(f"依据：{found_by}" in note for note in info.notes)


def test_a_name_outside_gbk_is_read_by_gb18030(tmp_path):
    path = shapefile_zip(tmp_path, "XZQ", towns(XZQMC=["白䌷镇", "㘵城镇"]))
    assert files.read(path)[1]["XZQMC"].tolist() == ["白䌷镇", "㘵城镇"]


def test_bytes_that_are_no_chinese_text_are_asked_about(tmp_path):
    path = shapefile_zip(tmp_path, "XZQ", towns(XZQMC=["Größe", "Straße"]), codec="ISO-8859-1")
    with pytest.raises(EncodingError):
        files.read(path)
    assert files.read(path, encoding="ISO-8859-1")[1]["XZQMC"].tolist() == ["Größe", "Straße"]


@pytest.mark.parametrize("encoding", ["utf-8", "klingon"])
def test_an_encoding_that_does_not_fit_is_refused(tmp_path, encoding):
    with pytest.raises(EncodingError):
        files.read(shapefile_zip(tmp_path, "XZQ", towns()), encoding=encoding)


@pytest.mark.parametrize(("codec", "cpg"), [("gb18030", None), ("utf-8", "UTF-8")])
def test_chinese_field_names_are_mapped_even_where_cut_inside_a_character(tmp_path, codec, cpg):
    frame = towns().rename(columns={"XZQDM": "行政区代码", "XZQMC": "行政区名称"})
    layer, read, _ = files.read(shapefile_zip(tmp_path, "乡镇级行政区", frame, codec=codec, cpg=cpg))
    assert layer.id == "town"
    assert read["XZQDM"].tolist() == ["421223100", "421223101"]
    assert read["XZQMC"].tolist() == ["天城镇", "沙坪镇"]


def test_field_names_in_any_case_are_standard_names(tmp_path):
    frame = red_lines().rename(columns={"BSM": "bsm", "MC": "Mc"})
    assert files.read(geopackage(tmp_path, STBHHX=frame))[1]["MC"].tolist() == ["幕阜山水源涵养"]


def test_what_is_known_of_the_source_is_kept(tmp_path):
    path = geopackage(tmp_path, STBHHX=red_lines(extra=[1]))
    _, frame, info = files.read(path)
    assert info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (info.name, info.driver, info.source_layer, info.feature_count) == ("data.gpkg", "GPKG", "STBHHX", 1)
    assert info.notes == ("目录以外的字段未入库：extra",)
    assert "extra" not in frame.columns


def test_geojson_is_in_longitude_and_latitude(tmp_path):
    layer, frame, info = files.read(geojson(tmp_path, "stbhhx", red_lines()))
    assert layer.id == "ecological_redline"
    assert info.driver == "GeoJSON"
    assert shapely.hausdorff_distance(frame.to_crs(EPSG).geometry.iloc[0], square()) < 1e-3


def test_a_file_of_several_layers_asks_which(tmp_path):
    path = geopackage(tmp_path, STBHHX=red_lines(), ZRZ=buildings())
    with pytest.raises(UnclearLayerError, match="STBHHX、ZRZ"):
        files.read(path)
    assert files.read(path, source_layer="ZRZ")[0].id == "building"
    assert files.read(path, layer="ecological_redline")[2].source_layer == "STBHHX"
    with pytest.raises(UnclearLayerError, match="DLTB"):
        files.read(path, source_layer="DLTB")


def test_the_length_of_codes_tells_a_county_from_a_town(tmp_path):
    county = gpd.GeoDataFrame({"XZQDM": ["421223"], "XZQMC": ["崇阳县"]}, geometry=[square()], crs=EPSG)
    assert files.read(geopackage(tmp_path, XZQ=county))[0].id == "county"


@pytest.mark.parametrize("name", ["CZKFBJ", "data", "STBHHX"])
def test_a_code_without_telling_fields_is_asked_about(tmp_path, name):
    bare = red_lines()[["BSM", "geometry"]]
    with pytest.raises(UnclearLayerError, match="指明图层"):
        files.read(geopackage(tmp_path, **{name: bare}))
    assert files.read(tmp_path / "data.gpkg", layer="village_boundary")[0].id == "village_boundary"


def test_a_chinese_name_tells_the_layer(tmp_path):
    assert files.read(geopackage(tmp_path, 城镇开发边界=red_lines()[["BSM", "geometry"]]))[0].id == "urban_boundary"


def test_a_missing_crs_is_refused_unless_given(tmp_path):
    path = shapefile_zip(tmp_path, "XZQ", towns(), prj=False)
    with pytest.raises(CrsError, match=r"没有写明坐标系，请用 EPSG 代码指明。$"):
        files.read(path)
    assert files.read(path, epsg=EPSG)[1].crs.to_epsg() == EPSG


def test_a_zone_number_in_the_eastings_is_pointed_out(tmp_path):
    path = shapefile_zip(tmp_path, "XZQ", towns().to_crs(4526), prj=False)
    with pytest.raises(CrsError, match="带号 38（3 度带），2000 国家大地坐标系为 EPSG:4526"):
        files.read(path)


def test_a_given_crs_that_contradicts_the_file_is_refused(tmp_path):
    path = shapefile_zip(tmp_path, "XZQ", towns())
    with pytest.raises(CrsError, match="不一致"):
        files.read(path, epsg=4526)
    assert files.read(path, epsg=EPSG)[0].id == "town"


@pytest.mark.parametrize("name", ["../evil.shp", "/etc/evil.shp", "a/../../evil.shp", "C:evil.shp", "..\\evil.shp"])
def test_an_archive_that_leads_outside_is_refused(tmp_path, name):
    with pytest.raises(UnsafeArchiveError, match="之外"):
        files.read(zipped(tmp_path, **{name: b"x"}))
    assert [path.name for path in tmp_path.rglob("*")] == ["archive.zip"]


@pytest.mark.parametrize("names", [("a.shp", "a.shp/b.shp"), ("a/b.shp", "a"), (".", "a.shp"), ("a/b.shp", "a\\b.shp")])
def test_an_archive_with_two_things_of_one_name_is_refused(tmp_path, names):
    with pytest.raises(UnsafeArchiveError, match="重名"):
        files.read(zipped(tmp_path, **dict.fromkeys(names, b"x")))


def test_a_link_in_an_archive_is_refused(tmp_path):
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("a.shp")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnsafeArchiveError, match="链接"):
        files.read(path)


def test_bombs_are_refused(tmp_path):
    path = zipped(tmp_path, **{"a.shp": b"\0" * (30 << 20)})
    with pytest.raises(UnsafeArchiveError, match="炸弹"):
        files.read(path)
    with pytest.raises(UnsafeArchiveError, match="超过允许"):
        archives.unpack(path, tmp_path / "out", max_bytes=1 << 20)
    many = zipped(tmp_path, **{f"{number}.txt": b"" for number in range(archives.MAX_FILES + 1)})
    with pytest.raises(UnsafeArchiveError, match="最多允许"):
        files.read(many)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("broken.zip", b"PK\x03\x04 no zip"),
        ("broken.gpkg", b"no geopackage"),
        ("broken.geojson", b'{"type": "FeatureCollection", "features": ['),
        ("broken.shp", b"no shapefile"),
        ("other.gpkg", b'{"type": "FeatureCollection", "features": []}'),
        ("data.dxf", b"0\nSECTION"),
        ("data.vrt", b"<OGRVRTDataSource/>"),
        ("empty.geojson", b""),
        ("vrt.geojson", b'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'),
    ],
)
def test_unreadable_files_are_one_clear_error(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnsupportedFileError):
        files.read(path)


def test_a_virtual_data_set_hidden_in_geojson_reads_no_other_file(tmp_path):
    geojson(tmp_path, "other", towns(XZQMC=["别处", "的文件"]))
    virtual = f"<OGRVRTDataSource><OGRVRTLayer name='other'><SrcDataSource>{tmp_path}/other.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    own = json.loads(geojson(tmp_path, "own", towns()).read_text(encoding="utf-8"))
    path = tmp_path / "XZQ.geojson"
    path.write_text(json.dumps({"type": own.pop("type"), "note": virtual, **own}), encoding="utf-8")
    layer, frame, info = files.read(path, layer="town")
    assert (layer.id, info.source_layer) == ("town", "own")
    assert frame["XZQMC"].tolist() == ["天城镇", "沙坪镇"]


def test_an_archive_without_data_is_refused(tmp_path):
    with pytest.raises(UnsupportedFileError, match="没有"):
        files.read(zipped(tmp_path, **{"readme.txt": b"x"}))


def test_a_file_above_the_limit_is_refused(tmp_path):
    with pytest.raises(UnsupportedFileError, match="超过"):
        files.read(geopackage(tmp_path, STBHHX=red_lines()), max_bytes=1_000)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["towns_gbk_nocpg_shp", "towns_utf8_truncated_fieldname_shp", "towns.gdb"])
def test_reference_deliveries_are_read(shared_dir, name):
    _, frame, info = files.read(shared_dir / "data" / "robustness" / f"{name}.zip", layer="town")
    assert dict(zip(frame["XZQDM"], frame["XZQMC"], strict=True))["421223100"] == "天城镇"
    assert (len(frame), info.feature_count) == (21, 21)


@pytest.mark.shared
def test_real_village_names_outside_gbk_survive_a_shapefile(shared_dir, tmp_path):
    names = pd.read_csv(shared_dir / "data" / "robustness" / "village_names_outside_gbk.csv", dtype=str)["name"].tolist()
    base = {"ZLDWDM": [f"421223100{row:03d}" for row in range(len(names))], "XZQDM": "421223100", "XZQMC": "天城镇"}
    frame = gpd.GeoDataFrame({**base, "ZLDWMC": names}, geometry=[square(row * 200.0) for row in range(len(names))], crs=EPSG)
    layer, read, _ = files.read(shapefile_zip(tmp_path, "CJDCQ", frame, cpg="GB18030"))
    assert layer.id == "village"
    assert read["ZLDWMC"].tolist() == names
