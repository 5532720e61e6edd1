"""A county as a folder of GeoParquet files: all that a check needs, without a database.

    421223/county.json            what it is, which version of each layer, village types, the hash of every file
    421223/coverages.parquet      where each layer is complete
    421223/layers/<id>.parquet    the features of a layer, in the county's own 3-degree zone
    421223/applications.parquet   the applications to check

Coordinates are kept to the last bit, so that a check gives the bytes it gives over the database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from layers.errors import CountySetError
from spatial.crs import require_zone
from spatial.layer import DatasetVersion, Layer, LayerSet
from spatial.permit import VillageTypes
from spatial.pieces import MAX_VERTICES, Geometries, subdivide

FORM = 1
ABOUT = "county.json"
COVERAGES = "coverages.parquet"
APPLICATIONS = "applications.parquet"
_ID = "_id"
_DATES = ("valid_from", "valid_to", "survey_date")
_TIMES = ("known_from", "known_to")


@dataclass(frozen=True)
class CountySet:
    """What is in a folder. `sha256` is that of `county.json`, which holds the hash of every other file."""

    county_code: str
    name: str
    epsg: int
    layers: LayerSet
    village_types: VillageTypes | None
    applications: gpd.GeoDataFrame
    sha256: str


def write_county_set(
    folder: Path, *, county_code: str, name: str, epsg: int, layers: LayerSet, village_types: VillageTypes | None, applications: gpd.GeoDataFrame
) -> None:
    """Write a folder; `county.json` comes last, so that a folder cut off half-way is none. Applications must be in EPSG:`epsg`."""
    (folder / "layers").mkdir(parents=True, exist_ok=True)
    (folder / ABOUT).unlink(missing_ok=True)
    names = sorted(layers)
    hashes = {f"layers/{layer}.parquet": _save(_frame(layers[layer]), folder / "layers" / f"{layer}.parquet") for layer in names}
    outlines = gpd.GeoDataFrame({"layer": names}, geometry=[layers[layer].coverage for layer in names], crs=f"EPSG:{epsg}")
    hashes[COVERAGES] = _save(outlines, folder / COVERAGES)
    hashes[APPLICATIONS] = _save(applications, folder / APPLICATIONS)
    about = {
        "form": FORM, "county_code": county_code, "name": name, "epsg": require_zone(epsg), "files": hashes,
        "layers": {layer: {"dataset": asdict(layers[layer].dataset), "disjoint": layers[layer].disjoint,
                           "numbers": _numbers(layers[layer])} for layer in names},
        "village_types": {"version": village_types.version, "types": dict(village_types.types)} if village_types else None,
    }  # fmt: skip
    (folder / ABOUT).write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))


def read_county_set(folder: Path) -> CountySet:
    """Read a folder; raises CountySetError that names everything missing or changed."""
    about, digest = _about(folder)
    _refuse_changed(folder, about["files"])
    epsg = require_zone(about["epsg"])
    outlines = _load(folder / COVERAGES)
    coverage = dict(zip(outlines["layer"], outlines.geometry, strict=True))
    layers = {name: _layer(folder, name, entry, epsg, coverage[name]) for name, entry in about["layers"].items()}
    _refuse_invalid(folder, layers)
    types = about["village_types"]
    return CountySet(
        about["county_code"], about["name"], epsg, layers, VillageTypes(types["types"], types["version"]) if types else None,
        _load(folder / APPLICATIONS), digest,
    )  # fmt: skip


def county_folders(root: Path) -> list[Path]:
    """Return the county folders below a directory, by name; raises CountySetError where there is none."""
    found = sorted(path.parent for path in root.glob(f"*/{ABOUT}"))
    if not found:
        raise CountySetError(f"{root} 下没有县级数据集（每县一个目录，内有 {ABOUT}）。")
    return found


def identity(folder: Path) -> tuple[str, str]:
    """Return the county code and the hash of a folder's description, without reading its layers."""
    about, digest = _about(folder)
    return str(about["county_code"]), digest


def _about(folder: Path) -> tuple[dict[str, Any], str]:
    try:
        text = (folder / ABOUT).read_bytes()
        about = orjson.loads(text)
        missing = [key for key in ("form", "county_code", "name", "epsg", "files", "layers", "village_types") if key not in about]
    except (OSError, orjson.JSONDecodeError, TypeError) as error:
        raise CountySetError(f"{folder.name}/{ABOUT} 读不出来：{error}") from error
    if missing or about["form"] != FORM:
        raise CountySetError(f"{folder.name}/{ABOUT} 不是这一版的县级数据集" + (f"，缺少 {'、'.join(missing)}" if missing else "") + "。")
    return about, hashlib.sha256(text).hexdigest()


def _refuse_changed(folder: Path, files: Mapping[str, str]) -> None:
    problems = []
    for name, digest in sorted(files.items()):
        path = folder / name
        if not path.is_file():
            problems.append(f"{name} 不在")
        elif _sha256(path) != digest:
            problems.append(f"{name} 与登记的校验值不符（可能没有传完）")
    if problems:
        raise CountySetError(f"县级数据集 {folder.name} 不完整：", problems=problems)


def _refuse_invalid(folder: Path, layers: LayerSet) -> None:
    """An import refuses shapes that cross themselves; a set that another program wrote may hold some, and their areas would be wrong."""
    problems = [
        f"图层 {name} 的要素 {layer.ids[row]}：{shapely.is_valid_reason(layer.features[row])}"
        for name, layer in layers.items()
        for row in np.flatnonzero(~shapely.is_valid(layer.features)).tolist()
    ]
    if problems:
        raise CountySetError(f"县级数据集 {folder.name} 中有无效的图形：", problems=problems)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _save(frame: gpd.GeoDataFrame, path: Path) -> str:
    frame.to_parquet(path, index=False, compression="zstd")
    return _sha256(path)


def _load(path: Path) -> gpd.GeoDataFrame:
    return gpd.read_parquet(path)


def _frame(layer: Layer) -> gpd.GeoDataFrame:
    columns = {_ID: layer.ids, **layer.attributes}
    return gpd.GeoDataFrame(columns, geometry=layer.features, crs=f"EPSG:{layer.epsg}")


def _numbers(layer: Layer) -> list[str]:
    """The columns that are numbers, and stay numbers where all are missing."""
    return sorted(name for name, values in layer.attributes.items() if values.dtype.kind == "f")


def _layer(folder: Path, name: str, entry: Mapping[str, Any], epsg: int, coverage: Any) -> Layer:
    frame = _load(folder / "layers" / f"{name}.parquet")
    shapes: Geometries = np.asarray(frame.geometry.values, dtype=object)
    attributes = {column: _column(frame[column], column in entry["numbers"]) for column in frame.columns if column not in (_ID, frame.geometry.name)}
    pieces, owner = _pieces(shapes)
    return Layer(
        dataset=_dataset(entry["dataset"]), epsg=epsg, features=shapes, ids=_column(frame[_ID], number=False), attributes=attributes,
        pieces=pieces, piece_feature=owner, coverage=coverage, disjoint=bool(entry["disjoint"]),
    )  # fmt: skip


def _column(values: Any, number: bool) -> NDArray[Any]:
    if number:
        return np.asarray(values, dtype=np.float64)
    result = np.empty(len(values), dtype=object)
    result[:] = [None if value is None or value != value else value for value in values.tolist()]
    return result


def _pieces(shapes: Geometries) -> tuple[Geometries, NDArray[np.int64]]:
    """Cut the large features as an import cuts them: the same shape gives the same pieces."""
    large = shapely.get_num_coordinates(shapes) > MAX_VERTICES
    parts = [subdivide(shape) if cut else [shape] for shape, cut in zip(shapes, large, strict=True)]
    counts = np.array([len(part) for part in parts], dtype=np.int64)
    pieces = np.empty(int(counts.sum()), dtype=object)
    pieces[:] = [piece for part in parts for piece in part]
    return pieces, np.repeat(np.arange(len(shapes), dtype=np.int64), counts)


def _dataset(entry: Mapping[str, Any]) -> DatasetVersion:
    values = {field.name: entry[field.name] for field in fields(DatasetVersion) if field.name in entry}
    for name in _DATES:
        values[name] = date.fromisoformat(values[name]) if values.get(name) else None
    for name in _TIMES:
        values[name] = datetime.fromisoformat(values[name]) if values.get(name) else None
    return DatasetVersion(**values)
