"""Where the data sets of a delivered file lie, decided by its ending and its first bytes together. Runs in the child process."""

from __future__ import annotations

from pathlib import Path

from layers import archives
from layers.errors import UnsupportedFileError
from layers.reading.limits import MIB, Limits

SPATIAL = (".shp", ".gdb", ".gpkg", ".geojson", ".json", ".parquet", ".geoparquet")
SHEETS = (".csv", ".xlsx", ".txt")
READABLE = "Shapefile（.shp 或 .zip）、文件地理数据库（.gdb 或 .zip）、GeoPackage、GeoJSON、GeoParquet、CSV、XLSX、国土坐标 TXT"

_MAGIC = {
    ".gpkg": (b"SQLite format 3\0",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".parquet": (b"PAR1",),
    ".geoparquet": (b"PAR1",),
    ".xlsx": (b"PK\x03\x04",),
    ".zip": (b"PK\x03\x04", b"PK\x05\x06"),
}
_SAVE_AS = {
    ".mdb": "个人地理数据库（.mdb）不能直接读：请在 ArcGIS 中导出为文件地理数据库（.gdb）或 Shapefile",
    ".accdb": "Access 数据库（.accdb）不能直接读：请在 ArcGIS 中导出为文件地理数据库（.gdb）或 Shapefile",
    ".vrt": "虚拟数据集（.vrt）只是指向其他文件的引用，不予打开：请交数据文件本身",
    ".kml": "KML 可能引用外部内容，不予打开：请另存为 GeoPackage 或 Shapefile",
    ".kmz": "KMZ 可能引用外部内容，不予打开：请另存为 GeoPackage 或 Shapefile",
    ".gml": "GML 可能引用外部内容，不予打开：请另存为 GeoPackage 或 Shapefile",
    ".xml": "XML 可能引用外部内容，不予打开：请另存为 GeoPackage 或 Shapefile",
    ".xls": "旧版 Excel（.xls）不能直接读：请另存为 .xlsx 或 CSV",
    ".dwg": "DWG 图形不能直接读：请在绘图软件中导出为 Shapefile 或 GeoPackage",
    ".dxf": "DXF 图形没有属性和坐标系，不能作为图层：请导出为 Shapefile 或 GeoPackage",
    ".pbf": "OSM 数据（.pbf）不是规划图层：请先提取所需要素，另存为 GeoPackage",
    ".osm": "OSM 数据（.osm）不是规划图层：请先提取所需要素，另存为 GeoPackage",
    ".rar": "不支持 RAR：请用 zip 压缩",
    ".7z": "不支持 7z：请用 zip 压缩",
    ".tar": "不支持 tar：请用 zip 压缩",
    ".gz": "不支持 gz：请用 zip 压缩",
    ".dbf": "只有属性表（.dbf）：请把同名的 .shp、.shx、.dbf、.prj 一并压缩成 zip",
    ".shx": "只有索引（.shx）：请把同名的 .shp、.shx、.dbf、.prj 一并压缩成 zip",
}
_SYSTEM_TABLE = "a00000001.gdbtable"
"""The table of tables of a file geodatabase: a folder is one that has it."""
_LAND = ("[地块坐标]", "[属性描述]")
_HEAD = 64 * 1024


def places(path: Path, folder: Path, limits: Limits) -> list[Path]:
    """Give the files and geodatabase folders that hold data; archives are unpacked into `folder`.

    Raises UnsupportedFileError for what is not read, with what to do instead, and UnsafeArchiveError.
    """
    if path.is_dir():
        return [_geodatabase(path)]
    if not path.is_file():
        raise UnsupportedFileError(f"没有文件 {path.name}。")
    if path.stat().st_size > limits.file_bytes:
        raise UnsupportedFileError(f"{path.name} 超过允许的大小 {limits.file_bytes // MIB} MB。")
    kind = path.suffix.lower()
    if kind == ".gdb":
        raise UnsupportedFileError(f"{path.name} 应为文件夹：请把整个 .gdb 文件夹压缩成 zip。")
    if kind not in (*SPATIAL, *SHEETS, ".zip"):
        raise UnsupportedFileError(f"{path.name}：{_SAVE_AS.get(kind, f'不支持 {kind or path.name} 文件')}。可读：{READABLE}。")
    _check_magic(path)
    return _unpacked(path, folder, limits) if kind == ".zip" else [path]


def _geodatabase(folder: Path) -> Path:
    if not (folder / _SYSTEM_TABLE).is_file():
        raise UnsupportedFileError(f"文件夹 {folder.name} 不是文件地理数据库（.gdb）。")
    return folder


def _check_magic(path: Path) -> None:
    wanted = _MAGIC.get(path.suffix.lower())
    with path.open("rb") as stream:
        head = stream.read(16)
    if not head:
        raise UnsupportedFileError(f"{path.name} 是空文件。")
    if wanted and not head.startswith(wanted):
        raise UnsupportedFileError(f"{path.name} 的内容不是 {path.suffix.lower()} 文件。")


def _unpacked(path: Path, folder: Path, limits: Limits) -> list[Path]:
    # A geodatabase packed without its folder takes the archive's name.
    root = folder / f"{path.stem.removesuffix('.gdb')}.gdb"
    files = archives.unpack(path, root, max_bytes=limits.unpacked_bytes, max_files=limits.files)
    bases = sorted(file.parent for file in files if file.name.lower() == _SYSTEM_TABLE)
    inside = [file for file in files if not set(bases) & set(file.parents)]
    found = [file for file in inside if file.suffix.lower() in (*SPATIAL, *SHEETS) and _is_data(file)]
    if not found and not bases:
        raise UnsupportedFileError(f"{path.name} 中没有可读的数据：{_contained(inside)}。可读：{READABLE}。")
    for file in found:
        _check_magic(file)
    return [*sorted(found), *(_with_ending(base) for base in bases)]


def _is_data(file: Path) -> bool:
    """Whether a file in an archive is meant as data: texts beside data are mostly notes, JSON files settings."""
    kind = file.suffix.lower()
    if file.name.startswith(("~$", "._")):
        return False
    return kind != ".txt" or is_land_txt(file)


def is_land_txt(file: Path) -> bool:
    """Whether a text has the sections of 国土坐标 TXT near its beginning."""
    with file.open("rb") as stream:
        head = stream.read(_HEAD)
    return any(mark.encode(codec) in head for mark in _LAND for codec in ("gb18030", "utf-8", "utf-16-le", "utf-16-be"))


def _contained(files: list[Path]) -> str:
    kinds = sorted({file.suffix.lower() for file in files})
    told = [_SAVE_AS[kind] for kind in kinds if kind in _SAVE_AS]
    if ".zip" in kinds:
        told.append("压缩包内还有压缩包，请只压缩一层")
    return "；".join(told[:3]) if told else f"只有 {'、'.join(kinds[:8])} 文件" if kinds else "压缩包是空的"


def _with_ending(base: Path) -> Path:
    """GDAL knows a geodatabase by the ending of its folder."""
    if base.suffix.lower() == ".gdb":
        return base
    renamed = base.with_name(f"{base.name}.gdb")
    return base.rename(renamed)
