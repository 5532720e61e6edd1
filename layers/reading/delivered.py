"""The data sets of one delivered file, whatever its format. Runs in the child process."""

from __future__ import annotations

import mimetypes
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pyogrio

from layers.errors import DatasetRefusedError, UnclearLayerError, UnsupportedFileError
from layers.reading import gdal_files
from layers.reading.limits import Limits
from layers.reading.places import places
from layers.reading.source import Source
from spatial.errors import CuntuError


def require_few_drivers() -> None:
    """Refuse to go on where GDAL has drivers beyond those of the formats read here."""
    more = set(pyogrio.list_drivers()) - set(gdal_files.DRIVERS.values())
    if more:
        raise RuntimeError(f"GDAL has drivers that were to be left out: {', '.join(sorted(more))}")


def sources(path: Path, folder: Path, *, name: str | None, encoding: str | None, limits: Limits) -> list[Source]:
    """Open all data sets of a file, or the one called `name`; archives are unpacked into `folder`.

    Raises UnsupportedFileError, UnsafeArchiveError, EncodingError, UnclearLayerError, each naming every place that is wrong.
    """
    found: list[Source] = []
    problems: list[CuntuError] = []
    for place in places(path, folder, limits):
        try:
            found.extend(_sources(place, encoding, limits))
        except CuntuError as error:
            problems.append(error)
    _name_apart(found)
    if name is not None:
        chosen = [source for source in found if source.name == name]
        if len(chosen) == 1:
            return chosen
    if problems:
        raise problems[0] if len(problems) == 1 else type(problems[0])(problems=[str(error) for error in problems])
    if name is not None:
        raise UnclearLayerError(f"文件中没有名为“{name}”的数据。其中有：{_names(found)}。")
    if len(found) > limits.layers:
        raise UnsupportedFileError(f"{path.name} 中有 {len(found)} 份数据，最多允许 {limits.layers} 份。")
    return found


def only(found: Sequence[Source]) -> Source:
    """Return the one data set with geometries; raise UnclearLayerError where there are several, DatasetRefusedError where there is none."""
    spatial = [source for source in found if source.kind != "table"]
    if len(spatial) == 1:
        return spatial[0]
    if spatial:
        raise UnclearLayerError(f"文件中有多份数据，请指明一份：{_names(spatial)}。")
    raise DatasetRefusedError(f"{_names(found)} 没有图形，只是表格，不能作为图层：需要 WKT 列，或 X、Y（经度、纬度）两列。")


def _sources(place: Path, encoding: str | None, limits: Limits) -> Sequence[Source]:
    return _reader(place.suffix.lower())(place, encoding=encoding, limits=limits)


def _reader(ending: str) -> Callable[..., Sequence[Source]]:
    """The reader of a format; each brings libraries of its own, which only its files have to wait for."""
    if ending in gdal_files.DRIVERS:
        return gdal_files.sources
    if ending == ".csv":
        from layers.reading import csv_files

        return csv_files.sources
    if ending == ".xlsx":
        # openpyxl would read the system's lists of file types when imported, which this process may not and does not need to.
        mimetypes.knownfiles.clear()
        from layers.reading import xlsx_files

        return xlsx_files.sources
    if ending == ".txt":
        from layers.reading import land_txt

        return land_txt.sources
    from layers.reading import parquet_files

    return parquet_files.sources


def _names(found: Sequence[Source]) -> str:
    return "、".join(source.name for source in found)


def _name_apart(found: Sequence[Source]) -> None:
    """Number the data sets of an archive that have the same name, in their order."""
    times = Counter(source.name for source in found)
    seen: Counter[str] = Counter()
    for source in found:
        name = source.name
        seen[name] += 1
        if times[name] > 1:
            source.name = f"{name} ({seen[name]})"
