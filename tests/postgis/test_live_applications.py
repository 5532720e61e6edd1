"""The register of live applications: what was under way at a moment stays the answer for that moment."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import psycopg
import pytest
from frames import EPSG, buildings, meta, moment, published, square
from planning import layer

from api.checks.live_register import MOMENTS_KEPT, REGISTERS_KEPT, LiveRegister
from layers import applications, database, snapshot, versions
from layers.acting import as_service
from layers.applications import Application


def an_application(case_no="A-1", household_id="H-1", **changes):
    base = {"case_no": case_no, "properties": {"household_id": household_id}, "geometry": square(side=12), "epsg": EPSG}
    return Application(**base | changes)


def now(db):
    return db.execute("SELECT clock_timestamp()").fetchone()[0]


def live(db, known_at):
    found = applications.live(db, known_at=known_at, epsg=EPSG)
    return dict(zip(found.ids, found.attributes["household_id"], strict=True))


def test_the_register_holds_what_came_in_until_it_is_settled(db):
    before = now(db)
    applications.save(db, [an_application(), an_application("A-2", None)])
    between = now(db)
    applications.settle(db, ["A-1"])
    assert live(db, before) == {}
    assert live(db, between) == {"A-1": "H-1", "A-2": None}
    assert live(db, now(db)) == {"A-2": None}
    assert [item.case_no for item in applications.everything(db)] == ["A-1", "A-2"]


def test_a_changed_application_is_known_as_it_was_and_as_it_is(db):
    applications.save(db, [an_application()])
    first = now(db)
    applications.save(db, [an_application(household_id="H-2", geometry=square(side=20))])
    assert live(db, first) == {"A-1": "H-1"} and live(db, now(db)) == {"A-1": "H-2"}
    areas = [applications.live(db, known_at=at, epsg=EPSG).features[0].area for at in (first, now(db))]
    assert areas == pytest.approx([144, 400])


def test_saving_the_same_again_changes_nothing_in_the_register(db):
    applications.save(db, [an_application()])
    changed = applications.last_change(db, known_at=now(db))
    applications.save(db, [an_application()])
    assert applications.last_change(db, known_at=now(db)) == changed
    assert applications.last_change(db, known_at=datetime(2020, 1, 1, tzinfo=UTC)) is None


def test_a_settled_application_that_comes_in_again_is_live_again(db):
    applications.save(db, [an_application()])
    applications.settle(db, ["A-1"])
    applications.save(db, [an_application()])
    assert live(db, now(db)) == {"A-1": "H-1"}


@pytest.mark.parametrize("change", ["DELETE FROM application_record", "UPDATE application_record SET household_id = 'H-9'", "TRUNCATE application_record"])
def test_what_was_once_in_the_register_is_kept(db, change):
    applications.save(db, [an_application()])
    with pytest.raises(psycopg.errors.RestrictViolation):
        db.execute(change)


def test_the_rows_are_read_once_for_each_change(db_url):
    with database.pool(db_url, max_size=2) as pool:
        register = LiveRegister(pool, epsg=EPSG)
        with pool.connection() as conn:
            applications.save(conn, [an_application()])
        with pool.connection() as conn:
            first, second = now(conn), now(conn)
        assert register.at(first) is register.at(second)
        with pool.connection() as conn:
            applications.settle(conn, ["A-1"])
            later = now(conn)
        assert (len(register.at(first).ids), len(register.at(later).ids)) == (1, 0)


def test_of_each_moment_and_each_change_it_asks_once_and_a_lent_connection_is_used(db_url, monkeypatch):
    asked, calls = [], {name: getattr(applications, name) for name in ("last_change", "live")}

    def noted(name):
        return lambda conn, **told: asked.append((name, conn)) or calls[name](conn, **told)

    for name in calls:
        monkeypatch.setattr(applications, name, noted(name))
    with database.pool(db_url, max_size=1, timeout_s=0.2) as pool:
        register = LiveRegister(pool, epsg=EPSG)
        with as_service(), pool.connection() as conn:
            first, second = now(conn), now(conn)
            lent = [register.at(first, conn), register.at(first, conn), register.at(second, conn)]
        assert {id(used) for _, used in asked} == {id(conn)}
        # Without an application there is no change either, and each moment stands for itself.
        assert [name for name, _ in asked] == ["last_change", "live", "last_change", "live"]
        assert register.at(first) is lent[0] is lent[1]
        assert len(asked) == 4


def test_of_many_moments_only_the_last_are_kept(db_url):
    with database.pool(db_url, max_size=2) as pool:
        register = LiveRegister(pool, epsg=EPSG)
        with pool.connection() as conn:
            moments = [now(conn) for _ in range(3 * MOMENTS_KEPT)]
        for known_at in moments:
            register.at(known_at)
        assert list(register._changes) == moments[-MOMENTS_KEPT:] and len(register._registers) == REGISTERS_KEPT


def test_of_a_village_wide_layer_all_of_the_subjects_village_is_read(db):
    published(db, buildings([square(900, 900, 10), square(3_000, 0, 10)]), meta("building"))
    wanted = versions.in_force(db, valid_on=date(2024, 1, 1), known_at=moment("2099-01-01"))
    sites, villages = np.array([square(10, 10, 12)], dtype=object), layer("village", [square(side=1_000), square(2_000, 0, 2_000)])
    near = snapshot.pruned(db, wanted, sites, radius_m={"road": 5, "building": np.inf}, epsg=EPSG, village_wide={"building"}, villages=villages)
    plain = snapshot.pruned(db, wanted, sites, radius_m={"road": 5, "building": 5}, epsg=EPSG)
    assert (len(near["building"].features), len(plain["building"].features)) == (1, 0)
