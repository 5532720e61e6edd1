"""Files made to do harm: each builder writes one into a folder and returns it."""

from __future__ import annotations

import io
import sqlite3
import struct
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

LAUGHS = '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "{}">{}]>'.format(
    "lol" * 20, "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
)
VRT = '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'


def squares(count: int = 3) -> gpd.GeoDataFrame:
    """Squares of 10 m with a code, a name and a number."""
    shapes = [shapely.box(500_000 + 20 * place, 3_270_000, 500_010 + 20 * place, 3_270_010) for place in range(count)]
    return gpd.GeoDataFrame({"DLBM": ["0702"] * count, "MC": ["崇阳县"] * count, "N": range(count)}, geometry=shapes, crs=4547)


def written(folder: Path, name: str, content: bytes | str) -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def zipped(folder: Path, name: str, members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> Path:
    """An archive with these members."""
    path = folder / name
    with zipfile.ZipFile(path, "w", method) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def shapefile(folder: Path, name: str = "DLTB", frame: gpd.GeoDataFrame | None = None) -> Path:
    """A shapefile that lies open, to be spoilt."""
    path = folder / f"{name}.shp"
    (squares() if frame is None else frame).to_file(path, engine="pyogrio", encoding="utf-8")
    return path


def patched(path: Path, suffix: str, at: int, content: bytes) -> Path:
    """Overwrite bytes of one of a shapefile's files."""
    part = path.with_suffix(suffix)
    raw = bytearray(part.read_bytes())
    raw[at : at + len(content)] = content
    part.write_bytes(raw)
    return path


def endless_dbf(folder: Path) -> Path:
    """A table that says it has 2^31 rows."""
    return patched(shapefile(folder), ".dbf", 4, struct.pack("<I", 2**31))


def shared_records(folder: Path) -> Path:
    """An index whose hundred thousand entries all mean the same shape, and a table as long."""
    path = shapefile(folder)
    count = 100_000
    entry = path.with_suffix(".shx").read_bytes()[100:108]
    header = bytearray(path.with_suffix(".shx").read_bytes()[:100])
    header[24:28] = struct.pack(">i", (100 + 8 * count) // 2)
    path.with_suffix(".shx").write_bytes(bytes(header) + entry * count)
    table = path.with_suffix(".dbf").read_bytes()
    start, row = struct.unpack("<HH", table[8:12])
    path.with_suffix(".dbf").write_bytes(table[:4] + struct.pack("<I", count) + table[8:start] + table[start : start + row] * count)
    return path


def nested_bomb(folder: Path) -> Path:
    """Archives in archives, the innermost of zeros: 42.zip in small."""
    inner = b""
    for depth in range(4):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for place in range(16):
                archive.writestr(f"lib {depth} {place:x}.zip" if depth else f"{place:x}.shp", inner if depth else bytes(1 << 20))
        inner = buffer.getvalue()
    return written(folder, "42.zip", inner)


def flat_bomb(folder: Path) -> Path:
    """One member of a quarter of a gigabyte of zeros, with the beginning of a shapefile."""
    path = folder / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("DLTB.shp", "w", force_zip64=True) as member:
        member.write(b"\x00\x00\x27\x0a")
        for _ in range(256):
            member.write(bytes(1 << 20))
    return path


def overlapping_bomb(folder: Path) -> Path:
    """A directory of 100 members that are all the same bytes."""
    path = zipped(folder, "overlap.zip", {"0.csv": b"a,b\n" + b"1,2\n" * 1_000_000})
    raw = path.read_bytes()
    at = raw.rindex(b"PK\x05\x06")
    start = struct.unpack("<I", raw[at + 16 : at + 20])[0]
    entry = raw[start:at]
    entries = b"".join(entry[:-5] + f"{place:x}".rjust(5, "0").encode() for place in range(100))
    end = raw[at : at + 8] + struct.pack("<HHII", 100, 100, len(entries), start) + b"\0\0"
    path.write_bytes(raw[:start] + entries + end)
    return path


def workbook(folder: Path, *, part: str = "xl/worksheets/sheet1.xml", content: bytes) -> Path:
    """A workbook with one of its parts replaced."""
    plain = io.BytesIO()
    book = openpyxl.Workbook()
    book.active.append(["DLBM", "MC"])
    book.active.append(["0702", "甲"])
    book.save(plain)
    target = folder / "table.xlsx"
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in source.namelist():
            archive.writestr(member, content if member == part else source.read(member))
    return target


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'


def sheet(rows: str) -> bytes:
    """The XML of a sheet."""
    return SHEET.format(rows).encode()


def geopackage(folder: Path, *statements: str, frame: gpd.GeoDataFrame | None = None, wkb: bytes | None = None) -> Path:
    """A GeoPackage with layer DLTB after some statements, with the geometry of its first feature replaced by `wkb`."""
    path = folder / "data.gpkg"
    (squares() if frame is None else frame).to_file(path, layer="DLTB", driver="GPKG", engine="pyogrio")
    with sqlite3.connect(path) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f'DROP TRIGGER "{name}"')
        if wkb is not None:
            connection.execute("UPDATE DLTB SET geom = ? WHERE fid = 1", [b"GP\0\x01" + struct.pack("<i", 4547) + wkb])
        for statement in statements:
            connection.execute(statement)
    connection.close()
    return path


def view_layer(name: str, select: str) -> tuple[str, str, str]:
    """Statements that offer a view as a layer."""
    return (
        f"CREATE VIEW {name} AS {select}",
        f"INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('{name}', 'features', '{name}', 4547)",
        f"INSERT INTO gpkg_geometry_columns VALUES ('{name}', 'geom', 'POLYGON', 4547, 0, 0)",
    )


def deep_collection(depth: int) -> bytes:
    """WKB of a collection in a collection in a collection …"""
    return struct.pack("<BII", 1, 7, 1) * depth + shapely.to_wkb(shapely.Point(0, 0))


def endless_line() -> bytes:
    """WKB of a line that says it has 2^32 - 1 points."""
    return struct.pack("<BII", 1, 2, 2**32 - 1) + bytes(64)


def swelling_parquet(folder: Path) -> Path:
    """A megabyte of text that a million rows share: a small file, a terabyte of table."""
    path = folder / "swell.parquet"
    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000_000, dtype=np.int32)), pa.array(["x" * (1 << 20)]))
    pq.write_table(pa.table({"MC": text}), path, compression="zstd", store_schema=False)
    return path
