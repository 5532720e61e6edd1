"""Files cut short or with a byte changed anywhere: refused with a Chinese sentence, or read; never anything else."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hostile_files as made
import numpy as np
import openpyxl
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layers.reading.reader import read
from spatial.errors import CuntuError

FRAME = made.squares(200)


def shapefile_zip(folder):
    path = made.shapefile(folder, "DLTB", FRAME)
    parts = {part.name: part.read_bytes() for part in folder.iterdir()}
    return made.zipped(folder, path.with_suffix(".zip").name, parts)


def geodatabase_zip(folder):
    base = folder / "a.gdb"
    FRAME.drop(columns="N").to_file(base, layer="DLTB", driver="OpenFileGDB", engine="pyogrio")
    return made.zipped(folder, "gdb.zip", {f"a.gdb/{part.name}": part.read_bytes() for part in base.iterdir()})


def geojson(folder):
    FRAME.to_crs(4326).to_file(folder / "a.geojson", driver="GeoJSON", engine="pyogrio")
    return folder / "a.geojson"


def parquet(folder):
    FRAME.to_parquet(folder / "a.parquet")
    return folder / "a.parquet"


def xlsx(folder):
    book = openpyxl.Workbook()
    book.active.append(["DLBM", "MC", "X", "Y"])
    for place in range(200):
        book.active.append(["0702", "崇阳县", place, place])
    book.save(folder / "a.xlsx")
    return folder / "a.xlsx"


FORMATS = {"shp": shapefile_zip, "gdb": geodatabase_zip, "gpkg": lambda folder: made.geopackage(folder, frame=FRAME), "geojson": geojson, "parquet": parquet, "xlsx": xlsx}
WHOLE = ("shp", "gdb", "geojson", "parquet", "xlsx")
"""Formats that say at their end, or in their beginning, how long they are."""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """One good file of every format."""
    return {name: build(tmp_path_factory.mktemp(name)) for name, build in FORMATS.items()}


def answered(path, raw):
    """The rows of a file with these bytes, or None where it was refused with a sentence in Chinese."""
    with tempfile.TemporaryDirectory() as folder:
        spoilt = Path(folder) / path.name
        spoilt.write_bytes(raw)
        try:
            return read(spoilt).frame
        except CuntuError as error:
            assert any("\u4e00" <= char <= "\u9fff" for char in str(error))
            return None


def test_the_whole_files_are_read(files):
    for path in files.values():
        assert len(answered(path, path.read_bytes())) == 200


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(share=st.floats(0.0, 1.0, exclude_max=True))
def test_a_file_cut_short_is_refused_or_none_of_its_rows_is_wrong(files, name, share):
    path = files[name]
    raw = path.read_bytes()
    frame = answered(path, raw[: int(share * len(raw))])
    assert frame is None or name not in WHOLE
    if frame is not None:
        assert len(frame) == 200
        assert np.array_equal(shapely.to_wkb(frame.geometry.to_numpy()), shapely.to_wkb(FRAME.geometry.to_numpy()))


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True)
@given(share=st.floats(0.0, 1.0, exclude_max=True), bits=st.integers(1, 255))
def test_a_changed_byte_never_ends_in_anything_but_rows_or_a_refusal(files, name, share, bits):
    path = files[name]
    raw = bytearray(path.read_bytes())
    raw[int(share * len(raw))] ^= bits
    frame = answered(path, bytes(raw))
    assert frame is None or len(frame) <= 400
