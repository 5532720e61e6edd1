"""A file is written while it is being checked: what comes of it is the same as if one had waited for the other."""

from __future__ import annotations

import struct

import pytest
import shapely
from frames import EPSG, meta, published, red_lines, square
from packages import geopackage
from quality_cases import frame as sound

from layers import catalog, loader, versions
from layers.database import connect
from layers.errors import DatasetRefusedError, FindingsLeftError
from layers.quality import context
from layers.quality.subject import subject

BOW_TIE = shapely.Polygon([(520000, 3270000), (520100, 3270100), (520100, 3270000), (520000, 3270100)])


def tables(conn):
    """The tables of versions, attached or not."""
    return {name for (name,) in conn.execute("SELECT relname FROM pg_class WHERE relname ~ '^(feature|piece|overview)_[0-9]+$'")}


def test_the_content_has_the_checksum_that_staging_alone_gives_it(db, tmp_path):
    frame = red_lines([square(), square(500)])
    alone = versions.stage(db, frame, meta(), epsg=EPSG)
    ahead = loader.import_file(db, geopackage(tmp_path, STBHHX=frame), epsg=EPSG)
    assert versions.get(db, ahead).checksum == versions.get(db, alone).checksum
    assert versions.get(db, ahead).disjoint


@pytest.mark.parametrize(
    ("frame", "refusal"),
    [(red_lines([square(), BOW_TIE]), FindingsLeftError), (red_lines(MC=["电话 13800138000"]), DatasetRefusedError)],
    ids=["by the check", "by the store"],
)
def test_what_is_refused_leaves_nothing_even_where_the_caller_goes_on(db, tmp_path, frame, refusal):
    with pytest.raises(refusal):
        loader.import_file(db, geopackage(tmp_path, STBHHX=frame), epsg=EPSG)
    db.commit()
    assert versions.history(db, "ecological_redline") == [] and tables(db) == set()
    assert loader.import_file(db, geopackage(tmp_path, STBHHX=red_lines()), epsg=EPSG)


def test_what_the_store_has_to_look_at_again_is_written_anew(db, tmp_path, monkeypatch):
    monkeypatch.setattr("layers.acceptance.fits_the_store", lambda *_, **__: False)
    version = loader.import_file(db, geopackage(tmp_path, STBHHX=red_lines()), epsg=EPSG)
    assert tables(db) == {f"{parent}_{version}" for parent in ("feature", "piece", "overview")}


def test_a_hole_without_a_point_is_refused_before_anything_works_with_it(db, tmp_path, monkeypatch):
    """GEOS has ended the process on such holes."""
    shell = shapely.get_coordinates(square(500))
    hollow = struct.pack("<BIII", 1, 3, 2, len(shell)) + shell.astype("<f8").tobytes() + struct.pack("<I", 0)
    taken = subject(red_lines([square(), shapely.from_wkb(hollow)]), catalog.layer("ecological_redline"), epsg=EPSG)
    written = []
    monkeypatch.setattr("layers.acceptance.subject", lambda *_, **__: taken)
    monkeypatch.setattr("layers.partitions.write", lambda *given, **_: written.append(given))
    with pytest.raises(FindingsLeftError, match="没有节点的空环"):
        loader.import_file(db, geopackage(tmp_path, STBHHX=red_lines([square(), square(500)])), epsg=EPSG)
    assert written == []


def test_an_error_in_the_midst_of_writing_is_told_and_leaves_nothing(db_url, tmp_path, monkeypatch):
    def crash(*args, **kwargs):
        raise RuntimeError("disk on fire")

    monkeypatch.setattr("layers.partitions._pieces", crash)
    with connect(db_url) as conn:
        with pytest.raises(RuntimeError, match="on fire"):
            loader.import_file(conn, geopackage(tmp_path, STBHHX=red_lines()), epsg=EPSG)
        conn.commit()
        assert tables(conn) == set()


def test_what_a_layer_is_held_against_is_read_before_the_connection_is_needed_for_writing(db_url):
    with connect(db_url) as conn:
        published(conn, sound(), meta("land_use"))
        known = context(conn, epsg=EPSG, layer=catalog.layer("settlement"))
    assert len(known.patches) == len(sound())
