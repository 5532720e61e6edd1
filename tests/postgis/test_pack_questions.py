"""The SQL that the engine's speed is compared with asks the same questions: its areas and distances are those of the check."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import numpy as np
import planning
import pytest
from frames import EPSG, meta, moment, published
from house_sites import house_sites, places_on

from api.bench.footing import Footing
from api.bench.pack_batch import RESOLUTION, differences
from api.moment import Moment
from layers import baseline, database, pack_questions, snapshot, versions
from layers.databases import create_database, drop_database
from layers.demo import build
from spatial.permit import read_applications
from spatial.rules.pack import load_pack

SITES = 600
ON = date(2026, 6, 1)


@pytest.fixture(scope="module")
def asked(server_url, template_database):
    name = f"cuntu_test_{uuid4().hex[:12]}"
    url = create_database(server_url, name, template=template_database)
    pack = load_pack("house-building", county="421223")
    with database.connect(url) as conn:
        county = build(scale="small")
        frames = {layer: frame for layer, frame in county.layers.items() if layer in pack.layers}
        for layer, frame in frames.items():
            published(conn, frame, meta(layer, coverage=county.coverage))
        conn.commit()
        in_force = versions.in_force(conn, valid_on=ON, known_at=moment("2099-01-01"))
        layers = snapshot.load(conn, in_force, epsg=EPSG)
        places = places_on({layer: frame.geometry.to_numpy() for layer, frame in frames.items()}, each=40, seed=3)
        sites = house_sites(places, count=SITES, seed=4, scatter_m=20.0)
        baseline.store_sites(conn, sites, epsg=EPSG)
        conn.commit()
    form = read_applications([planning.application()], epsg_in=EPSG, epsg=EPSG)
    ground = Footing(pack, in_force, layers, None, form, Moment(ON, moment("2099-01-01")), EPSG)
    yield url, ground, sites
    drop_database(server_url, name)


@pytest.mark.parametrize("way", [0, -1])
def test_however_it_is_written_it_gives_the_amounts_of_the_check(asked, way):
    url, ground, sites = asked
    found = pack_questions.questions(ground.pack, ground.versions, on=ON)
    ways = [list(question.variants)[way] for question in found]
    _, answers = pack_questions.answer(url, found, ways, sites=SITES)
    checks = ground.check(ground.with_forms(sites), threads=1)
    areas, lengths = differences(ground, checks, answers)
    assert areas <= RESOLUTION
    assert lengths <= RESOLUTION
    assert sum(np.nansum(np.abs(values)) > 0 for values in answers.values()) > 30


def test_one_site_is_asked_the_same_by_one_statement(asked):
    url, ground, _ = asked
    found = pack_questions.questions(ground.pack, ground.versions, on=ON)
    ways = [next(iter(question.variants)) for question in found]
    statement = pack_questions.about_one_site(found, ways)
    with database.connect(url) as conn:
        for site in range(0, SITES, 60):
            [row] = conn.execute(statement.replace(":site", str(site))).fetchall()
            alone = [conn.execute(question.statement(way, first=site, last=site + 1)).fetchall() for question, way in zip(found, ways, strict=True)]
            told = [[] if answer is None else [tuple(number(value) for value in answer)] for answer in row]
            assert told == [[tuple(number(value) for value in only) for only in rows] for rows in alone]
            assert any(rows for rows in alone)


def number(value):
    return None if value is None or value == "" else pytest.approx(float(value), abs=1e-9)


def test_every_fact_about_overlaps_distances_and_clearances_is_asked(asked):
    _, ground, _ = asked
    wanted = {"overlap_area", "overlap_share", "outside_area", "distance", "clearance", "clearance_beyond", "placed_clearance", "sway_clearance",
              "strip_clearance", "building_gap"}  # fmt: skip
    names = {fact.partition(".")[0] for question in pack_questions.questions(ground.pack, ground.versions, on=ON) for fact in question.facts}
    missing = {name for name, spec in ground.pack.main.facts.items() if spec.measure in wanted and spec.layer in ground.layers} - names
    unset = {name for name in missing if all(row.value is None for row in ground.pack.parameter(ground.pack.main.facts[name].parameter or "", ON).values)}
    assert missing == unset


def test_the_fastest_way_is_one_of_the_ways(asked):
    url, ground, _ = asked
    found = pack_questions.questions(ground.pack, ground.versions, on=ON)
    for question, way in zip(found, pack_questions.fastest(url, found, sample=(0, 50)), strict=True):
        assert way in question.variants
