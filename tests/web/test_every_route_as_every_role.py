"""Every address of the application, as everybody: what is answered is exactly what the table says. New addresses are called without being named here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import anyio
import people
import pytest
from fastapi.testclient import TestClient

from api.access import table
from api.access.permissions import OPEN, roles
from api.app import create_app, routed
from api.settings import Settings
from layers import county_time, database, sessions
from layers.databases import create_database, drop_database

TOWN, OTHER_TOWN = "421223100", "421223101"
OWN = "account.own"
SOME_ID = "00000000-0000-0000-0000-000000000000"
GENEROUS = dict.fromkeys(("rate_caller", "rate_address", "rate_sign_in", "rate_refused"), "1000000/s")
BAD_TOKENS = ("expired", "revoked", "forged", "garbled")
ROWS = table.rows(routed())


@dataclass
class Service:
    client: TestClient
    headers: dict[str, dict[str, str]]
    filled: dict[str, str] = field(default_factory=dict)


def everybody(url: str) -> dict[str, dict[str, str]]:
    """A person of each role (a town's seat where the role is of towns), and secrets that do not hold."""
    headers = {
        role.id: people.somebody(url, role.id, [role.id], place=TOWN if role.of_town else None)
        for role in roles().values()
    }
    headers["foreign town"] = people.somebody(url, "foreign", ["town_clerk"], place=OTHER_TOWN)
    headers["expired"] = people.somebody(url, "expired", people.WORKERS, expires=timedelta(seconds=-1))
    headers["revoked"] = people.somebody(url, "revoked", people.WORKERS)
    with database.connect(url) as conn:
        conn.execute(
            "UPDATE api_token SET revoked_at = now() WHERE account_id = (SELECT a.id FROM account a JOIN person p ON p.id = a.person_id WHERE p.name = 'revoked')"
        )
    headers["forged"] = people.headers_of("cuntu_" + "forged".ljust(43, "9"))
    headers["garbled"] = people.headers_of("cuntu_<script>")
    return headers | {f"{role}, signed in": signed_in(url, role) for role in roles()} | {"nobody": {}}


def signed_in(url: str, name: str) -> dict[str, str]:
    """What the browser of a person sends from a page of this service."""
    with database.connect(url) as conn:
        [account] = conn.execute(
            "SELECT a.id FROM account a JOIN person p ON p.id = a.person_id WHERE p.name = %s", (name,)
        ).fetchone()
        _, secret = sessions.start(
            conn, account=account, address="127.0.0.1", second_factor=True, lasts=timedelta(hours=1), today=county_time.today()
        )
    return {"Cookie": f"cuntu_session={secret}", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def url(server_url, county_template):
    name = f"cuntu_roles_{uuid4().hex[:12]}"
    yield create_database(server_url, name, template=county_template)
    drop_database(server_url, name)


@pytest.fixture(scope="module")
def headers(url):
    return everybody(url)


def serving(url, folder, headers, *, anonymous):
    settings = Settings(data_dir=folder, upload_dir=folder / "kept", anonymous=anonymous, **GENEROUS)
    with TestClient(create_app(settings, database_url=url), raise_server_exceptions=False) as client:
        yield Service(client, headers)


@pytest.fixture(scope="module")
def closed(url, tmp_path_factory, headers):
    yield from serving(url, tmp_path_factory.mktemp("closed"), headers, anonymous=False)


@pytest.fixture(scope="module")
def opened(url, tmp_path_factory, headers):
    yield from serving(url, tmp_path_factory.mktemp("opened"), headers, anonymous=True)


def address(path: str) -> str:
    """A path with something in the place of each parameter."""
    parts = [
        ("1" if part.endswith(":int}") else "css/site.css" if path.startswith("/static/") else SOME_ID)
        if part.startswith("{")
        else part
        for part in path.split("/")
    ]
    return "/".join(parts) if "{z}" not in path else "/tiles/village/12/1/1.mvt"


def asked(service: Service, row: table.Row, who: str) -> tuple[int, bool]:
    """Send a request to the application itself; tell its status, and whether the body was asked for."""
    read = False
    told: dict[str, Any] = {}

    async def receive():
        nonlocal read
        if read:  # whoever waits for the client to go waits until the answer is sent
            await anyio.sleep_forever()
        read = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            told.update(message)

    sent = [
        (b"host", b"testserver"),
        *((name.lower().encode(), value.encode()) for name, value in service.headers[who].items()),
    ]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": row.method, "scheme": "http", "path": address(row.path),
        "raw_path": address(row.path).encode(), "query_string": b"", "root_path": "", "headers": sent, "client": ("127.0.0.1", 50_000),
        "server": ("testserver", 80), "state": {},
    }  # fmt: skip
    service.client.portal.call(service.client.app, scope, receive, send)
    return int(told["status"]), read


def problems(service: Service, who: str, allows) -> list[str]:
    """Call every address and say where the answer is not what the table says. What is refused before its body is read was refused by the guard."""
    found = []
    for row in ROWS:
        status, read = asked(service, row, who)
        if allows(row) and status in (401, 403) and not read:
            found.append(f"{row.method} {row.path}: refused ({status})")
        if not allows(row) and (status != (401 if who == "nobody" else 403) or read):
            found.append(f"{row.method} {row.path}: {status}{', its body was read' if read else ''}")
    return found


@pytest.mark.parametrize("role", sorted(roles()))
def test_every_address_answers_each_role_as_the_table_says(closed, role):
    assert problems(closed, f"{role}, signed in", lambda row: row.allows(role)) == []


@pytest.mark.parametrize("role", sorted(roles()))
def test_a_token_opens_the_same_but_for_what_a_person_does_with_their_own_account(closed, role):
    assert problems(closed, role, lambda row: row.allows(role) and row.permission != OWN) == []


def test_somebody_of_another_town_may_use_the_same_addresses(closed):
    assert problems(closed, "foreign town", lambda row: row.allows("town_clerk") and row.permission != OWN) == []


@pytest.mark.parametrize("who", ["nobody", *BAD_TOKENS])
def test_nobody_and_secrets_that_do_not_hold_get_only_what_is_open(closed, who):
    guarded = [row for row in ROWS if row.permission != OPEN]
    answers = {f"{row.method} {row.path}": asked(closed, row, who) for row in guarded}
    assert {name: answer for name, answer in answers.items() if answer != (401, False)} == {}


def test_without_signing_in_the_open_addresses_answer(closed):
    answers = {f"{row.method} {row.path}": asked(closed, row, "nobody")[0] for row in ROWS if row.permission == OPEN}
    assert {name for name, status in answers.items() if status == 401} == set()


def test_where_a_deployment_allows_it_nobody_in_particular_sees_what_is_public(opened):
    assert problems(opened, "nobody", lambda row: row.allows(table.NOBODY)) == []


@pytest.mark.parametrize("who", BAD_TOKENS)
def test_a_secret_that_does_not_hold_is_refused_even_there(opened, who):
    guarded = [row for row in ROWS if row.permission != OPEN]
    assert {asked(opened, row, who) for row in guarded} == {(401, False)}


def test_the_table_has_every_route_of_the_application(closed):
    described = {
        (path, method.upper())
        for path, item in closed.client.get("/openapi.json").json()["paths"].items()
        for method in item
    }
    listed = {(row.path.replace(":path}", "}"), row.method) for row in ROWS}
    assert table.rows(closed.client.app) == ROWS
    assert described <= listed
    assert {("/static/{path}", "GET"), ("/openapi.json", "GET"), ("/healthz", "GET")} <= listed
    assert {row.path for row in ROWS if not row.guarded} == {"/static/{path}", "/openapi.json"}
