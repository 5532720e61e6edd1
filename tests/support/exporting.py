"""Layers to write out, and the way back: a file read, recognised and staged as any delivered one."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import shapely
from frames import COUNTY, EAST, EPSG, NORTH, meta, published, square

from layers import versions
from layers.exports.export import Exported, Wish, export
from layers.exports.formats import FORMATS
from layers.reading import reader
from layers.recognising.framing import named_frame
from layers.recognising.recogniser import recognise
from layers.recognising.recognition import Answers
from layers.recognising.surroundings import surroundings

HOSTILE = ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(1)", "'=1", "{{ 7*7 }}<script>alert(1)</script>", 'a"b,c', "'湾"]


def shapes(count: int) -> list[Any]:
    """Polygons at places that are no round numbers: plain ones, one with holes, one of two parts of which one has a hole."""
    plain = [
        shapely.box(EAST + 100.123456 * row, NORTH + 0.000049, EAST + 100.123456 * row + 33.333333, NORTH + 20.777777)
        for row in range(count)
    ]
    hole = shapely.box(EAST + 5.00001, NORTH + 5.00002, EAST + 7.77777, NORTH + 6.66666)
    other = shapely.box(EAST + 10.12345, NORTH + 8.88888, EAST + 12.34567, NORTH + 9.99999)
    plain[0] = plain[0].difference(hole).difference(other)
    away = shapely.box(EAST + 0.1, NORTH + 100.00005, EAST + 9.9, NORTH + 110.12345)
    second = shapely.box(EAST + 20.2, NORTH + 100.3, EAST + 30.4, NORTH + 110.5).difference(
        shapely.box(EAST + 22, NORTH + 102, EAST + 24, NORTH + 104)
    )
    plain[1] = shapely.MultiPolygon([away, second])
    return plain


def names_outside_gbk(shared_dir: Path) -> list[str]:
    """The 48 village names with characters that GBK lacks."""
    with (shared_dir / "data" / "robustness" / "village_names_outside_gbk.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        return [row["name"] for row in csv.DictReader(file)]


def villages(names: list[str]) -> gpd.GeoDataFrame:
    """Villages of these names, with values of every type, some of them missing and some empty."""
    count = len(names)
    columns = {
        "ZLDWDM": [f"4212231{row // 90:02d}{201 + row % 90}" for row in range(count)],
        "ZLDWMC": names,
        "XZQDM": [f"4212231{row // 90:02d}" for row in range(count)],
        "XZQMC": ["天城镇"] * count,
        "DCMJ": [1_234_567.89 + row / 7 for row in range(count)],
        "pop_reg": [None if row % 3 else 1_000 + row for row in range(count)],
        "pop_trend_5y": [None if row % 2 else -0.012 for row in range(count)],
        "has_bus": [[True, False, None][row % 3] for row in range(count)],
        "heritage_lists": [["", None, "中国传统村落；省级"][row % 3] for row in range(count)],
    }
    return gpd.GeoDataFrame(columns, geometry=shapes(count), crs=EPSG)


def houses(count: int = 7) -> gpd.GeoDataFrame:
    """Houses with whole numbers, dates and yes or no, some of them missing."""
    columns = {
        "ZRZH": [f"0{row:05d}F" for row in range(count)],
        "ZDDM": [f"421223001001JC{row:05d}" for row in range(count)],
        "ZCS": [None if row == 2 else row + 1 for row in range(count)],
        "ZZDMJ": [None if row == 3 else 100.25 + row for row in range(count)],
        "JGRQ": [None if row == 4 else date(1999, 12, 31 - row) for row in range(count)],
        "vacant": [[True, False, None][row % 3] for row in range(count)],
        "GHYT": (HOSTILE * count)[:count],
    }
    return gpd.GeoDataFrame(columns, geometry=shapes(count), crs=EPSG)


def single_houses() -> gpd.GeoDataFrame:
    """The houses of one part."""
    frame = houses()
    return frame[frame.geometry.geom_type == "Polygon"].reset_index(drop=True)


def mixed_roads() -> gpd.GeoDataFrame:
    """A road as an area and two as lines."""
    lines = [[(EAST, NORTH), (EAST + 10.5, NORTH + 3.25)], [(EAST, NORTH), (EAST, NORTH + 9)]]
    columns = {"road_no": ["G1", "G2", "G3"], "name": ["甲", "乙", "丙"]}
    return gpd.GeoDataFrame(columns, geometry=[square(), *map(shapely.LineString, lines)], crs=EPSG)


def county(conn: psycopg.Connection[Any]) -> None:
    """Publish the county that everything lies in."""
    published(
        conn, gpd.GeoDataFrame({"XZQDM": ["421223"], "XZQMC": ["崇阳县"]}, geometry=[COUNTY], crs=EPSG), meta("county")
    )


def written(conn: psycopg.Connection[Any], version: int, folder: Path, format_id: str, **wish: Any) -> Exported:
    """Write a version into a folder under the name proposed."""
    return export(conn, versions.get(conn, version), folder, Wish(format=FORMATS[format_id], **wish))


def taken_in(conn: psycopg.Connection[Any], path: Path, layer: str, **answers: Any) -> int:
    """Read and recognise a file as an import does, answering nothing but the layer, and stage it; return the version's id."""
    raw = reader.read(path)
    found = recognise(raw, surroundings(conn, epsg=EPSG), Answers(layer=layer, **answers))
    assert found.questions == ()
    return versions.stage(conn, named_frame(raw, found, epsg=EPSG), meta(layer), epsg=EPSG)


FARTHEST = """
SELECT count(*), max(ST_HausdorffDistance(a.geom, b.geom)), bool_and(ST_NPoints(a.geom) = ST_NPoints(b.geom)),
    bool_and(ST_NumInteriorRings(ga.geom) IS NOT DISTINCT FROM ST_NumInteriorRings(gb.geom))
FROM feature a JOIN feature b ON a.identifier = b.identifier
CROSS JOIN LATERAL ST_GeometryN(a.geom, 1) AS ga(geom) CROSS JOIN LATERAL ST_GeometryN(b.geom, 1) AS gb(geom)
WHERE a.version_id = %s AND b.version_id = %s
"""


def moved_m(conn: psycopg.Connection[Any], one: int, other: int) -> float:
    """The farthest that a feature of the same identifier lies apart in two versions, as PostGIS measures; rings and points are as many."""
    row = conn.execute(FARTHEST, [one, other]).fetchone()
    assert row is not None
    count, farthest, same_points, same_rings = row
    assert count == versions.get(conn, one).dataset.feature_count
    assert same_points
    assert same_rings
    return float(farthest)


def attributes(conn: psycopg.Connection[Any], version: int) -> dict[str, dict[str, Any]]:
    """What is stored of every feature beside its shape, by identifier."""
    return dict(conn.execute("SELECT identifier, attributes FROM feature WHERE version_id = %s", [version]).fetchall())
