"""Seats, people and accounts for tests, made through the acts of the administration."""

from __future__ import annotations

from datetime import timedelta

import orjson

from api.access import administration, administration_accounts
from api.moment import Moment
from layers import accounts, identities, seats

TODAY = Moment.now().valid_on
DAY = timedelta(days=1)
GOOD = "河边三棵柳树, 1 rowing boat"
"""A password that nothing is to be said against."""


def seat_of(db, *roles, title="规划岗", unit="规划股", place=None, county="421223"):
    return administration.make_seat(
        db, title=title, unit=unit, named=roles, place_code=place, secrecy="internal", county=county
    )


def holder(db, seat, day):
    return seats.get(db, seat, today=day).person


def administrator(db, name="首任管理员", *, held_to=None, password="kept"):
    seat = seat_of(db, "administrator", title=f"{name}席")
    person = seats.new_person(db, name)
    accounts.open_account(db, person=person, login=f"a{person}", password_hash=password)
    return seat, person, administration.appoint(db, seat, person=person, held_to=held_to)


def noted(db):
    """What the audit has of this transaction's acts once it is committed."""
    db.commit()
    return [orjson.loads(row[0]) for row in db.execute("SELECT payload FROM audit.entry ORDER BY id")]


def opened(db, name="甲某", login=None, **told):
    person = seats.new_person(db, name)
    return administration_accounts.open_account(db, person=person, login=login or f"a{person}", **told)


def in_office(db, account, *roles, title="某岗"):
    """A seat of some roles, held by an account's person."""
    seat = administration.make_seat(
        db, title=title, unit="某股", named=roles, place_code=None, secrecy="internal", county="421223"
    )
    administration.appoint(db, seat, person=accounts.get(db, account).person_id)
    return seat


def signed_in(db, account, seat, secret="s" * 43):
    db.execute(
        "INSERT INTO session (id, account_id, seat_id, secret_sha256, address, ends_at)"
        " VALUES (gen_random_uuid(), %s, %s, %s, '', now() + interval '1 hour')",
        (account, seat, identities.digest(secret)),
    )
    return secret


def who(db, secret):
    return identities.of_session(db, secret, today=TODAY, idle=timedelta(minutes=15))


def kept_hash(db, account):
    return db.execute("SELECT password_hash FROM account WHERE id = %s", (account,)).fetchone()[0]
