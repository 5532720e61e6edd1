from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import geopandas as gpd
import pytest
import shapely
from delivery_way import faulty_file
from frames import COUNTY, EPSG, meta, published, red_lines, square
from packages import geopackage

import layers
from layers import database, deliveries, delivery_findings, delivery_steps, versions
from layers.deliveries import Actor
from layers.delivery_choice import Choice
from layers.delivery_files import DeliveryFiles, harmless_name
from layers.delivery_steps import Place
from layers.descriptions import Description, coverage_of
from layers.errors import (
    DatasetRefusedError,
    DeliveryBusyError,
    DeliveryStateError,
    FindingsLeftError,
    UnknownRecordError,
)
from layers.quality.findings import QualityFinding
from layers.recognising.recognition import Answers
from layers.version_acts import Signature

BY = Actor("张三", "县局")
SIGNED = Signature(officer="张三", unit="县局", reason="质检合格")


def quiet(share, text):
    pass


@pytest.fixture
def place(db, tmp_path):
    outline = gpd.GeoDataFrame({"XZQDM": ["421223"], "XZQMC": ["崇阳县"]}, geometry=[COUNTY], crs=EPSG)
    published(db, outline, meta("county"))
    db.commit()
    return Place(files=DeliveryFiles(tmp_path / "uploads"), epsg=EPSG, max_secrecy="internal")


def delivered(conn, place, path, **told):
    """A file that came in, as its id."""
    with path.open("rb") as stream:
        kept = place.files.keep(stream, name=path.name)
    deliveries.add(conn, file_name=path.name, sha256=kept.sha256, size=kept.size, delivery_id=kept.delivery_id, **told)
    conn.commit()
    return kept.delivery_id


def test_a_hundred_thousand_findings_are_stored_and_paged_in_order(db):
    key = deliveries.add(db, file_name="a.zip", sha256="0" * 64, size=1)
    shapes = [square(row % 500, row // 500, 1) for row in range(100)]
    levels = ("error", "warning", "note")
    found = [
        QualityFinding(code=f"QC-{row % 7}", level=levels[row % 3], message=f"第 {row} 条\0", row=row, geometry=shapes[row % 100] if row % 2 else None, measured=row / 3, unit="m2")
        for row in range(100_000)
    ]
    delivery_findings.replace(db, key, found, epsg=EPSG)
    assert db.execute("SELECT count(*) FROM delivery_finding WHERE delivery_id = %s", [key]).fetchone() == (100_000,)
    numbered = delivery_findings.page(db, key, after=99_990, limit=100)
    assert [item.row for _, item in numbered] == list(range(99_990, 100_000))
    third = delivery_findings.page(db, key, code="QC-3", level="error", limit=2)
    assert [item.row for _, item in third] == [3, 24]
    assert shapely.equals(third[0][1].geometry, shapes[3])
    assert numbered[0][1].message == "第 99990 条"
    assert db.execute("SELECT DISTINCT ST_SRID(geom) FROM delivery_finding WHERE geom IS NOT NULL").fetchall() == [(EPSG,)]
    assert sum(1 for _ in delivery_findings.every(db, key, chunk=30_000)) == 100_000
    delivery_findings.replace(db, key, found[:1], epsg=EPSG)
    assert len(delivery_findings.page(db, key)) == 1


def test_places_of_findings_are_told_in_degrees(db):
    shown = delivery_findings.in_degrees([square(), None, shapely.Point(1e300, 1e300), shapely.Polygon()], epsg=EPSG)
    assert shown[1:] == [None, None, None]
    back = gpd.GeoSeries([shapely.geometry.shape(shown[0])], crs="OGC:CRS84").to_crs(EPSG).iloc[0]
    assert shapely.hausdorff_distance(back, square()) < 0.02


def test_only_what_has_no_error_left_is_staged_with_its_record(db, place, tmp_path):
    key = delivered(db, place, faulty_file(tmp_path), description=Description(coverage="county", law_status="draft").to_json())
    with pytest.raises(FindingsLeftError, match="QC-G05"):
        delivery_steps.stage(db, key, place, BY, progress=quiet)
    db.rollback()
    assert deliveries.get(db, key).state == "received"
    assert versions.history(db, "ecological_redline") == []
    deliveries.ask(db, key, choice={}, description=deliveries.get(db, key).description, repairs=["make_valid"])
    steps = []
    version = delivery_steps.stage(db, key, place, BY, progress=lambda *step: steps.append(step))
    assert [share for share, _ in steps] == sorted(share for share, _ in steps)
    record = versions.get(db, version)
    assert (record.dataset.law_status, record.qa["report"]["counts"]["error"]) == ("draft", 0)
    assert record.qa["recognition"]["encoding"]["codec"] == "gb18030"
    assert [item["id"] for item in record.qa["repairs"]] == ["make_valid"]
    found = deliveries.get(db, key)
    assert (found.state, found.version_id, found.summary["counts"]["error"], found.summary["after"]["error"]) == ("staged", version, 1, 0)
    with pytest.raises(DeliveryStateError, match="待发布"):
        delivery_steps.check(db, key, place, progress=quiet)
    versions.discard(db, version)
    assert deliveries.get(db, key).state == "checked"
    assert delivery_steps.stage(db, key, place, BY, progress=quiet) > version


def test_what_is_staged_covers_what_is_claimed_when_it_is_staged(db, place, tmp_path):
    outlined = gpd.GeoDataFrame({"XZQDM": ["421223100"], "XZQMC": ["天城镇"]}, geometry=[COUNTY.intersection(square(0, 0, 5000))], crs=EPSG)
    key = delivered(db, place, geopackage(tmp_path, 乡镇级行政区=outlined), choice=Choice(answers=Answers(layer="town")).to_json())
    examined = delivery_steps.check(db, key, place, progress=quiet)
    assert "QC-T04" in {check["code"] for check in examined.report.checks if check["status"] == "not_made"}
    held = deliveries.get(db, key)
    deliveries.ask(db, key, choice=held.choice, description=Description(coverage="county").to_json(), repairs=[])
    for known in (None, examined):
        with pytest.raises(FindingsLeftError, match="QC-T04"):
            delivery_steps.stage(db, key, place, BY, progress=quiet, examined=known)
    deliveries.ask(db, key, choice=held.choice, description=held.description, repairs=[])
    assert delivery_steps.stage(db, key, place, BY, progress=quiet, examined=examined) > 0


def test_a_version_published_elsewhere_is_known_as_published(db, place, tmp_path):
    key = delivered(db, place, geopackage(tmp_path, STBHHX=red_lines()))
    version = delivery_steps.stage(db, key, place, BY, progress=quiet)
    versions.publish(db, version, by=SIGNED)
    assert deliveries.get(db, key).state == "published"
    assert deliveries.wanting_file(db) == set()
    with pytest.raises(DeliveryStateError):
        delivery_steps.publish(db, key, SIGNED, max_secrecy="internal")


def test_two_who_work_on_one_delivery_do_not_meet(db, db_url, place, tmp_path):
    key = delivered(db, place, geopackage(tmp_path, STBHHX=red_lines()))
    delivery_steps.recognise(db, key, place)
    with database.connect(db_url) as other, pytest.raises(DeliveryBusyError):
        delivery_steps.check(other, key, place, progress=quiet)
    db.commit()
    with database.connect(db_url) as other:
        assert delivery_steps.check(other, key, place, progress=quiet).report.is_acceptable


def test_what_nobody_goes_on_with_is_put_aside_and_strange_files_are_removed(db, place, tmp_path):
    key, kept = (delivered(db, place, geopackage(tmp_path, STBHHX=red_lines())) for _ in range(2))
    (place.files.root / str(uuid4())).mkdir()
    (place.files.root / "notes.txt").write_text("")
    db.execute("UPDATE delivery SET changed_at = changed_at - interval '40 days' WHERE id = %s", [key])
    assert delivery_steps.tidy(db, place.files, days=30) == []
    old = time.time() - 3 * 86_400
    for folder in place.files.root.iterdir():
        os.utime(folder, (old, old))
    gone = delivery_steps.tidy(db, place.files, days=30)
    assert key in gone and kept not in gone and len(gone) == 2
    assert deliveries.get(db, key).state == "discarded"
    with pytest.raises(UnknownRecordError, match="重新上传"):
        place.files.find(key)
    assert place.files.find(kept).name == "data.gpkg"
    assert (place.files.root / "notes.txt").exists()
    assert deliveries.discard_idle(db, older_than=timedelta(days=30)) == []


@pytest.mark.parametrize("name", ["../../etc/passwd", "..", "a\0b.gpkg", "C:\\x\\数据.gpkg", "长" * 300 + ".gpkg", "\u202egpj.exe", ""])
def test_a_file_name_is_only_a_name(place, name):
    kept = place.files.keep(io.BytesIO(b"x"), name=name)
    assert kept.path.parent.parent == place.files.root
    assert kept.path.read_bytes() == b"x"
    assert len(harmless_name(name).encode()) <= 255
    assert harmless_name(name).isprintable()


KILLED = """
import sys
from uuid import UUID
from pathlib import Path
from layers import database, delivery_steps
from layers.deliveries import Actor
from layers.delivery_files import DeliveryFiles
from layers.delivery_steps import Place

def progress(share, text):
    if text.startswith(sys.argv[4]):
        print("here", flush=True)
        sys.stdin.readline()

if __name__ == "__main__":
    place = Place(files=DeliveryFiles(Path(sys.argv[3])), epsg=4547, max_secrecy="internal")
    with database.connect(sys.argv[1]) as conn:
        delivery_steps.stage(conn, UUID(sys.argv[2]), place, Actor("甲", "乙"), progress=progress)
"""


@pytest.mark.parametrize("step", ["质检并写入“", "写入“"])
def test_a_killed_step_leaves_nothing_and_the_next_try_succeeds(db, db_url, place, tmp_path, step):
    key = delivered(db, place, geopackage(tmp_path, STBHHX=red_lines([square(row * 150.0) for row in range(60)])))
    script = tmp_path / "killed.py"
    script.write_text(textwrap.dedent(KILLED), encoding="utf-8")
    arguments = [sys.executable, str(script), db_url, str(key), str(place.files.root), step]
    environment = {**os.environ, "PYTHONPATH": str(Path(layers.__file__).parents[1])}
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout.readline() == b"here\n"
        with pytest.raises(DeliveryBusyError):
            deliveries.locked(db, key)
        db.rollback()
        process.send_signal(signal.SIGKILL)
        process.wait()
    for _ in range(100):
        try:
            deliveries.locked(db, key)
            break
        except DeliveryBusyError:
            db.rollback()
            time.sleep(0.1)
    db.rollback()
    assert deliveries.get(db, key).state == "received"
    assert versions.history(db, "ecological_redline") == []
    version = delivery_steps.stage(db, key, place, BY, progress=quiet)
    assert versions.get(db, version).dataset.feature_count == 60


def test_a_coverage_with_a_hole_of_no_points_is_refused_in_words(db):
    outer = [[114.0, 29.5], [114.1, 29.5], [114.1, 29.6], [114.0, 29.5]]
    with pytest.raises(DatasetRefusedError, match="有效的面"):
        coverage_of(db, {"type": "Polygon", "coordinates": [outer, []]}, epsg=EPSG, county=None)
    assert coverage_of(db, {"type": "Polygon", "coordinates": [outer]}, epsg=EPSG, county=None).area > 0
