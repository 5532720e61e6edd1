"""Files are written from batches of rows: how large these are changes nothing, and no file needs the whole layer in memory."""

from __future__ import annotations

import subprocess
import sys

import geopandas as gpd
import pyogrio
import pytest
from exporting import houses, single_houses, written
from frames import EPSG, meta, published, square

from layers import database
from layers.exports import content
from layers.exports.formats import FORMATS


def rows_of(path, format_id):
    """The content of a file, comparable: the bytes of texts, the rows of everything else."""
    if format_id in ("geojson", "csv", "txt"):
        return path.read_bytes()
    if format_id == "parquet":
        return gpd.read_parquet(path).to_json(to_wgs84=False, default=str)
    place = f"/vsizip/{path}" if format_id == "shp" else path
    layer = pyogrio.list_layers(place)[0][0]
    frame = pyogrio.read_dataframe(
        place, layer=layer, encoding="GBK" if format_id == "shp" else None, datetime_as_string=True
    )
    return frame.to_json(to_wgs84=False) if isinstance(frame, gpd.GeoDataFrame) else frame.to_json()


@pytest.mark.parametrize("format_id", list(FORMATS))
def test_a_file_is_the_same_whatever_the_size_of_the_batches(db, tmp_path, monkeypatch, format_id):
    version = published(db, single_houses() if format_id == "txt" else houses(), meta("building"))
    monkeypatch.setattr("layers.exports.statement.taken_at", lambda: "2026-01-01T00:00:00+08:00")
    found = []
    for size in (1, 3, 5_000):
        monkeypatch.setattr(content, "BATCH", size)
        folder = tmp_path / str(size)
        folder.mkdir()
        found.append(rows_of(written(db, version, folder, format_id).path, format_id))
    assert found[0] == found[1] == found[2]


MEASURED = """
import resource, sys
from pathlib import Path
from layers import database, versions
from layers.exports import content
from layers.exports.export import Wish, export
from layers.exports.formats import FORMATS
content.BATCH = 500
with database.connect(sys.argv[1]) as conn:
    peaks = []
    for version in map(int, sys.argv[3:]):
        export(conn, versions.get(conn, version), Path(sys.argv[2]), Wish(format=FORMATS["gpkg"]))
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(*peaks)
"""


def many(count):
    """Houses on a grid, each with 4 kB of text."""
    shapes = [square(50 * (row % 100), 50 * (row // 100), side=12) for row in range(count)]
    columns = {"ZRZH": [f"F{row}" for row in range(count)], "GHYT": ["居住" * 650] * count}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=EPSG)


def test_a_layer_several_times_as_large_takes_hardly_more_memory(db_url, tmp_path):
    """The larger layer has 31 MB more of text, of which a batch is held at a time."""
    counts = (2_000, 10_000)
    with database.connect(db_url) as conn:
        ids = [published(conn, many(count), meta("building")) for count in counts]
        conn.commit()
    command = [sys.executable, "-c", MEASURED, db_url, str(tmp_path), *map(str, ids)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    before, after = (int(text) * 1024 for text in done.stdout.split())
    assert after - before < (counts[1] - counts[0]) * 3_900 / 2
