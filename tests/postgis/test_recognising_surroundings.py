"""What a county already holds, as recognition uses it: outline and references of the versions in force."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from delivered_files import asked, of_a_web_map, raw_dataset
from frames import EPSG, buildings, meta, published, red_lines, square
from small_county import villages

from layers.recognising import surroundings as module
from layers.recognising.recogniser import recognise
from layers.recognising.surroundings import surroundings

HOUSES = [square(60.0 * (row % 20) + 7 * (row % 3), 55.0 * (row // 20) + 5 * (row % 7), side=9 + row % 5) for row in range(300)]


def test_an_empty_county_has_nothing_around(db):
    found = surroundings(db, epsg=EPSG)
    assert (found.epsg, found.extent, dict(found.references)) == (EPSG, None, {})


def test_the_outline_is_that_of_the_villages_where_there_is_no_county_layer(db):
    published(db, villages(), meta("village"))
    found = surroundings(db, epsg=EPSG)
    assert found.extent.symmetric_difference(villages().union_all()).area < 1e-6
    assert set(found.references) == {"village"}


def test_references_are_those_of_the_version_in_force(db):
    published(db, red_lines([square()]), meta())
    published(db, red_lines([square(500), square(900)]), meta())
    reference = surroundings(db, epsg=EPSG).references["ecological_redline"]
    assert reference.identifiers.tolist() == ["H0000", "H0001"]
    assert shapely.equals(reference.geometries, [square(500), square(900)]).all()


def test_layers_in_another_system_are_no_references(db):
    published(db, red_lines(), meta())
    assert len(surroundings(db, epsg=4548).references["ecological_redline"].identifiers) == 0


def test_of_a_large_layer_a_sample_is_read_that_its_identifiers_alone_decide(db, monkeypatch):
    monkeypatch.setattr(module, "MOST_FEATURES", 40)
    frame = buildings(HOUSES)
    published(db, frame, meta("building"))
    first = surroundings(db, epsg=EPSG).references["building"].identifiers
    published(db, frame.iloc[::-1], meta("building"))
    again = surroundings(db, epsg=EPSG).references["building"].identifiers
    assert 10 <= len(first) <= 80
    assert set(first) == set(again)


@pytest.mark.parametrize("most", [40, 4_000])
def test_scrambled_houses_are_caught_against_the_store(db, monkeypatch, most):
    monkeypatch.setattr(module, "MOST_FEATURES", most)
    published(db, villages(), meta("village"))
    frame = buildings(HOUSES)
    published(db, frame, meta("building"))
    around = surroundings(db, epsg=EPSG)
    assert asked(recognise(raw_dataset(of_a_web_map(frame, "gcj02"), "ZRZ"), around)) == ["datum.gcj02"]
    assert asked(recognise(raw_dataset(frame.to_crs(4490), "ZRZ"), around)) == []
    unknown = frame.assign(ZRZH=[f"neu{row}" for row in range(len(frame))])
    assert asked(recognise(raw_dataset(of_a_web_map(unknown, "bd09"), "ZRZ"), around)) == ["datum.bd09"]
    assert asked(recognise(raw_dataset(unknown, "ZRZ"), around)) == []
    assert np.isfinite(shapely.bounds(around.references["building"].geometries)).all()
