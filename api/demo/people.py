"""One ready account for each role in the demo county, with invented people. A deployment has none of them.

Passwords are made for each installation and kept in a file that only its user can read; each start of the demo says them.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from api.access import keys, passwords
from api.access.permissions import roles
from api.demo.county import OwnDataError
from api.moment import Moment
from api.settings import Settings
from layers import accounts, audit, credentials, seats

Connection = psycopg.Connection[Any]

FILE = "demo-accounts.json"
BUREAU = "示例县自然资源和规划局"
TOWN = "421223100"


@dataclass(frozen=True, kw_only=True)
class DemoAccount:
    """Somebody invented: their role and seat, and what to sign in with."""

    role: str
    name: str
    unit: str
    title: str
    place_code: str | None = None
    secrecy: str = "internal"
    password: str = ""

    @property
    def login(self) -> str:
        """The name of the role does."""
        return self.role


PEOPLE = (
    DemoAccount(role="viewer", name="柳示查", unit=BUREAU, title="综合查询岗"),
    DemoAccount(role="town_clerk", name="田示办", unit="天城镇人民政府", title="村镇建设经办岗", place_code=TOWN),
    DemoAccount(role="planner", name="方示规", unit=BUREAU, title="村庄规划岗"),
    DemoAccount(role="publisher", name="何示布", unit=BUREAU, title="数据发布岗"),
    DemoAccount(role="reviewer", name="严示审", unit=BUREAU, title="审查复核岗"),
    DemoAccount(role="auditor", name="程示计", unit=BUREAU, title="安全审计岗"),
    DemoAccount(role="administrator", name="管示理", unit=BUREAU, title="系统管理岗"),
)


def refuse_own(conn: Connection) -> None:
    """Raise OwnDataError where the database is somebody's own: it has an administrator, or one of the demo's logins is somebody else's."""
    found = {account.login: account.person for account in accounts.listed(conn)}
    own = [person for person in PEOPLE if found.get(person.login) == person.name]
    others = [person.login for person in PEOPLE if found.get(person.login) not in (None, person.name)]
    if others or (not own and seats.administered(conn, today=Moment.now().valid_on).today):
        raise OwnDataError(
            "数据库中已有本单位的账户，不能载入示例县。请用另一个数据库（CUNTU_DATABASE_URL 或 CUNTU_DATA_DIR）。"
        )


def prepare(conn: Connection, settings: Settings) -> list[DemoAccount]:
    """Have the accounts of the demo county with the passwords of this installation; what is there already is left as it is.

    Raises OwnDataError where the database is somebody's own.
    """
    seats.lock(conn)
    refuse_own(conn)
    kept = _passwords(keys.beside_cluster(settings).with_name(FILE))
    people = [DemoAccount(**{**vars(person), "password": kept[person.role]}) for person in PEOPLE]
    for person in people:
        _have(conn, person)
    return people


def role_title(person: DemoAccount) -> str:
    """Return the Chinese title of somebody's role."""
    return roles()[person.role].title


def _have(conn: Connection, person: DemoAccount) -> None:
    today = Moment.now().valid_on
    found = credentials.of_login(conn, person.login)
    if found is None:
        number = seats.new_person(conn, person.name)
        account = accounts.open_account(
            conn,
            person=number,
            login=person.login,
            password_hash=passwords.hash_password(person.password),
            must_change=False,
        )
        seat = seats.named(conn, unit=person.unit, title=person.title)
        if seat is None:
            seat = seats.new_seat(
                conn,
                title=person.title,
                unit=person.unit,
                roles=[person.role],
                place_code=person.place_code,
                secrecy=person.secrecy,
            )
            seats.appoint(conn, seat=seat, person=number, held_from=today)
        audit.note(
            conn,
            "accounts.open",
            f"account/{account}",
            details={"login": person.login, "seat": f"{person.unit}／{person.title}", "demo": True},
        )
    elif not passwords.verify(found.password_hash, person.password):
        accounts.set_password(conn, found.id, passwords.hash_password(person.password))
        accounts.end_grants(conn, found.id)
        audit.note(
            conn, "accounts.reset_password", f"account/{found.id}", details={"login": person.login, "demo": True}
        )


def _passwords(path: Path) -> dict[str, str]:
    """Read the passwords of this installation, making those that are not there yet; nobody else on the machine can read the file."""
    try:
        kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        kept = {}
    missing = {person.role: secrets.token_urlsafe(12) for person in PEOPLE if not kept.get(person.role)}
    if missing:
        kept = kept | missing
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{FILE}-{secrets.token_hex(8)}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1)
        draft.replace(path)
    return kept
