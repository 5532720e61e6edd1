"""The people of the demo county stand nowhere in clear: not in a dump, not in any answer, and a service without the key goes on."""

from __future__ import annotations

import base64
import subprocess

import invented
import numpy as np
import pytest
from fastapi.testclient import TestClient
from people import HEADERS

from api.app import create_app
from api.personal import cipher_of
from api.settings import Settings
from layers import applicants, database
from layers.postgres import Programs

WINDOW, PART = 6, 1 << 22
"""No form of a name of three signs is shorter."""
WRITTEN = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")


@pytest.fixture(scope="module")
def everybody(demo_url, demo_key):
    """Every applicant of the demo county, as whoever has the key reads them."""
    with database.connect(demo_url) as conn:
        cases = [row[0] for row in conn.execute("SELECT case_no FROM application")]
        found = applicants.of_cases(conn, cipher_of(Settings(database_url=demo_url, key_file=demo_key)), cases)
    assert len(found) == len(cases) > 100
    invented.note(found.values())
    return list(found.values())


def secrets_of(people):
    for person in people:
        for who in (person, *person.members):
            yield from filter(None, (who.name, who.identity_number, getattr(who, "phone", None)))


def forms(text):
    """The bytes that a text may stand as: in several encodings, as hexadecimal digits, and in base64 wherever it begins within three bytes."""
    for encoding in WRITTEN:
        raw = text.encode(encoding)
        yield raw
        yield raw.hex().encode()
        yield raw.hex().upper().encode()
        for shift in range(3):
            inner = base64.b64encode(b"\0" * shift + raw)[(0, 2, 3)[shift] :]
            yield inner.rstrip(b"=")[: len(inner.rstrip(b"=")) - (1 if (shift + len(raw)) % 3 else 0)]


def windows(content):
    """The first `WINDOW` bytes from every place in some bytes, as numbers."""
    read = np.frombuffer(content, dtype=np.uint8).astype(np.uint64)
    found = np.zeros(max(len(read) - WINDOW + 1, 0), dtype=np.uint64)
    for place in range(WINDOW):
        found |= read[place : place + len(found)] << np.uint64(8 * place)
    return found


def found_in(content, people):
    """Return whose texts stand in some bytes in any form: places that begin like one of them are looked at closely."""
    wanted: dict[int, list[tuple[bytes, str]]] = {}
    for text in set(secrets_of(people)):
        for form in forms(text):
            wanted.setdefault(int.from_bytes(form[:WINDOW], "little"), []).append((form, text))
    beginnings, found = np.array(sorted(wanted), dtype=np.uint64), set()
    for start in range(0, len(content), PART):
        here = windows(content[start : start + PART + WINDOW - 1])
        nearest = beginnings[np.minimum(np.searchsorted(beginnings, here), len(beginnings) - 1)]
        for place in (np.flatnonzero(nearest == here) + start).tolist():
            begun = int.from_bytes(content[place : place + WINDOW], "little")
            found.update(text for form, text in wanted[begun] if content.startswith(form, place))
    return sorted(found)


def dump(url):
    program = Programs.find_clients().folder / "pg_dump"
    made = subprocess.run([program, "--format=plain", f"--dbname={url}"], capture_output=True, check=False)
    assert made.returncode == 0, made.stderr.decode()
    return made.stdout


@pytest.mark.slow
def test_a_dump_of_the_demo_holds_nobody_in_clear(demo_url, everybody):
    content = dump(demo_url)
    assert b"COPY public.applicant " in content and b"COPY public.applicant_member " in content
    assert len(list(secrets_of(everybody))) > 1000
    assert found_in(content, everybody) == []


@pytest.mark.parametrize("form", range(24))
def test_the_search_finds_each_form(everybody, form):
    several = list(forms(everybody[0].name))
    assert len(several) == 24
    assert everybody[0].name in found_in(b"ab" + several[form] + b"cd", everybody[:1])


@pytest.mark.parametrize("shift", range(3))
def test_the_search_finds_base64_wherever_it_begins(everybody, shift):
    for text in (everybody[0].name, everybody[0].phone, everybody[0].identity_number):
        content = base64.b64encode(b"x" * shift + text.encode() + b"yz")
        assert text in found_in(content, everybody[:1])


def test_no_answer_to_anybody_holds_them(demo_url, demo_key, everybody, tmp_path):
    settings = Settings(database_url=demo_url, key_file=demo_key, upload_dir=tmp_path)
    case = everybody[0].case_no
    with TestClient(create_app(settings, database_url=demo_url), headers=HEADERS) as client:
        for path in (
            "/api/v1/applications?limit=200", "/applications", f"/applications/{case}", f"/api/v1/applications/{case}/applicant", "/checks", "/",
            "/api/v1/villages", "/ogc/collections?f=json", "/maps/village-types", "/apply", "/openapi.json",
        ):  # fmt: skip
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert [text for text in secrets_of(everybody) if text in answer.text] == [], path
        listed = client.get("/api/v1/applications?limit=200").json()
        assert listed["unreadable"] is None and all("*" in item["name"] for item in listed["applications"])
        assert all(item["village_code"] for item in listed["applications"])


def test_the_same_household_has_the_same_people_in_each_of_its_cases(everybody, demo_url, demo_key):
    cipher = cipher_of(Settings(database_url=demo_url, key_file=demo_key))
    with database.connect(demo_url) as conn:
        several = [applicants.cases_of(conn, cipher, person.identity_number) for person in everybody]
        households = dict(conn.execute("SELECT case_no, properties ->> 'household_id' FROM application").fetchall())
    for person, cases in zip(everybody, several, strict=True):
        assert set(cases) >= {
            case for case, household in households.items() if household and household == households[person.case_no]
        }
