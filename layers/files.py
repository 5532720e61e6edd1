"""Files in: GeoPackage, GeoJSON, zipped shapefile and file geodatabase, as a frame with catalogue field names."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fiona
import geopandas as gpd
import pyogrio

from layers import archives, encodings
from layers.catalog import CatalogLayer
from layers.catalog import layer as catalog_layer
from layers.errors import DatasetRefusedError, UnclearLayerError, UnsupportedFileError
from layers.recognition import Columns, Source, SourceField, columns_of, recognise
from spatial.crs import epsg_3deg, require_crs, zone_of_easting
from spatial.errors import CrsError

DRIVERS = ("GPKG", "GeoJSON", "ESRI Shapefile", "OpenFileGDB")
MAX_BYTES = 2 * 1024**3

_SUFFIXES = {".gpkg", ".geojson", ".json", ".shp", ".gdb"}
_MAGIC = {".gpkg": b"SQLite format 3\0", ".shp": b"\x00\x00\x27\x0a"}
_FOUND_BY = {"given": "指定", "cpg": ".cpg 文件", "language_byte": "DBF 语言字节", "content": "内容"}
_RAW = "ISO-8859-1"
"""Reading a shapefile's text as Latin 1 keeps its bytes, which are then decoded here: GDAL's own decoding loses cut characters."""


@dataclass(frozen=True, kw_only=True)
class SourceInfo:
    """Where a dataset came from. `sha256` is of the file as delivered; `encoding` the codec its text was read with."""

    name: str
    sha256: str
    driver: str
    source_layer: str
    encoding: str
    crs: str
    feature_count: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Dataset:
    path: Path
    layer: str
    driver: str
    kind: str
    encoding: encodings.Encoding


def read(
    path: Path,
    *,
    layer: str | None = None,
    source_layer: str | None = None,
    encoding: str | None = None,
    epsg: int | None = None,
    max_bytes: int = MAX_BYTES,
) -> tuple[CatalogLayer, gpd.GeoDataFrame, SourceInfo]:
    """Read one dataset of a file and tell which catalogue layer it is.

    `layer` is a catalogue id, `source_layer` the name inside a file of several; `epsg` stands in for a missing CRS only. Raises
    UnsupportedFileError, UnsafeArchiveError, EncodingError, UnclearLayerError, CrsError, DatasetRefusedError.
    """
    _check_file(path, max_bytes)
    with _opened(path, max_bytes) as places:
        dataset = _chosen(_datasets(places, encoding), layer, source_layer)
        frame = _frame(dataset)
    source = _source(path, dataset, frame)
    if layer is None:
        entry, columns = recognise(source)
    else:
        entry = catalog_layer(layer)
        columns = columns_of(source, entry)
    named, notes = _with_catalogue_names(_with_crs(frame, dataset, epsg), source, columns)
    return entry, named, _info(path, dataset, named, notes)


def _info(path: Path, dataset: _Dataset, frame: gpd.GeoDataFrame, notes: list[str]) -> SourceInfo:
    codec = dataset.encoding.codec
    if dataset.driver == "ESRI Shapefile":
        notes = [*notes, f"文字编码 {codec}（依据：{_FOUND_BY[dataset.encoding.found_by]}）"]
    return SourceInfo(
        name=path.name,
        sha256=_sha256(path),
        driver=dataset.driver,
        source_layer=dataset.layer,
        encoding=codec,
        crs=str(frame.crs.name),
        feature_count=len(frame),
        notes=tuple(notes),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _check_file(path: Path, max_bytes: int) -> None:
    if not path.is_file():
        raise UnsupportedFileError(f"没有文件 {path.name}。")
    if path.stat().st_size > max_bytes:
        raise UnsupportedFileError(f"{path.name} 超过允许的大小 {max_bytes // 1024**2} MB。")
    if path.suffix.lower() not in {".zip", *_SUFFIXES}:
        raise UnsupportedFileError(f"不支持 {path.suffix or path.name} 文件：可用 GeoPackage、GeoJSON、压缩的 Shapefile 或 FileGDB。")


@contextmanager
def _opened(path: Path, max_bytes: int) -> Iterator[list[Path]]:
    """Give the data sets of a file on disk, those of an archive in a folder that goes away afterwards."""
    if path.suffix.lower() != ".zip":
        yield [path]
        return
    with tempfile.TemporaryDirectory(prefix="cuntu-import-") as name:
        folder = Path(name)
        files = archives.unpack(path, folder, max_bytes=max_bytes)
        bases = {folder_of for file in files for folder_of in file.parents if folder_of.suffix.lower() == ".gdb"}
        plain = [file for file in files if file.suffix.lower() in _SUFFIXES and not bases & set(file.parents)]
        places = sorted(plain) + sorted(bases)
        if not places:
            raise UnsupportedFileError(f"{path.name} 中没有 .shp、.gpkg、.geojson 或 .gdb 数据。")
        yield places


def address(place: Path) -> str:
    """Return what GDAL is given to open a file, so that its ending alone decides which driver does.

    GDAL looks for its driver in the content: a GeoJSON file with a virtual data set in one of its texts would be read as that,
    and show any file or address the server can reach. Raises UnsupportedFileError for content that is not what the ending says.
    """
    kind = place.suffix.lower()
    if kind in _MAGIC:
        with place.open("rb") as stream:
            if stream.read(len(_MAGIC[kind])) != _MAGIC[kind]:
                raise UnsupportedFileError(f"{place.name} 的内容不是 {kind} 文件。")
    return f"GeoJSON:{place}" if kind in (".geojson", ".json") else str(place)


def _datasets(places: list[Path], encoding: str | None) -> list[_Dataset]:
    return [_inspect(place, name, encoding) for place in places for name in _layer_names(place)]


def _layer_names(place: Path) -> list[str]:
    try:
        return list(fiona.listlayers(address(place)))
    except (fiona.errors.FionaError, ValueError) as error:
        raise UnsupportedFileError(f"{place.name} 无法读取，文件可能已损坏。") from error


def _inspect(place: Path, name: str, encoding: str | None) -> _Dataset:
    is_shapefile = place.suffix.lower() == ".shp"
    found = encodings.of_shapefile(place, given=encoding) if is_shapefile else encodings.Encoding("utf-8", "content")
    options = {"encoding": _RAW} if is_shapefile else {}
    try:
        with fiona.open(address(place), layer=name, enabled_drivers=list(DRIVERS), **options) as source:
            kind = _kind(str(source.schema["geometry"]))
            return _Dataset(path=place, layer=name, driver=source.driver, kind=kind, encoding=found)
    except (fiona.errors.FionaError, ValueError) as error:
        raise UnsupportedFileError(f"{place.name} 无法读取，文件可能已损坏。") from error


def _kind(geometry: str) -> str:
    plain = geometry.lower().removeprefix("3d ").removeprefix("multi")
    return {"polygon": "polygon", "linestring": "line", "point": "point"}.get(plain, "unknown")


def _chosen(datasets: list[_Dataset], layer: str | None, source_layer: str | None) -> _Dataset:
    named = [item for item in datasets if source_layer is None or item.layer == source_layer]
    if layer is not None and len(named) > 1:
        names = catalog_layer(layer).names
        named = [item for item in named if item.layer.lower() in names] or named
    if len(named) == 1:
        return named[0]
    available = "、".join(item.layer for item in datasets)
    if not named:
        raise UnclearLayerError(f"文件中没有名为“{source_layer}”的数据。其中有：{available}。")
    raise UnclearLayerError(f"文件中有多份数据，请指明一份：{available}。")


def _frame(dataset: _Dataset) -> gpd.GeoDataFrame:
    options: dict[str, Any] = {"encoding": _RAW} if dataset.driver == "ESRI Shapefile" else {}
    try:
        frame = pyogrio.read_dataframe(address(dataset.path), layer=dataset.layer, datetime_as_string=True, **options)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError, ValueError) as error:
        raise UnsupportedFileError(f"{dataset.path.name} 无法读取，文件可能已损坏。") from error
    if not isinstance(frame, gpd.GeoDataFrame):
        raise DatasetRefusedError(f"{dataset.layer} 没有图形，只是一张表。")
    return _decoded(frame, dataset.encoding.codec) if options else frame


def _decoded(frame: gpd.GeoDataFrame, codec: str) -> gpd.GeoDataFrame:
    """Turn Latin-1 text back into its bytes and decode those; the column names stay raw."""
    result = frame.copy()
    for name in frame.columns.drop(frame.geometry.name):
        if frame[name].dtype == object or str(frame[name].dtype).startswith("str"):
            known = {value: encodings.decode(value.encode(_RAW), codec) for value in frame[name].unique() if isinstance(value, str)}
            result[name] = frame[name].astype(object).map(known).astype(object)
    return result


def _source(path: Path, dataset: _Dataset, frame: gpd.GeoDataFrame) -> Source:
    is_raw = dataset.driver == "ESRI Shapefile"
    codec = dataset.encoding.codec
    fields = []
    for column in frame.columns.drop(frame.geometry.name):
        raw = column.encode(_RAW if is_raw else "utf-8")
        fields.append(SourceField(column=column, text=encodings.decode(raw, codec), raw=raw))
    kinds = {_kind(str(kind)) for kind in frame.geometry.geom_type.dropna().unique()}
    return Source(
        names=(dataset.layer, path.stem),
        fields=tuple(fields),
        codec=codec,
        kind=kinds.pop() if len(kinds) == 1 else dataset.kind,
        sample={field.column: frame[field.column].head(50).tolist() for field in fields},
    )


def _with_catalogue_names(frame: gpd.GeoDataFrame, source: Source, columns: Columns) -> tuple[gpd.GeoDataFrame, list[str]]:
    chosen = frame[[*columns.values(), frame.geometry.name]].rename(columns={column: name for name, column in columns.items()})
    ignored = [field.text for field in source.fields if field.column not in columns.values()]
    return chosen, [f"目录以外的字段未入库：{'、'.join(ignored)}"] if ignored else []


def _with_crs(frame: gpd.GeoDataFrame, dataset: _Dataset, epsg: int | None) -> gpd.GeoDataFrame:
    if frame.crs is None and epsg is None:
        raise CrsError(f"{dataset.layer} 没有写明坐标系，请用 EPSG 代码指明。{_hint(frame)}")
    if frame.crs is None:
        return frame.set_crs(require_crs(epsg))
    if epsg is not None and not require_crs(frame.crs).equals(require_crs(epsg), ignore_axis_order=True):
        raise CrsError(f"{dataset.layer} 写明的坐标系是 {frame.crs.name}，与指定的 EPSG:{epsg} 不一致。")
    require_crs(frame.crs)
    return frame


def _hint(frame: gpd.GeoDataFrame) -> str:
    """What the coordinates themselves say about their system, for the message only: nothing is guessed."""
    east = float(frame.total_bounds[2])
    if not 1e7 <= east < 5e7:
        return ""
    degrees, zone = zone_of_easting(east) or (0, 0)
    code = f"，2000 国家大地坐标系为 EPSG:{epsg_3deg(zone, prefix=True)}" if degrees == 3 else ""
    return f"东坐标带有带号 {zone}（{degrees} 度带）{code}。"
