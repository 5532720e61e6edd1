"""Typing the real villages of the county from what is publicly known of them: a code, a name, a place, a list. The rest is unknown, and stays so."""

from __future__ import annotations

import re
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from frames import EPSG, meta, moment, published

from layers import snapshot, versions
from spatial.crs import CGCS2000, reproject
from spatial.rules.pack import load_pack
from spatial.village_types import LABELS, classify

pytestmark = pytest.mark.shared

VALID_ON = date(2026, 3, 1)
KNOWN_AT = moment("2099-01-01")
CHINESE = re.compile("[\u4e00-\u9fff]{4}")
FOOTPRINT_M = 100.0


@pytest.fixture(scope="module")
def villages(shared_dir):
    """The 179 villages with a known point: their Voronoi cell, or 300 m round the point where it was too doubtful for a cell."""
    folder = shared_dir / "data" / "reference"
    table = pd.read_csv(folder / "chongyang_421223_villages.csv", dtype={"code": str, "town_code": str})
    table = table[table["lng_wgs84"].notna()].reset_index(drop=True)
    cells = gpd.read_file(folder / "chongyang_421223_village_cells_DERIVED_voronoi.geojson").set_index("code").geometry
    points = np.asarray(shapely.points(table[["lng_wgs84", "lat_wgs84"]].to_numpy()), dtype=object)
    places = reproject(points, source=CGCS2000, target=EPSG)
    shapes = shapely.buffer(places, 300.0)
    known = table["code"].isin(cells.index).to_numpy()
    shapes[known] = reproject(cells[table["code"][known]].to_numpy(), source=CGCS2000, target=EPSG)
    lists = ("中国传统村落名录（第" + table["ctv_batch"] + "批）").where(table["ctv_batch"].notna(), None)
    columns = {"ZLDWDM": table["code"], "ZLDWMC": table["name_2023"], "XZQDM": table["town_code"], "XZQMC": table["town"],
               "unit_type": table["unit_type"], "heritage_lists": lists}  # fmt: skip
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=EPSG)
    frame["place"] = places
    return frame


def store_and_type(conn, frame, *, others=()):
    """Publish the villages and other layers, and type them with what the store gives back."""
    coverage = shapely.box(*frame.total_bounds).buffer(10_000)
    published(conn, frame.drop(columns="place"), meta("village", coverage=coverage, synthetic=False))
    for layer, other in others:
        published(conn, other, meta(layer, coverage=coverage))
    layers = snapshot.load(conn, versions.in_force(conn, valid_on=VALID_ON, known_at=KNOWN_AT), epsg=EPSG)
    pack = load_pack("village-types", county="421223")
    found = classify(layers, pack=pack, valid_on=VALID_ON, known_at=KNOWN_AT)
    return pd.DataFrame([found.village(row) for row in range(len(found))]).set_index("village_code"), found


def by_rule(evidence, rule_id):
    return [item for item in evidence if item["rule_id"] == rule_id]


def surroundings(frame):
    """Invented settlements round the real points, and control layers that are loaded but lie far from all of them."""
    far = [shapely.box(*(frame.total_bounds[:2] - 9_000), *(frame.total_bounds[:2] - 8_000))]
    patches = {"BSM": frame["ZLDWDM"], "CZCSXM": "203", "CZCDM": frame["ZLDWDM"], "CZCMC": frame["ZLDWMC"]}
    return [
        ("settlement", gpd.GeoDataFrame(patches, geometry=shapely.buffer(frame["place"].to_numpy(), FOOTPRINT_M), crs=EPSG)),
        ("hazard", gpd.GeoDataFrame({"hazard_no": ["1"], "zone": ["danger"]}, geometry=far, crs=EPSG)),
        ("ecological_redline", gpd.GeoDataFrame({"BSM": ["1"], "zone": ["other"]}, geometry=far, crs=EPSG)),
        ("water_source", gpd.GeoDataFrame({"source_no": ["1"], "zone": ["primary"]}, geometry=far, crs=EPSG)),
        ("urban_boundary", gpd.GeoDataFrame({"BSM": ["1"]}, geometry=far, crs=EPSG)),
    ]


def test_every_village_gets_a_reason_and_none_gets_an_invented_type(db, villages):
    found, classification = store_and_type(db, villages)
    assert len(found) == 179
    assert list(found.index) == villages["ZLDWDM"].tolist()
    assert set(found["village_type"]) == {"undetermined"}
    assert found["reason"].map(lambda text: bool(CHINESE.search(text))).all()
    assert not found["decided"].any()
    assert classification.village_types("run").types == {}
    assert (found["footprint_m2"] == 0).all()
    assert found["missing"].map(len).min() >= 11


def test_the_list_of_traditional_villages_is_evidence_and_nothing_else_is(db, villages):
    found, _ = store_and_type(db, villages)
    listed = villages["heritage_lists"].notna().to_numpy()
    assert listed.sum() == 4
    for is_listed, evidence in zip(listed, found["evidence"], strict=True):
        (rule,) = by_rule(evidence, "VC-21")
        assert rule["outcome"] == ("match" if is_listed else "no_data")
        matches = {item["rule_id"] for item in evidence if item["outcome"] == "match"}
        assert matches - {"VC-61", "VC-90"} == ({"VC-21"} if is_listed else set())
        for item in evidence:
            for condition in item["conditions"]:
                known = condition["field"] == "missing_required_fields" or (is_listed and condition["field"] == "heritage_lists")
                assert known or condition["value"] is None, condition
                assert known or condition["value_label"] == "未知", condition


def test_names_and_codes_come_back_as_they_are(db, villages):
    found, _ = store_and_type(db, villages)
    assert found["name"].tolist() == villages["ZLDWMC"].tolist()
    assert found["town"].tolist() == villages["XZQMC"].tolist()
    assert set(found["village_type_label"]) == {LABELS["undetermined"]}


def test_once_danger_and_relocation_are_ruled_out_the_list_decides(db, villages):
    """A village not on the national list may be on another, so for those the list stays unknown and they stay undetermined."""
    frame = villages.assign(status="normal", in_relocation_plan=False, major_project=False)
    found, _ = store_and_type(db, frame, others=surroundings(villages))
    listed = villages["heritage_lists"].notna().to_numpy()
    assert set(found["village_type"][listed]) == {"characteristic_protection"}
    assert set(found["village_type"][~listed]) == {"undetermined"}
    assert found["decided"][listed].all()
    assert not found["decided"][~listed].any()
    assert found["reason"].map(lambda text: bool(CHINESE.search(text))).all()
    assert found["footprint_m2"].to_numpy() == pytest.approx(shapely.buffer(shapely.Point(0, 0), FOOTPRINT_M).area, abs=0.01)


def test_villages_verified_to_be_on_no_list_still_lack_the_required_figures(db, villages):
    stated = villages.assign(status="normal", in_relocation_plan=False, major_project=False, county_heritage_list=False)
    stated["heritage_lists"] = villages["heritage_lists"].fillna("")
    found, _ = store_and_type(db, stated, others=surroundings(villages))
    rest = found[(villages["heritage_lists"].isna()).to_numpy()]
    assert set(rest["village_type"]) == {"undetermined"}
    assert rest["missing"].map(lambda names: "户籍人口" in names and "常住人口" in names).all()
    assert rest["reason"].map(lambda text: bool(CHINESE.search(text))).all()
