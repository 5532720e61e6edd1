"""Many counties on a Dask cluster: the bytes of a direct check, whatever is killed, taken up again, or broken."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely
from distributed import LocalCluster
from planning import EPSG, KNOWN_AT, PROPERTIES, TYPES, VALID_ON, checked, county_layers, here
from typer.testing import CliRunner

from api.cli.commands import app
from api.province import ClusterError, Order, ProvinceError, check_county, check_province
from layers.county_set import county_folders, read_county_set, write_county_set
from layers.errors import CountySetError
from spatial.permit import applications_from_frame, check
from spatial.rules.pack import load_pack

ORDER = Order(VALID_ON, KNOWN_AT, chunk=50)
CODES = ("421221", "421222", "421223", "421224")


def silent(share: float, doing: str = "") -> None:
    """Say nothing."""


def frame(count: int) -> gpd.GeoDataFrame:
    """Applications strewn over the village, some on every layer."""
    random = np.random.default_rng(8)
    sites = [here(east, north) for east, north in random.uniform(-950, 930, size=(count, 2))]
    rows = [{**PROPERTIES, "case_no": f"A-{row}", "storeys": 1 + row % 4} for row in range(count)]
    return gpd.GeoDataFrame(rows, geometry=sites, crs=f"EPSG:{EPSG}")


def make_sets(root: Path, *, count: int = 150, codes: tuple[str, ...] = CODES) -> Path:
    """County sets with the same ground, each in a 3-degree zone of its own."""
    for place, code in enumerate(codes):
        epsg = EPSG + place % 3
        layers = {name: replace(layer, epsg=epsg) for name, layer in county_layers().items()}
        applications = frame(count).set_crs(f"EPSG:{epsg}", allow_override=True)
        write_county_set(root / code, county_code=code, name=f"试县{place}", epsg=epsg, layers=layers, village_types=TYPES, applications=applications)
    return root


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sets(tmp_path_factory.mktemp("province"))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1") as made:
        yield made


def directly(folder: Path) -> str:
    """The hash of a county's reports, checked here and in one go."""
    county = read_county_set(folder)
    applications = applications_from_frame(county.applications, epsg=county.epsg)
    found = check(applications, county.layers, pack=load_pack("house-building", county=county.county_code), valid_on=VALID_ON, known_at=KNOWN_AT,
                  village_types=county.village_types, threads=1)  # fmt: skip
    return hashlib.sha256(b"".join(found.report_bytes(row) + b"\n" for row in range(len(found)))).hexdigest()


def test_a_set_gives_back_the_layers_to_the_last_bit(sets: Path) -> None:
    found, layers = read_county_set(sets / "421221"), county_layers()
    assert found.layers.keys() == layers.keys()
    for name, layer in layers.items():
        read = found.layers[name]
        assert read.dataset == layer.dataset
        assert shapely.to_wkb(read.features).tolist() == shapely.to_wkb(layer.features).tolist()
        assert read.ids.tolist() == layer.ids.tolist()
        assert {key: values.tolist() for key, values in read.attributes.items()} == {key: values.tolist() for key, values in layer.attributes.items()}


def test_a_county_of_files_gives_the_reports_of_a_county_in_memory(sets: Path) -> None:
    county = read_county_set(sets / "421223")
    features = [{"type": "Feature", "geometry": shape, "properties": PROPERTIES | {"case_no": f"A-{row}", "storeys": 1 + row % 4}}
                for row, shape in enumerate(county.applications.geometry)]  # fmt: skip
    here_ = checked(features, {name: replace(layer, epsg=county.epsg) for name, layer in county_layers().items()})
    assert directly(sets / "421221") == directly(sets / "421221")
    assert len(here_) == len(county.applications)


def test_every_county_is_checked_in_its_own_zone_with_the_bytes_of_a_direct_check(sets: Path, cluster: Any, tmp_path: Path) -> None:
    found = check_province(sets, tmp_path, ORDER, report=silent, scheduler=cluster.scheduler_address)
    assert [item.county_code for item in found] == list(CODES)
    assert {item.county_code: item.sha256 for item in found} == {code: directly(sets / code) for code in CODES}
    assert all(sum(item.verdicts.values()) == item.applications == 150 for item in found)
    assert len({item.sha256 for item in found}) == len(CODES)
    assert (tmp_path / "province.xlsx").is_file()


def test_a_worker_killed_half_way_changes_no_byte(tmp_path: Path, cluster: Any) -> None:
    root = make_sets(tmp_path / "sets", count=400, codes=CODES[:2])
    out = tmp_path / "out"
    killed = threading.Event()

    def kill() -> None:
        while not list(out.glob("*/part-000002.ndjson")):
            time.sleep(0.01)
        for pid in cluster.scheduler_info_pids:
            os.kill(pid, signal.SIGKILL)
        killed.set()

    cluster.scheduler_info_pids = [worker.process.pid for worker in cluster.workers.values()]
    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    found = check_province(root, out, ORDER, report=silent, scheduler=cluster.scheduler_address)
    thread.join(timeout=90)
    assert killed.is_set()
    assert {item.county_code: item.sha256 for item in found} == {code: directly(root / code) for code in CODES[:2]}
    assert not list(out.rglob("*.tmp"))


def test_a_second_run_does_only_what_is_missing(sets: Path, tmp_path: Path) -> None:
    first = check_county(str(sets / "421221"), str(tmp_path), ORDER)
    parts = sorted((tmp_path / "421221").glob("part-*.ndjson"))
    kept = parts[0].stat().st_mtime_ns
    parts[1].unlink()
    assert check_county(str(sets / "421221"), str(tmp_path), ORDER) == first
    assert parts[0].stat().st_mtime_ns == kept


def test_results_of_another_day_are_never_mixed(sets: Path, tmp_path: Path) -> None:
    check_county(str(sets / "421221"), str(tmp_path), ORDER)
    with pytest.raises(CountySetError, match="另一次审查"):
        check_county(str(sets / "421221"), str(tmp_path), replace(ORDER, valid_on=VALID_ON.replace(day=2)))


def test_a_broken_county_is_named_and_the_others_are_kept(tmp_path: Path, cluster: Any) -> None:
    root = make_sets(tmp_path / "sets", count=20, codes=CODES[:3])
    broken = root / "421222/layers/land_use.parquet"
    broken.write_bytes(broken.read_bytes()[:-40])
    (root / "421223/coverages.parquet").unlink()
    with pytest.raises(ProvinceError) as refused:
        check_province(root, tmp_path / "out", ORDER, report=silent, scheduler=cluster.scheduler_address)
    assert [text.partition("：")[0] for text in refused.value.problems] == ["421222", "421223"]
    assert "land_use.parquet" in str(refused.value)
    assert "coverages.parquet" in str(refused.value)
    assert list((tmp_path / "out/421221").glob("part-*.ndjson"))
    assert not (tmp_path / "out/province.json").exists()


def test_a_set_with_a_shape_that_crosses_itself_is_refused_with_its_layer_and_feature(tmp_path: Path) -> None:
    """Another program wrote it: half of a bow tie's area is negative, and would take away from what it lies on."""
    layers = county_layers()
    farmland = layers["basic_farmland"]
    west, south, east, north = here(0, 0, 40, 40).bounds
    tie = shapely.Polygon([(west, south), (east, north), (east, south), (west, north)])
    crossing = np.array([tie], dtype=object)
    attributes = {name: values[:1] for name, values in farmland.attributes.items()} if len(farmland.features) else {}
    layers["basic_farmland"] = replace(farmland, features=crossing, ids=np.array(["J7"], dtype=object), attributes=attributes, pieces=crossing,
                                       piece_feature=np.zeros(1, dtype=np.int64))  # fmt: skip
    write_county_set(tmp_path / "421223", county_code="421223", name="试县", epsg=EPSG, layers=layers, village_types=TYPES, applications=frame(3))
    with pytest.raises(CountySetError) as refused:
        read_county_set(tmp_path / "421223")
    assert [text.partition("：")[0] for text in refused.value.problems] == ["图层 basic_farmland 的要素 J7"]


def test_a_directory_without_counties_and_a_county_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CountySetError, match="没有县级数据集"):
        county_folders(tmp_path)
    make_sets(tmp_path, count=1, codes=("421221",))
    (tmp_path / "421221").rename(tmp_path / "a")
    make_sets(tmp_path, count=1, codes=("421221",))
    with pytest.raises(CountySetError, match="421221：421221、a"):
        check_province(tmp_path, tmp_path / "out", ORDER, report=silent)


def test_a_cluster_that_does_not_answer_is_one_clear_error(sets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.province.CONNECT_S", 1)
    with pytest.raises(ClusterError, match=r"连不上 Dask 集群 tcp://127\.0\.0\.1:9"):
        check_province(sets, tmp_path, ORDER, report=silent, scheduler="tcp://127.0.0.1:9")


def test_the_command_checks_a_province(sets: Path, cluster: Any, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["check", "--province", str(sets), "--scheduler", cluster.scheduler_address, "--results", str(tmp_path), "--json",
                                    "--valid-on", VALID_ON.isoformat(), "--known-at", KNOWN_AT.isoformat()])  # fmt: skip
    assert done.exit_code == 0, done.output
    assert all(f'"{code}"' in done.stdout for code in CODES)
