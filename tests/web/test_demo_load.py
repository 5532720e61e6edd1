from __future__ import annotations

import json

import pytest
from frames import EPSG, meta, red_lines

from api import classifying
from api.demo import county as demo_county
from api.moment import Moment
from api.settings import Settings
from layers import applications, checks, classifications, database, versions
from layers.catalog import catalog
from layers.demo import build


class CutOffError(Exception):
    """The program was killed here."""


def cut_off(*_args, **_options):
    raise CutOffError


@pytest.fixture(scope="module")
def county():
    return build(scale="small")


@pytest.fixture
def load(db_url, county, monkeypatch):
    monkeypatch.setattr(demo_county, "build", lambda **_options: county)

    def run(**options):
        with database.pool(db_url, max_size=4) as pool:
            return demo_county.load(pool, db_url, Settings(database_url=db_url), report=lambda share, doing="": None, **options)

    return run


def test_own_data_only_staged_are_own_data_too(db_url, settings):
    with database.connect(db_url) as conn:
        staged = versions.stage(conn, red_lines(), meta(synthetic=False), epsg=EPSG)
    with database.pool(db_url, max_size=2) as pool, pytest.raises(demo_county.OwnDataError):
        demo_county.load(pool, db_url, settings, report=lambda *_: None, scale="small")
    with database.connect(db_url) as conn:
        assert versions.get(conn, staged).status == "staged"


def test_a_load_that_was_cut_off_is_completed_and_nothing_is_there_twice(load, db, county, monkeypatch):
    whole = demo_county.load_frames

    def half(url, datasets, *, epsg, **_options):
        with database.connect(url) as conn:
            for frame, meta in datasets[:3]:
                versions.stage(conn, frame, meta, epsg=epsg)
        raise CutOffError

    now = Moment.now()
    monkeypatch.setattr(demo_county, "load_frames", half)
    with pytest.raises(CutOffError):
        load()
    assert versions.in_force(db, valid_on=now.valid_on, known_at=Moment.now().known_at) == {}
    db.rollback()

    monkeypatch.setattr(demo_county, "load_frames", whole)
    monkeypatch.setattr(classifying, "store", cut_off)
    with pytest.raises(CutOffError):
        load()
    assert classifications.recent(db) == []
    db.rollback()

    monkeypatch.undo()
    monkeypatch.setattr(demo_county, "build", cut_off)
    done = load()
    assert (done.layers, done.typed, done.checked) == (False, True, len(county.applications))
    assert {name: len(versions.history(db, name)) for name in catalog()} == {name: 2 if name in county.drafts else 1 for name in catalog()}
    assert len(applications.everything(db)) == checks.count(db) == len(county.applications)

    again = load()
    assert (again.layers, again.typed, again.checked) == (False, False, 0)
    assert checks.count(db) == len(county.applications)


def test_loading_again_makes_new_versions_and_keeps_the_old(load, db, county):
    load()
    load(again=True)
    for name in catalog():
        newest, oldest = (record for record in versions.history(db, name) if record.dataset.law_status == "in_force")
        assert newest.status == oldest.status == "published"
        assert oldest.dataset.known_to == newest.dataset.known_from
    drafts = {name: [record.status for record in versions.history(db, name) if record.dataset.law_status == "draft"] for name in catalog()}
    assert {name: states for name, states in drafts.items() if states} == {name: ["staged"] for name in county.drafts}


def test_every_application_of_the_small_county_gets_its_written_verdict_for_the_written_rules(load, db):
    load()
    wrong = {}
    for item in applications.everything(db):
        findings = json.loads(checks.get(db, item.check_id).report)["findings"]
        failed = sorted(f["rule_id"] + (f["branch"] or "") for f in findings if f["outcome"] == "fail")
        if (item.verdict, failed) != (item.expected["verdict"], sorted(item.expected["findings"])):
            unclear = [f["rule_id"] + (f["branch"] or "") for f in findings if f["outcome"] in ("no_data", "error")]
            wrong[item.case_no] = (item.expected["scenario"], item.verdict, failed, unclear)
    assert not wrong
