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

from layers import archives
from layers.errors import EncodingError, OpenQuestionsError, UnclearLayerError, UnsafeArchiveError, UnsupportedFileError
from layers.reading import reader
from layers.reading.limits import Limits
from layers.recognising.framing import named_frame
from layers.recognising.recogniser import recognise
from layers.recognising.recognition import Answers
from layers.recognising.surroundings import Surroundings


def read(path, *, layer=None, source_layer=None, encoding=None, epsg=None):
    """A file read and recognised without a county round it: layer, named frame, data set; open questions are an error."""
    raw = reader.read(path, source_layer, encoding=encoding)
    found = recognise(raw, Surroundings(EPSG), Answers(layer=layer, epsg=epsg))
    if found.questions:
        raise OpenQuestionsError(found.questions)
    return found.layer, named_frame(raw, found, epsg=EPSG), raw


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
        ("gb18030", {}, "content"),
        ("gb18030", {"language": 0x4D}, "language_byte"),
        ("gb18030", {"language": 0x57}, "content"),
        ("gb18030", {"language": 0x78}, "content"),
        ("gb18030", {"cpg": "GBK"}, "cpg"),
        ("gb18030", {"cpg": "936"}, "cpg"),
        ("gb18030", {"cpg": "UTF-8"}, "content"),
        ("utf-8", {"cpg": "UTF-8"}, "cpg"),
        ("utf-8", {}, "content"),
        ("utf-8", {"language": 0x4D}, "content"),
    ],
    ids=str,
)
def test_chinese_text_is_read_whatever_the_file_says(tmp_path, codec, options, found_by):
    path = shapefile_zip(tmp_path, "XZQ", towns(), codec=codec, **options)
    layer, frame, raw = read(path)
    assert layer.id == "town"
    assert frame["XZQMC"].tolist() == ["天城镇", "沙坪镇"]
    assert (raw.encoding.codec, raw.encoding.found_by) == (codec, found_by)


def test_a_name_outside_gbk_is_read_by_gb18030(tmp_path):
    path = shapefile_zip(tmp_path, "XZQ", towns(XZQMC=["白䌷镇", "㘵城镇"]))
    assert read(path)[1]["XZQMC"].tolist() == ["白䌷镇", "㘵城镇"]


def test_bytes_that_are_no_chinese_text_are_asked_about(tmp_path):
    path = shapefile_zip(tmp_path, "XZQ", towns(XZQMC=["Größe", "Straße"]), codec="ISO-8859-1")
    with pytest.raises(EncodingError):
        read(path)
    assert read(path, encoding="ISO-8859-1")[1]["XZQMC"].tolist() == ["Größe", "Straße"]


@pytest.mark.parametrize("encoding", ["utf-8", "klingon"])
def test_an_encoding_that_does_not_fit_is_refused(tmp_path, encoding):
    with pytest.raises(EncodingError):
        read(shapefile_zip(tmp_path, "XZQ", towns()), encoding=encoding)


@pytest.mark.parametrize(("codec", "cpg"), [("gb18030", None), ("utf-8", "UTF-8")])
def test_chinese_field_names_are_mapped_even_where_cut_inside_a_character(tmp_path, codec, cpg):
    frame = towns().rename(columns={"XZQDM": "行政区代码", "XZQMC": "行政区名称"})
    layer, frame, _ = read(shapefile_zip(tmp_path, "乡镇级行政区", frame, codec=codec, cpg=cpg))
    assert layer.id == "town"
    assert frame["XZQDM"].tolist() == ["421223100", "421223101"]
    assert frame["XZQMC"].tolist() == ["天城镇", "沙坪镇"]


def test_field_names_in_any_case_are_standard_names(tmp_path):
    frame = red_lines().rename(columns={"BSM": "bsm", "MC": "Mc"})
    assert read(geopackage(tmp_path, STBHHX=frame))[1]["MC"].tolist() == ["幕阜山水源涵养"]


def test_what_is_known_of_the_source_is_kept(tmp_path):
    path = geopackage(tmp_path, STBHHX=red_lines(extra=[1]))
    _, frame, raw = read(path)
    assert raw.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (raw.file_name, raw.driver, raw.name, raw.feature_count) == ("data.gpkg", "GPKG", "STBHHX", 1)
    assert "extra" in raw.frame.columns
    assert "extra" not in frame.columns


def test_geojson_is_in_longitude_and_latitude(tmp_path):
    layer, frame, raw = read(geojson(tmp_path, "stbhhx", red_lines()))
    assert layer.id == "ecological_redline"
    assert raw.driver == "GeoJSON"
    assert shapely.hausdorff_distance(frame.geometry.iloc[0], square()) < 1e-3


def test_a_file_of_several_layers_asks_which(tmp_path):
    path = geopackage(tmp_path, STBHHX=red_lines(), ZRZ=buildings())
    with pytest.raises(UnclearLayerError, match="STBHHX、ZRZ"):
        read(path)
    assert read(path, source_layer="ZRZ")[0].id == "building"
    assert read(path, source_layer="STBHHX")[2].name == "STBHHX"
    with pytest.raises(UnclearLayerError, match="DLTB"):
        read(path, source_layer="DLTB")


def test_the_length_of_codes_tells_a_county_from_a_town(tmp_path):
    county = gpd.GeoDataFrame({"XZQDM": ["421223"], "XZQMC": ["崇阳县"]}, geometry=[square()], crs=EPSG)
    assert read(geopackage(tmp_path, XZQ=county))[0].id == "county"


@pytest.mark.parametrize("name", ["CZKFBJ", "data", "STBHHX"])
def test_a_code_without_telling_fields_is_asked_about(tmp_path, name):
    bare = red_lines()[["BSM", "geometry"]]
    with pytest.raises(OpenQuestionsError, match="指明图层"):
        read(geopackage(tmp_path, **{name: bare}))
    assert read(tmp_path / "data.gpkg", layer="village_boundary")[0].id == "village_boundary"


def test_a_chinese_name_tells_the_layer(tmp_path):
    assert read(geopackage(tmp_path, 城镇开发边界=red_lines()[["BSM", "geometry"]]))[0].id == "urban_boundary"


def test_a_missing_crs_is_asked_about_unless_given(tmp_path):
    path = shapefile_zip(tmp_path, "XZQ", towns(), prj=False)
    with pytest.raises(OpenQuestionsError, match="没有写明坐标系"):
        read(path)
    assert read(path, epsg=EPSG)[1].crs.to_epsg() == EPSG


def test_a_zone_number_in_the_eastings_tells_the_zone(tmp_path):
    frame = read(shapefile_zip(tmp_path, "XZQ", towns().to_crs(4526), prj=False))[1]
    assert shapely.hausdorff_distance(frame.geometry.iloc[0], square()) < 1e-6


def test_a_given_crs_that_contradicts_the_numbers_is_asked_about(tmp_path):
    path = shapefile_zip(tmp_path, "XZQ", towns())
    with pytest.raises(OpenQuestionsError, match="crs"):
        read(path, epsg=4490)
    assert read(path, epsg=EPSG)[0].id == "town"


@pytest.mark.parametrize("name", ["../evil.shp", "/etc/evil.shp", "a/../../evil.shp", "C:evil.shp", "..\\evil.shp"])
def test_an_archive_that_leads_outside_is_refused(tmp_path, name):
    with pytest.raises(UnsafeArchiveError, match="之外"):
        read(zipped(tmp_path, **{name: b"x"}))
    assert [path.name for path in tmp_path.rglob("*")] == ["archive.zip"]


@pytest.mark.parametrize("names", [("a.shp", "a.shp/b.shp"), ("a/b.shp", "a"), (".", "a.shp"), ("a/b.shp", "a\\b.shp")])
def test_an_archive_with_two_things_of_one_name_is_refused(tmp_path, names):
    with pytest.raises(UnsafeArchiveError, match="重名"):
        read(zipped(tmp_path, **dict.fromkeys(names, b"x")))


def test_a_link_in_an_archive_is_refused(tmp_path):
    path = tmp_path / "archive.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("a.shp")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnsafeArchiveError, match="链接"):
        read(path)


def test_bombs_are_refused(tmp_path):
    path = zipped(tmp_path, **{"a.shp": b"\0" * (30 << 20)})
    with pytest.raises(UnsafeArchiveError, match="炸弹"):
        read(path)
    with pytest.raises(UnsafeArchiveError, match="超过允许"):
        archives.unpack(path, tmp_path / "out", max_bytes=1 << 20)
    many = zipped(tmp_path, **{f"{number}.txt": b"" for number in range(archives.MAX_FILES + 1)})
    with pytest.raises(UnsafeArchiveError, match="最多允许"):
        read(many)


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
        read(path)


def test_a_virtual_data_set_hidden_in_geojson_reads_no_other_file(tmp_path):
    geojson(tmp_path, "other", towns(XZQMC=["别处", "的文件"]))
    virtual = f"<OGRVRTDataSource><OGRVRTLayer name='other'><SrcDataSource>{tmp_path}/other.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    own = json.loads(geojson(tmp_path, "own", towns()).read_text(encoding="utf-8"))
    path = tmp_path / "XZQ.geojson"
    path.write_text(json.dumps({"type": own.pop("type"), "note": virtual, **own}), encoding="utf-8")
    layer, frame, raw = read(path, layer="town")
    assert (layer.id, raw.driver) == ("town", "GeoJSON")
    assert frame["XZQMC"].tolist() == ["天城镇", "沙坪镇"]


def test_an_archive_without_data_is_refused(tmp_path):
    with pytest.raises(UnsupportedFileError, match="没有"):
        read(zipped(tmp_path, **{"readme.txt": b"x"}))


def test_a_file_above_the_limit_is_refused(tmp_path):
    with pytest.raises(UnsupportedFileError, match="超过"):
        reader.read(geopackage(tmp_path, STBHHX=red_lines()), limits=Limits(file_bytes=1_000))


@pytest.mark.shared
@pytest.mark.parametrize("name", ["towns_gbk_nocpg_shp", "towns_utf8_truncated_fieldname_shp", "towns.gdb"])
def test_reference_deliveries_are_read(shared_dir, name):
    _, frame, raw = read(shared_dir / "data" / "robustness" / f"{name}.zip", layer="town")
    assert dict(zip(frame["XZQDM"], frame["XZQMC"], strict=True))["421223100"] == "天城镇"
    assert (len(frame), raw.feature_count) == (21, 21)


@pytest.mark.shared
def test_real_village_names_outside_gbk_survive_a_shapefile(shared_dir, tmp_path):
    names = pd.read_csv(shared_dir / "data" / "robustness" / "village_names_outside_gbk.csv", dtype=str)["name"].tolist()
    base = {"ZLDWDM": [f"421223100{row:03d}" for row in range(len(names))], "XZQDM": "421223100", "XZQMC": "天城镇"}
    frame = gpd.GeoDataFrame({**base, "ZLDWMC": names}, geometry=[square(row * 200.0) for row in range(len(names))], crs=EPSG)
    layer, frame, _ = read(shapefile_zip(tmp_path, "CJDCQ", frame, cpg="GB18030"))
    assert layer.id == "village"
    assert frame["ZLDWMC"].tolist() == names
