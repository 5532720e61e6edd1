"""The shapes of seats, people and accounts on the wire. What is asked for has no place for anything else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.iso_times import Day
from layers.accounts import Account
from layers.catalog import Secrecy
from layers.seats import Holding, Person, Seat

PRINTED = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$"
"""A text of one line, without what turns the direction of writing."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60, pattern=PRINTED)]
Unit = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=PRINTED)]
Login = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,39}$")]
PlaceCode = Annotated[str, StringConstraints(pattern=r"^([0-9]{9}|[0-9]{12})$")]
RoleId = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]
Number = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


class Asked(BaseModel):
    """What a request may say, and no more."""

    model_config = ConfigDict(extra="forbid")


class SeatRequest(Asked):
    """A new seat; `place_code` of a town (nine digits) or village (twelve), none for the whole county."""

    title: Name
    unit: Unit
    place_code: PlaceCode | None = None
    secrecy: Secrecy = "internal"
    roles: list[RoleId] = Field(default=[], max_length=20)


class EndRequest(Asked):
    """From which day something ends; today unless told."""

    on: Day | None = None


class AppointmentRequest(Asked):
    """Who is to hold a seat: somebody known by number, or somebody new by name; from today unless told, until further notice."""

    person_id: Number | None = None
    person: Name | None = None
    held_from: Day | None = None
    held_to: Day | None = None

    @model_validator(mode="after")
    def _one_person(self) -> AppointmentRequest:
        if (self.person_id is None) == (self.person is None):
            raise ValueError("either person_id or person")
        return self


class PersonRequest(Asked):
    """A new person."""

    name: Name


class AccountRequest(Asked):
    """A new account of a person; its owner sets the password by the link that is answered."""

    person_id: Number
    login: Login


class SubjectRequest(Asked):
    """Under which subject the identity provider knows the owner of an account; null for none."""

    subject: Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=PRINTED)] | None


class FirstAdministratorRequest(Asked):
    """What the first administrator says of themselves, and the secret of their link."""

    secret: Secret
    login: Login
    name: Name
    unit: Unit
    title: Name
    password: Annotated[str, StringConstraints(max_length=1_000)]


class RoleEntry(BaseModel):
    """A role with what it may do; one `of_town` is for seats of a town or village only, those it `excludes` are for other people."""

    id: str
    title: str
    permissions: list[str]
    of_town: bool
    excludes: list[str]


@dataclass(frozen=True, kw_only=True)
class SeatDetail(Seat):
    """A seat with its holders, the latest first."""

    holdings: list[Holding]


class LinkEntry(BaseModel):
    """A link that sets a password once; the only time it is told."""

    account_id: int
    link: str = Field(description="站内地址，交给本人打开；只显示这一次")
    expires_at: datetime


class Roles(BaseModel):
    """All roles."""

    roles: list[RoleEntry]


class Seats(BaseModel):
    """All seats, those ended last."""

    seats: list[Seat]


class People(BaseModel):
    """All people, by name."""

    people: list[Person]


class Accounts(BaseModel):
    """All accounts, those disabled last."""

    accounts: list[Account]


REQUESTS: tuple[type[BaseModel], ...] = (
    SeatRequest, EndRequest, AppointmentRequest, PersonRequest, AccountRequest, SubjectRequest, FirstAdministratorRequest,
)  # fmt: skip
