"""Seats and who holds them: what the rules allow, and that what was stays as it was."""

from __future__ import annotations

import threading

import psycopg
import pytest
from offices import DAY, TODAY, administrator, holder, noted, seat_of

from api.access import administration
from api.access.administration import (
    HoldingOverError,
    LastAdministratorError,
    RoleConflictError,
    SeatEndedError,
)
from api.access.permissions import conflicts
from layers import acting, audit, database, seats
from layers.acting import Acting
from layers.errors import UnknownRecordError
from layers.seats import SeatExistsError, SeatHeldError
from spatial.errors import InputError


@pytest.fixture(autouse=True)
def by_an_administrator():
    with acting.on_behalf(
        Acting(
            channel="http", person="管理人", seat="管理席", secrecy="secret", places=None, permissions=frozenset({"*"})
        )
    ):
        yield


def test_a_seat_has_a_holder_from_a_day_to_a_day_and_a_history(db):
    seat = seat_of(db, "planner")
    first, second = seats.new_person(db, "甲某"), seats.new_person(db, "乙某")
    administration.appoint(db, seat, person=first, held_to=TODAY + 10 * DAY)
    administration.appoint(db, seat, person=second, held_from=TODAY + 10 * DAY)
    days = [TODAY - DAY, TODAY, TODAY + 9 * DAY, TODAY + 10 * DAY, TODAY + 400 * DAY]
    assert [holder(db, seat, day) for day in days] == [None, "甲某", "甲某", "乙某", "乙某"]
    assert [(held.person, held.held_to) for held in seats.holdings(db, seat=seat)] == [
        ("乙某", None),
        ("甲某", TODAY + 10 * DAY),
    ]


def test_two_people_never_hold_a_seat_on_the_same_day(db):
    seat = seat_of(db, "planner")
    administration.appoint(db, seat, person=seats.new_person(db, "甲某"), held_to=TODAY + 10 * DAY)
    other = seats.new_person(db, "乙某")
    db.commit()
    with pytest.raises(SeatHeldError):
        administration.appoint(db, seat, person=other, held_from=TODAY + 9 * DAY)


def test_an_act_keeps_the_holder_of_its_day_when_the_seat_goes_to_another(db):
    seat = seat_of(db, "publisher", title="发布岗")
    old, new = seats.new_person(db, "前任某"), seats.new_person(db, "后任某")
    seats.appoint(db, seat=seat, person=old, held_from=TODAY - 100 * DAY)
    with acting.on_behalf(Acting(channel="http", person_id=old, person="前任某", seat_id=seat, seat="发布岗")):
        audit.note(db, "layers.publish", "version/1")
    before = noted(db)[-1]
    [held] = seats.holdings(db, seat=seat)
    administration.end_holding(db, held.id)
    administration.appoint(db, seat, person=new)
    after = [entry for entry in noted(db) if entry["action"] == "layers.publish"]
    assert after == [before]
    assert (before["person"], before["seat_id"]) == ("前任某", seat)
    assert [holder(db, seat, day) for day in (TODAY - DAY, TODAY)] == ["前任某", "后任某"]


def test_the_record_of_a_holding_cannot_be_altered_not_even_by_sql(db):
    seat, person = seat_of(db, "planner"), seats.new_person(db, "甲某")
    seats.appoint(db, seat=seat, person=person, held_from=TODAY - 100 * DAY, held_to=TODAY - 50 * DAY)
    db.commit()
    for statement in (
        "UPDATE seat_holder SET person_id = 1 WHERE seat_id = %(seat)s",
        "UPDATE seat_holder SET held_from = held_from - 1 WHERE seat_id = %(seat)s",
        "UPDATE seat_holder SET held_to = NULL WHERE seat_id = %(seat)s",
        "DELETE FROM seat_holder WHERE seat_id = %(seat)s",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            db.execute(statement, {"seat": seat})
        db.rollback()
    [held] = seats.holdings(db, seat=seat)
    with pytest.raises(HoldingOverError):
        administration.end_holding(db, held.id)


def test_an_appointment_is_taken_back_on_its_first_day_and_stays_on_record(db):
    seat = seat_of(db, "planner")
    number = administration.appoint(db, seat, person=seats.new_person(db, "误任某"))
    assert administration.end_holding(db, number).held_to == TODAY
    assert holder(db, seat, TODAY) is None
    administration.appoint(db, seat, person=seats.new_person(db, "正任某"))
    assert [held.person for held in seats.holdings(db, seat=seat)] == ["正任某", "误任某"]


def test_what_has_been_is_not_changed_by_a_later_act(db):
    seat, person = seat_of(db, "planner"), seats.new_person(db, "甲某")
    db.commit()
    with pytest.raises(InputError, match="/held_from：不得早于今天"):
        administration.appoint(db, seat, person=person, held_from=TODAY - DAY)
    db.rollback()
    number = administration.appoint(db, seat, person=person, held_to=TODAY + 5 * DAY)
    with pytest.raises(InputError, match="/on：不得早于今天"):
        administration.end_holding(db, number, on=TODAY - DAY)
    with pytest.raises(InputError, match="不得晚于已定的到期日"):
        administration.end_holding(db, number, on=TODAY + 6 * DAY)


@pytest.mark.parametrize("held_to", [TODAY - DAY, TODAY])
def test_a_period_ends_after_it_begins(db, held_to):
    seat, person = seat_of(db, "planner"), seats.new_person(db, "甲某")
    with pytest.raises(InputError, match="/held_to：应晚于"):
        administration.appoint(db, seat, person=person, held_to=held_to)


def test_a_town_clerks_seat_needs_a_place_of_this_county(db):
    with pytest.raises(InputError, match="须写明 place_code"):
        seat_of(db, "town_clerk")
    with pytest.raises(InputError, match="不是本县的代码"):
        seat_of(db, "town_clerk", place="110101001")
    assert seats.get(db, seat_of(db, "town_clerk", place="421223100"), today=TODAY).place_code == "421223100"
    county = seat_of(db, "viewer", title="查询岗")
    with pytest.raises(InputError, match="须写明 place_code"):
        administration.give_role(db, county, "town_clerk")


def test_a_role_that_is_not_defined_is_refused(db):
    with pytest.raises(InputError, match="没有角色 king"):
        seat_of(db, "king")


def test_two_seats_of_a_unit_have_different_titles(db):
    seat_of(db, "planner")
    db.commit()
    with pytest.raises(SeatExistsError):
        seat_of(db, "viewer")


def test_roles_are_given_and_taken_and_the_audit_knows_it(db):
    seat = seat_of(db, "planner")
    assert administration.give_role(db, seat, "reviewer")
    assert not administration.give_role(db, seat, "reviewer")
    assert administration.take_role(db, seat, "planner")
    assert not administration.take_role(db, seat, "planner")
    assert seats.get(db, seat, today=TODAY).roles == ["reviewer"]
    acts = [(entry["action"], entry["object"], entry["details"].get("role")) for entry in noted(db)][-2:]
    assert acts == [
        ("accounts.give_role", f"seat/{seat}", "reviewer"),
        ("accounts.take_role", f"seat/{seat}", "planner"),
    ]


def test_an_ended_seat_takes_nobody_and_no_role(db):
    seat = seat_of(db, "planner")
    administration.appoint(db, seat, person=seats.new_person(db, "甲某"))
    administration.end_seat(db, seat)
    assert holder(db, seat, TODAY) is None
    for act in (
        lambda: administration.appoint(db, seat, person=seats.new_person(db, "乙某")),
        lambda: administration.give_role(db, seat, "viewer"),
        lambda: administration.end_seat(db, seat),
    ):
        with pytest.raises(SeatEndedError):
            act()


def test_a_seat_that_will_end_is_held_until_then_and_no_longer(db):
    seat, person = seat_of(db, "planner"), seats.new_person(db, "甲某")
    administration.appoint(db, seat, person=person)
    administration.end_seat(db, seat, on=TODAY + 30 * DAY)
    assert [holder(db, seat, TODAY + n * DAY) for n in (0, 29, 30)] == ["甲某", "甲某", None]
    other = seat_of(db, "planner", title="又一岗")
    administration.end_seat(db, other, on=TODAY + 30 * DAY)
    with pytest.raises(SeatEndedError):
        administration.appoint(db, other, person=person)
    administration.appoint(db, other, person=person, held_to=TODAY + 30 * DAY)


def test_unknown_numbers_are_told_as_such(db):
    seat = seat_of(db, "planner")
    for act in (
        lambda: administration.appoint(db, seat, person=9_999),
        lambda: administration.appoint(db, 9_999, person=1),
        lambda: administration.end_holding(db, 9_999),
        lambda: administration.end_seat(db, 9_999),
        lambda: administration.take_role(db, 9_999, "viewer"),
    ):
        with pytest.raises(UnknownRecordError):
            act()


def test_nobody_administers_and_audits_in_one_seat_or_in_two(db):
    with pytest.raises(RoleConflictError, match="管理员与审计员"):
        seat_of(db, "administrator", "auditor")
    _, person, _ = administrator(db)
    auditing, harmless = seat_of(db, "auditor", title="审计岗"), seat_of(db, "viewer", title="查询岗")
    with pytest.raises(RoleConflictError, match="此人同时担任"):
        administration.appoint(db, auditing, person=person)
    with pytest.raises(RoleConflictError):
        administration.appoint(db, auditing, person=person, held_from=TODAY + 300 * DAY)
    administration.appoint(db, harmless, person=person)
    with pytest.raises(RoleConflictError):
        administration.give_role(db, harmless, "auditor")


def test_who_administered_until_a_day_may_audit_from_that_day(db):
    administrator(db, "常任管理员")
    _, person, held = administrator(db, "轮换某")
    administration.end_holding(db, held, on=TODAY + 30 * DAY)
    auditing = seat_of(db, "auditor", title="审计岗")
    with pytest.raises(RoleConflictError):
        administration.appoint(db, auditing, person=person, held_from=TODAY + 29 * DAY)
    administration.appoint(db, auditing, person=person, held_from=TODAY + 30 * DAY)


def test_two_appointments_at_once_cannot_make_what_each_alone_could_not(db, db_url):
    administering, auditing = seat_of(db, "administrator", title="管理岗"), seat_of(db, "auditor", title="审计岗")
    person = seats.new_person(db, "两边某")
    db.commit()
    together, outcomes = threading.Barrier(2), []

    def appointed(seat):
        with database.connect(db_url) as conn:
            together.wait()
            try:
                administration.appoint(conn, seat, person=person)
                conn.commit()
                outcomes.append("done")
            except RoleConflictError:
                outcomes.append("refused")

    threads = [threading.Thread(target=appointed, args=(seat,)) for seat in (administering, auditing)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "refused"]
    held = {
        role
        for holding in seats.holdings(db, person=person)
        for role in seats.get(db, holding.seat_id, today=TODAY).roles
    }
    assert conflicts(held) == []


def test_the_last_administrator_keeps_the_seat(db):
    seat, _, held = administrator(db)
    for act in (
        lambda: administration.end_holding(db, held),
        lambda: administration.end_holding(db, held, on=TODAY + 100 * DAY),
        lambda: administration.take_role(db, seat, "administrator"),
        lambda: administration.end_seat(db, seat),
    ):
        db.commit()
        with pytest.raises(LastAdministratorError):
            act()
        db.rollback()
    assert holder(db, seat, TODAY) == "首任管理员"


@pytest.mark.parametrize(
    ("successor", "may_go"),
    [
        ({}, True),
        ({"held_to": TODAY + 100 * DAY}, False),  # then there would be nobody
        ({"password": None}, False),  # who cannot sign in does not count
    ],
)
def test_an_administrator_may_go_once_another_stays(db, successor, may_go):
    _, _, held = administrator(db)
    administrator(db, "继任某", **successor)
    db.commit()
    if may_go:
        administration.end_holding(db, held)
    else:
        with pytest.raises(LastAdministratorError):
            administration.end_holding(db, held)


def test_before_there_is_an_administrator_seats_can_be_ended(db):
    assert not seats.administered(db, today=TODAY).today
    administration.end_seat(db, seat_of(db, "administrator"))
