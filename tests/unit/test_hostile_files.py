"""Files made to do harm are refused with the right words, and what they were after stays untouched."""

from __future__ import annotations

import json
import socket
import stat
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import hostile_files as made
import pytest

from layers.errors import CostlyFileError, UnsafeArchiveError, UnsupportedFileError
from layers.reading.limits import Limits
from layers.reading.reader import contents, read
from spatial.errors import CuntuError

SECRET = "机密内容"
CURL = "/vsicurl/http://127.0.0.1:{}/a.gpkg"


@pytest.fixture
def secret(tmp_path):
    """A file of the server's that a hostile file would like to show."""
    path = tmp_path / "secret.csv"
    path.write_text(f"MC,WKT\n{SECRET},POINT (1 1)\n")
    return path


@pytest.fixture
def listener():
    """A server that nobody may call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def folder_of(tmp_path):
    folder = tmp_path / "delivered"
    folder.mkdir()
    return folder


def shown(datasets):
    return "".join(dataset.frame.to_csv() + dataset.name + str(dataset.notes) for dataset in datasets)


def zip_link(folder, name, mode):
    path = folder / "links.zip"
    with zipfile.ZipFile(path, "w") as archive:
        member = zipfile.ZipInfo(name)
        member.external_attr = (mode | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    return path


REFUSED = {
    "a virtual data set": (lambda folder: made.written(folder, "a.vrt", made.VRT.format("/etc/passwd")), UnsupportedFileError, "引用"),
    "a virtual data set called shapefile": (
        lambda folder: made.written(folder, "a.shp", made.VRT.format("/etc/passwd")),
        UnsupportedFileError,
        "内容不是 .shp 文件",
    ),
    "a virtual data set called GeoPackage": (
        lambda folder: made.written(folder, "a.gpkg", made.VRT.format("/etc/passwd")),
        UnsupportedFileError,
        "内容不是 .gpkg 文件",
    ),
    "a virtual data set called GeoJSON": (lambda folder: made.written(folder, "a.json", made.VRT.format("/etc/passwd")), UnsupportedFileError, "无法读取"),
    "KML with entities": (lambda folder: made.written(folder, "a.kml", made.LAUGHS + "<kml>&j;</kml>"), UnsupportedFileError, "KML"),
    "GML with entities": (lambda folder: made.written(folder, "a.gml", made.LAUGHS + "<gml>&j;</gml>"), UnsupportedFileError, "GML"),
    "KML in an archive": (lambda folder: made.zipped(folder, "a.zip", {"a.kml": made.LAUGHS.encode()}), UnsupportedFileError, "KML"),
    "a personal geodatabase": (lambda folder: made.written(folder, "a.mdb", b"\0\1\0\0Standard Jet DB"), UnsupportedFileError, "个人地理数据库"),
    "a member outside": (lambda folder: made.zipped(folder, "a.zip", {"../a.csv": b"a,b"}), UnsafeArchiveError, "压缩包之外"),
    "an absolute member": (lambda folder: made.zipped(folder, "a.zip", {"/tmp/a.csv": b"a,b"}), UnsafeArchiveError, "压缩包之外"),
    "a member on a drive": (lambda folder: made.zipped(folder, "a.zip", {"C:\\a.csv": b"a,b"}), UnsafeArchiveError, "压缩包之外"),
    "a member with a line break": (lambda folder: made.zipped(folder, "a.zip", {"a\n.csv": b"a,b"}), UnsafeArchiveError, "正常的文件名"),
    "names that differ by case": (lambda folder: made.zipped(folder, "a.zip", {"a.csv": b"a,b", "A.CSV": b"a,b"}), UnsafeArchiveError, "重名"),
    "a link": (lambda folder: zip_link(folder, "a.csv", stat.S_IFLNK), UnsafeArchiveError, "链接"),
    "a device": (lambda folder: zip_link(folder, "a.csv", stat.S_IFCHR), UnsafeArchiveError, "链接或设备"),
    "too many files": (lambda folder: made.zipped(folder, "a.zip", {f"{i}.csv": b"" for i in range(2_001)}), UnsafeArchiveError, "2001 个文件"),
    "archives in archives": (made.nested_bomb, UnsupportedFileError, "压缩包内还有压缩包"),
    "a quarter of a gigabyte of zeros": (made.flat_bomb, UnsafeArchiveError, "压缩炸弹"),
    "members of the same bytes": (made.overlapping_bomb, UnsafeArchiveError, "共用数据"),
    "a table of 2^31 rows": (made.endless_dbf, UnsupportedFileError, "写明 2147483648 行"),
    "a shape a hundred thousand times": (made.shared_records, UnsupportedFileError, "共用数据"),
    "an index that leads outside": (
        lambda folder: made.patched(made.shapefile(folder), ".shx", 100, b"\x7f\xff\xff\x00"),
        UnsupportedFileError,
        ".shp 之外",
    ),
    "a shapefile longer than it is": (
        lambda folder: made.patched(made.shapefile(folder), ".shp", 24, b"\x7f\xff\xff\xff"),
        UnsupportedFileError,
        "应有 4294967294 字节",
    ),
    "laughs in a sheet": (
        lambda folder: made.workbook(folder, content=(made.LAUGHS + made.SHEET.format("&j;")).encode()),
        UnsafeArchiveError,
        "实体声明",
    ),
    "laughs in UTF-16": (
        lambda folder: made.workbook(folder, content=(made.LAUGHS + made.SHEET.format("&j;")).encode("utf-16")),
        UnsafeArchiveError,
        "实体声明",
    ),
    "laughs in the names of sheets": (
        lambda folder: made.workbook(folder, part="xl/workbook.xml", content=(made.LAUGHS + "<workbook>&j;</workbook>").encode()),
        UnsafeArchiveError,
        "实体声明",
    ),
    "a row far below": (
        lambda folder: made.workbook(folder, content=made.sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="2147483648"><c><v>1</v></c></row>')),
        UnsupportedFileError,
        "超过 1048576 行",
    ),
    "a column far to the right": (
        lambda folder: made.workbook(folder, content=made.sheet('<row r="1"><c r="ZZZZZZZ1"><v>1</v></c></row>')),
        UnsupportedFileError,
        "无法读取",
    ),
    "a catalogue that is a view": (
        lambda folder: made.geopackage(folder, "ALTER TABLE gpkg_contents RENAME TO c", "CREATE VIEW gpkg_contents AS SELECT * FROM c"),
        UnsupportedFileError,
        "目录表是视图",
    ),
    "a column that is computed without end": (
        lambda folder: made.geopackage(folder, "ALTER TABLE DLTB ADD COLUMN big TEXT GENERATED ALWAYS AS (hex(zeroblob(400000000)))"),
        UnsupportedFileError,
        "只读出 0 个",
    ),
    "a collection a million deep": (lambda folder: made.geopackage(folder, wkb=made.deep_collection(1_000_000)), UnsupportedFileError, "崩溃"),
    "a line of 2^32 points": (lambda folder: made.geopackage(folder, wkb=made.endless_line()), UnsupportedFileError, "第 1 行的图形"),
    "GeoJSON a million deep": (
        lambda folder: made.written(
            folder,
            "a.geojson",
            '{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":' + "[" * 10**6 + "]" * 10**6 + "}}",
        ),
        UnsupportedFileError,
        "无法读取",
    ),
    "WKT 400,000 deep": (
        lambda folder: made.written(folder, "a.csv", 'a,b\n1,"' + "GEOMETRYCOLLECTION(" * 400_000 + "POINT(0 0)" + ")" * 400_000 + '"\n'),
        UnsupportedFileError,
        "崩溃",
    ),
    "Parquet that swells": (made.swelling_parquet, CostlyFileError, "时间或内存"),
}


GREEDY = ("a quarter of a gigabyte of zeros", "a shape a hundred thousand times", "a column that is computed without end", "WKT 400,000 deep", "Parquet that swells")
PEAK = """
import json, re, resource, sys
from pathlib import Path
from layers.reading.reader import contents
from spatial.errors import CuntuError
refused = 0
for path in json.load(sys.stdin):
    try:
        contents(Path(path))
    except CuntuError:
        refused += 1
own = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"refused": refused, "peak": (int(own) + children) * 1024}))
"""


@pytest.mark.parametrize("case", REFUSED)
def test_a_hostile_file_is_refused_with_the_right_words(case, tmp_path):
    build, error, words = REFUSED[case]
    with pytest.raises(error, match=words):
        contents(build(folder_of(tmp_path)))


def test_the_greediest_files_leave_memory_below_a_gigabyte(tmp_path):
    """A process of its own reads them; the largest it and its children ever were, together, as the kernel counts."""
    paths = []
    for place, (build, _, _) in enumerate(REFUSED[case] for case in GREEDY):
        folder = tmp_path / str(place)
        folder.mkdir()
        paths.append(str(build(folder)))
    done = subprocess.run([sys.executable, "-c", PEAK], input=json.dumps(paths), capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["refused"] == len(GREEDY)
    assert 0 < answer["peak"] < 1_000_000_000


@pytest.mark.parametrize("name", ["a.json", "a.geojson"])
def test_a_virtual_data_set_inside_geojson_shows_nothing(tmp_path, secret, name):
    virtual = made.VRT.format(secret).replace('"', "'")
    text = json.dumps({"type": "FeatureCollection", "features": [], "description": virtual}, ensure_ascii=False)
    assert SECRET not in shown(contents(made.written(tmp_path, name, text)))


def test_a_name_in_a_virtual_file_system_is_no_file_and_nobody_is_called(tmp_path, listener):
    port = listener.getsockname()[1]
    with pytest.raises(UnsupportedFileError, match="没有文件"):
        contents(Path(CURL.format(port)))
    inside = made.zipped(tmp_path, "a.zip", {CURL.format(port).lstrip("/"): (made.geopackage(tmp_path)).read_bytes()})
    with pytest.raises(UnsafeArchiveError, match="压缩包之外"):
        contents(inside)
    with pytest.raises(TimeoutError):
        listener.accept()


def test_a_view_is_not_read_but_named(tmp_path):
    endless = "WITH RECURSIVE c(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM c) SELECT fid, NULL AS geom FROM c"
    [dataset] = contents(made.geopackage(tmp_path, *made.view_layer("evil", endless)))
    assert dataset.name == "DLTB"
    assert dataset.notes == ("视图或虚拟表没有读：evil",)


def test_a_trigger_does_not_fire_and_the_file_stays_as_it_was(tmp_path):
    path = made.geopackage(tmp_path, "CREATE TRIGGER t AFTER UPDATE ON DLTB BEGIN DELETE FROM DLTB; END")
    before = path.read_bytes()
    assert len(read(path).frame) == 3
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_virtual_table_is_no_layer(tmp_path):
    listed = "INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('t', 'attributes', 't')"
    [dataset] = contents(made.geopackage(tmp_path, "CREATE VIRTUAL TABLE t USING fts5(geom)", listed))
    assert (dataset.name, dataset.notes) == ("DLTB", ("视图或虚拟表没有读：t",))


@pytest.mark.parametrize(
    ("limits", "words"),
    [({"wall_s": 0}, "超过 0 秒"), ({"cpu_s": 1}, "计算时间"), ({"memory_bytes": 250 << 20}, "内存")],
    ids=["wall", "cpu", "memory"],
)
def test_a_process_beyond_its_limits_gives_one_clear_error(tmp_path, limits, words):
    rows = f"<row>{'<c><v>1</v></c>' * 12}</row>" * 60_000 + '<row r="1048000"><c><v>3</v></c></row>'
    path = made.swelling_parquet(tmp_path) if "memory_bytes" in limits else made.workbook(tmp_path, content=made.sheet(rows))
    with pytest.raises(CostlyFileError, match=words):
        contents(path, limits=Limits(**limits))


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"features": 2}, "3 个要素，最多允许 2 个|图形 3 个，最多允许 2 个"),
        ({"fields": 2}, "最多允许 2 个"),
        ({"geometry_bytes": 100}, "个顶点"),
        ({"result_bytes": 100}, "允许的大小"),
        ({"file_bytes": 100}, "允许的大小"),
    ],
    ids=lambda value: next(iter(value), "") if isinstance(value, dict) else "",
)
def test_absurd_counts_are_refused(tmp_path, limits, words):
    for path in (made.shapefile(tmp_path), made.geopackage(tmp_path)):
        with pytest.raises(UnsupportedFileError, match=words):
            read(path, limits=Limits(**limits))


def test_too_many_data_sets_are_refused(tmp_path):
    path = made.zipped(tmp_path, "a.zip", {f"{place}.csv": b"a,b\n1,2\n" for place in range(4)})
    with pytest.raises(UnsupportedFileError, match="4 份数据，最多允许 3 份"):
        contents(path, limits=Limits(layers=3))


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(folder_of(tmp_path)))
    for build, _, _ in [REFUSED["a collection a million deep"]]:
        with pytest.raises(CuntuError):
            contents(build(tmp_path))
    read(made.geopackage(tmp_path))
    assert list((tmp_path / "delivered").iterdir()) == []
