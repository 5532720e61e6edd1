"""A load of writes of several kinds on a service, and what the store holds of them after something was killed."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import people
from applications import IN_ZONE, application, ring
from running_service import Running, sent

from layers import checks, database
from layers.audit import chain as audit_chain

CHECKS = f"/api/v1/checks?crs={IN_ZONE['crs']}"
LOGIN, PASSWORD = "writer", "long and not breached 7361"
MARK = {"rule": "HB-001a", "feature_id": "J1", "reason": "图斑已调出", "evidence": "批复 12 号"}


LOCKED = 403


@dataclass
class Written:
    """What was answered as done: reports by id, overrides by id, session cookies; and how often a client was cut off or refused."""

    checks: dict[str, bytes] = field(default_factory=dict)
    overrides: dict[str, str] = field(default_factory=dict)
    sessions: list[str] = field(default_factory=list)
    cut_off: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    odd: list[tuple[int, bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def total(self) -> int:
        """How many writes were acknowledged."""
        return len(self.checks) + len(self.overrides) + len(self.sessions)


@contextmanager
def writing(service: Running, written: Written, *, clients: int = 4, seed: int = 0) -> Iterator[Written]:
    """Have clients write without pause until the block ends: checks, marks on them, and sign-ins."""
    ended = threading.Event()

    def client(number: int) -> None:
        rng = random.Random(seed * 100 + number)
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
        while not ended.is_set():
            try:
                _one(connection, rng, written, service)
            except (OSError, http.client.HTTPException):
                with written.lock:
                    written.cut_off += 1
                connection.close()
                time.sleep(0.05)
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield written
    finally:
        ended.set()
        for thread in threads:
            thread.join(timeout=70)


def _one(connection: http.client.HTTPConnection, rng: random.Random, written: Written, service: Running) -> None:
    kind = rng.random()
    if kind < 0.05:
        _sign_in(connection, written, service)
        return
    case = f"W-{rng.randrange(10**9)}"
    status, headers, body = sent(connection, "POST", CHECKS, application(case_no=case, coordinates=[ring(95, 20)]))
    if not _took(written, status, body):
        return
    check = headers["location"].rpartition("/")[2]
    with written.lock:
        written.checks[check] = body
    if kind < 0.4:
        status, headers, body = sent(connection, "POST", f"/api/v1/checks/{check}/overrides", MARK)
        if _took(written, status, body):
            with written.lock:
                written.overrides[str(json.loads(body)["id"])] = check


def _sign_in(connection: http.client.HTTPConnection, written: Written, service: Running) -> None:
    """Fill in the form, as a browser does."""
    own = {
        "Host": f"127.0.0.1:{service.port}",
        "Origin": f"http://127.0.0.1:{service.port}",
        "Sec-Fetch-Site": "same-origin",
    }
    connection.request("GET", "/sign-in", headers=own)
    page = connection.getresponse()
    cookie = "; ".join(value.partition(";")[0] for name, value in page.getheaders() if name.lower() == "set-cookie")
    text = page.read().decode()
    if page.status != 200:
        _took(written, page.status, text.encode())
        return
    token = text.partition('name="csrf" value="')[2].partition('"')[0]
    form = urlencode({"login": LOGIN, "password": PASSWORD, "code": "", "next": "/", "csrf": token})
    connection.request(
        "POST", "/sign-in", form, own | {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
    )
    answer = connection.getresponse()
    body = answer.read()
    given = [value.partition(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    session = [value.partition("=")[2] for value in given if "cuntu_session=" in value and value.partition("=")[2]]
    if answer.status == 303 and session:
        with written.lock:
            written.sessions.append(session[0])
    elif answer.status == LOCKED:
        # Tries are counted before the password is looked at: such that a crash cut off may have locked the account, which is told nobody.
        with written.lock:
            written.refused[LOCKED] = written.refused.get(LOCKED, 0) + 1
    else:
        _took(written, answer.status, body)


def _took(written: Written, status: int, body: bytes) -> bool:
    if status == 201:
        return True
    with written.lock:
        written.refused[status] = written.refused.get(status, 0) + 1
        if status not in (429, 503, 507):
            written.odd.append((status, body[:400]))
    return False


def assert_all_there_and_nothing_half(url: str, written: Written) -> int:
    """Every acknowledged write is in the store as it was answered, every act has its entry and every entry its act, the chain holds.

    Returns how many acts are there that nobody was told of (cut off between commit and answer).
    """
    assert written.odd == []
    with database.connect(url) as conn:
        kept = {str(line.id): checks.get(conn, line.id) for line in checks.latest(conn, limit=1_000_000)}
        assert set(written.checks) <= set(kept), "an acknowledged check is lost"
        for name, body in written.checks.items():
            assert kept[name].report == body
        for check in kept.values():
            told = json.loads(check.report)
            assert (told["id"], told["verdict"]) == (str(check.id), check.verdict)
        marks = {str(row[0]): str(row[1]) for row in conn.execute("SELECT id, check_id FROM check_override").fetchall()}
        assert written.overrides.items() <= marks.items(), "an acknowledged override is lost"
        secrets = {bytes(row[0]) for row in conn.execute("SELECT secret_sha256 FROM session").fetchall()}
        assert {_digest(secret) for secret in written.sessions} <= secrets, "an acknowledged session is lost"
        _assert_audited(conn, set(kept), set(marks), len(secrets))
        conn.commit()
        found = audit_chain.verify(conn)
        assert found.faults == []
    return len(kept) + len(marks) + len(secrets) - written.total


def _digest(secret: str) -> bytes:
    from layers.identities import digest

    return digest(secret)


def _assert_audited(conn: Any, kept: set[str], marks: set[str], sessions: int) -> None:
    told = conn.execute(
        "SELECT action, object, payload::jsonb -> 'details' FROM audit.entry WHERE result = 'done'"
    ).fetchall()
    checked = [thing.partition("/")[2] for action, thing, _ in told if action == "checks.make"]
    assert sorted(checked) == sorted(kept), "checks and their entries differ"
    assert sum(action == "checks.override" for action, _, _ in told) == len(marks)
    assert sum(action == "account.sign_in" for action, _, _ in told) == sessions


def writer(conn: Any) -> None:
    """Note a person who signs in with a password."""
    from api.access.passwords import hash_password

    people.person_with(
        conn,
        "写入员",
        ("planner",),
        token="cuntu_" + "writer-testing".ljust(43, "0"),
        login=LOGIN,
        password_hash=hash_password(PASSWORD),
    )
