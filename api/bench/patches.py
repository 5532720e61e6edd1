"""A delivered survey to measure imports with: land-use patches that tile a square county, as a zipped shapefile in GBK.

The patches are the cells of a trembling grid, neighbours sharing every vertex; some cells are joined to long strips (rivers, roads) of
more vertices than a piece may have. The same seed gives the same patches.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray

from layers.demo.facts import ellipsoid_factor
from spatial.pieces import Geometries

EPSG = 4547
WEST, SOUTH = 500_000.0, 3_250_000.0
CELL_M, JITTER_M, TREMBLE_M = 115.0, 18.0, 5.0
CORNERS = 6
"""Edges of the polyline between two nodes of the grid."""
VILLAGE_CELLS = 19
NAME = "DLTB"
CLASSES = {
    "0101": "水田", "0103": "旱地", "0201": "果园", "0202": "茶园", "0301": "乔木林地", "0302": "竹林地", "0305": "灌木林地", "0404": "其他草地",
    "0702": "农村宅基地", "1006": "农村道路", "1101": "河流水面", "1104": "坑塘水面", "1107": "沟渠", "1202": "设施农用地",
}  # fmt: skip
_SHARES = (0.2, 0.14, 0.04, 0.03, 0.28, 0.05, 0.08, 0.03, 0.06, 0.03, 0.01, 0.03, 0.01, 0.01)
_STRIP = "1101"

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Survey:
    """n patches in EPSG:4547: their `shapes`, the number of the village and the class (DLBM) of each."""

    shapes: Geometries
    village: Ints
    code: NDArray[np.object_]

    @cached_property
    def patches(self) -> gpd.GeoDataFrame:
        """The patches with the fields of the survey's standard."""
        rows, code = np.arange(len(self.shapes)), self.code
        x, y = shapely.get_coordinates(shapely.centroid(self.shapes)).T
        area = np.round(shapely.area(self.shapes) * ellipsoid_factor(x, y), 2)
        places, names = _village_codes(self.village), _village_names(self.village)
        fields = {
            "BSM": [f"421223{row:012d}" for row in rows],
            "YSDM": ["2001010100"] * len(rows),
            "TBYBH": [f"{row % 9999 + 1:04d}" for row in rows],
            "TBBH": [f"{row % 9999 + 1:04d}" for row in rows],
            "DLBM": code,
            "DLMC": [CLASSES[one] for one in code],
            "QSXZ": np.where(code == _STRIP, "20", "30"),
            "QSDWDM": [f"{place}0000000" for place in places],
            "QSDWMC": names,
            "ZLDWDM": [f"{place}0000000" for place in places],
            "ZLDWMC": names,
            "TBMJ": area,
            "KCXS": np.zeros(len(rows)),
            "KCMJ": np.zeros(len(rows)),
            "TBDLMJ": area,
            "CZCSXM": ["203" if one == "0702" else None for one in code],
            "SJNF": ["2023"] * len(rows),
            "MSSM": ["00"] * len(rows),
        }
        return gpd.GeoDataFrame(fields, geometry=self.shapes, crs=EPSG)

    @cached_property
    def villages(self) -> gpd.GeoDataFrame:
        """The villages, each the union of its patches."""
        numbers = np.unique(self.village)
        shapes = [shapely.coverage_union_all(self.shapes[self.village == number]) for number in numbers]
        town = {"XZQDM": ["421223100"] * len(numbers), "XZQMC": ["天城镇"] * len(numbers)}
        fields = {"ZLDWDM": _village_codes(numbers), "ZLDWMC": _village_names(numbers), **town}
        return gpd.GeoDataFrame(fields, geometry=shapes, crs=EPSG)

    @cached_property
    def county(self) -> gpd.GeoDataFrame:
        """The county: the union of the villages."""
        whole = shapely.coverage_union_all(self.villages.geometry.to_numpy())
        return gpd.GeoDataFrame({"XZQDM": ["421223"], "XZQMC": ["崇阳县"]}, geometry=[whole], crs=EPSG)

    @cached_property
    def buildings(self) -> gpd.GeoDataFrame:
        """A house of 10 × 12 m about the middle of every patch."""
        x, y = shapely.get_coordinates(shapely.point_on_surface(self.shapes)).T
        houses = shapely.box(x - 5, y - 6, x + 5, y + 6)
        fields = {
            "ZRZH": [f"421223001001JC{row:05d}F{row:08d}" for row in range(len(x))],
            "ZZDMJ": np.full(len(x), 120.0),
            "ZCS": np.full(len(x), 2),
        }
        return gpd.GeoDataFrame(fields, geometry=houses, crs=EPSG)


def survey(count: int, *, seed: int) -> Survey:
    """Make a survey of so many patches (at least 4)."""
    rng = np.random.default_rng(seed)
    rows = int(np.ceil(np.sqrt(count)))
    columns = int(np.ceil(count / rows)) + 1
    cells = _cells(rows, columns, rng)
    row, column = np.divmod(np.arange(rows * columns), columns)
    village = row // VILLAGE_CELLS * (columns // VILLAGE_CELLS + 1) + column // VILLAGE_CELLS
    strip = _strips(rows, columns, rows * columns - count)
    single = strip < 0
    joined = [np.flatnonzero(strip == number) for number in range(strip.max() + 1)]
    first = np.array([members[0] for members in joined], dtype=np.int64)
    unions = np.array([shapely.coverage_union_all(cells[members]) for members in joined], dtype=object)
    code = rng.choice(np.array(list(CLASSES), dtype=object), single.sum(), p=_SHARES)
    return Survey(
        shapes=np.concatenate([cells[single], unions]),
        village=np.concatenate([village[single], village[first]]),
        code=np.concatenate([code, np.full(len(joined), _STRIP, dtype=object)]),
    )


def write_zip(frame: gpd.GeoDataFrame, folder: Path) -> Path:
    """Write a shapefile as bureaus deliver it, text in GBK and no word about that, into `folder`, and return the zip file of it."""
    pyogrio.write_dataframe(frame, folder / f"{NAME}.shp", driver="ESRI Shapefile", encoding="GBK", RESIZE="YES")
    (folder / f"{NAME}.cpg").unlink(missing_ok=True)
    packed = folder / f"{NAME}.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for suffix in (".shp", ".shx", ".dbf", ".prj"):
            archive.write(folder / f"{NAME}{suffix}", f"{NAME}{suffix}")
    return packed


def _cells(rows: int, columns: int, rng: np.random.Generator) -> Geometries:
    """The cells of a grid whose nodes are moved and whose edges tremble; what two cells share is the same array of numbers."""
    y, x = np.meshgrid(SOUTH + CELL_M * np.arange(rows + 1), WEST + CELL_M * np.arange(columns + 1), indexing="ij")
    nodes = np.stack([x, y], axis=-1) + rng.uniform(-JITTER_M, JITTER_M, size=(rows + 1, columns + 1, 2))
    eastward = _edges(nodes[:, :-1], nodes[:, 1:], rng)
    northward = _edges(nodes[:-1], nodes[1:], rng)
    corners = [eastward[:-1], northward[:, 1:], np.flip(eastward[1:], axis=2), np.flip(northward[:, :-1], axis=2)]
    ring = np.concatenate([*(edge[:, :, :-1] for edge in corners), eastward[:-1, :, :1]], axis=2)
    return np.asarray(shapely.polygons(ring.reshape(rows * columns, -1, 2)), dtype=object)


def _edges(start: Floats, end: Floats, rng: np.random.Generator) -> Floats:
    """Polylines (r × c × corners + 1 × 2) between nodes, to a tenth of a millimetre."""
    share = np.linspace(0, 1, CORNERS + 1)
    straight = start[..., None, :] + (end - start)[..., None, :] * share[:, None]
    tremble = rng.uniform(-TREMBLE_M, TREMBLE_M, size=straight.shape) * np.sin(np.pi * share)[:, None]
    return np.round(straight + tremble, 4)


def _strips(rows: int, columns: int, excess: int) -> Ints:
    """Number the cells to be joined to strips, each in one row of one village, so that so many fewer remain; -1: stays alone."""
    strip = np.full((rows, columns), -1, dtype=np.int64)
    number = 0
    for row in range(rows):
        for column in range(0, columns, VILLAGE_CELLS):
            length = min(VILLAGE_CELLS, columns - column, excess + 1)
            if length < 2:
                continue
            strip[row, column : column + length] = number
            excess -= length - 1
            number += 1
            if not excess:
                return strip.ravel()
    return strip.ravel()


def _village_codes(numbers: Ints) -> list[str]:
    return [f"421223100{number + 200:03d}" for number in numbers]


def _village_names(numbers: Ints) -> list[str]:
    return [f"第{number + 1}村" for number in numbers]
