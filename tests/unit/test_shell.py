"""The shell without a service behind it: rates, places, time limits, and whose address counts."""

from __future__ import annotations

import asyncio
import os

import pytest

from api.access.caller import Caller
from api.shell.client import ClientAddress, networks_of
from api.shell.frame import Frame
from api.shell.places import COSTLY, Places
from api.shell.rates import Buckets, Rate
from api.shell.sizes import MOST_ADDRESS_BYTES, MOST_HEADER_BYTES, MOST_HEADERS, SizeLimits
from api.shell.throttle import address_of
from spatial.errors import InputError


def scope(path="/", *, method="GET", client="10.0.0.9", headers=(), query=b""):
    return {"type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": query, "scheme": "http",
            "client": (client, 1234), "headers": [(name.encode(), value.encode()) for name, value in headers]}  # fmt: skip


def costly(**more):
    """A request of somebody known for what takes long."""
    return scope("/api/v1/sites", method="POST") | {"state": {"caller": Caller(kind="token", account_id=1)}} | more


async def ok(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def asked(app, request, *, body=b""):
    """Send one request; return status, headers and body of the answer."""
    sent = []

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    await app(request, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def seen_as(trusted, client, *headers, scheme=None):
    """The address and the scheme that the application sees."""
    found = {}

    async def look(request, _receive, _send):
        found.update(request)

    given = [("x-forwarded-for", value) for value in headers] + ([("x-forwarded-proto", scheme)] if scheme else [])
    asyncio.run(ClientAddress(look, trusted=networks_of(trusted))(scope(client=client, headers=given), None, None))
    return found["client"][0], found["scheme"]


def test_what_others_than_a_trusted_proxy_say_of_the_address_counts_nothing():
    assert seen_as("", "10.0.0.9", "1.2.3.4", scheme="https") == ("10.0.0.9", "http")
    assert seen_as("10.0.0.1", "10.0.0.9", "1.2.3.4", scheme="https") == ("10.0.0.9", "http")


def test_a_trusted_proxy_is_believed_for_the_last_address_only():
    assert seen_as("10.0.0.0/24", "10.0.0.9", "1.2.3.4", scheme="https") == ("1.2.3.4", "https")
    assert seen_as("10.0.0.0/24", "10.0.0.9", "6.6.6.6, 1.2.3.4") == ("1.2.3.4", "http")
    assert seen_as("10.0.0.0/24", "10.0.0.9", "6.6.6.6", "1.2.3.4") == ("1.2.3.4", "http")
    assert seen_as("10.0.0.0/24", "10.0.0.9", "6.6.6.6, 1.2.3.4, 10.0.0.7") == ("1.2.3.4", "http")
    assert seen_as("10.0.0.0/24", "10.0.0.9", "6.6.6.6, 127.0.0.1' OR 1=1, 10.0.0.7") == ("10.0.0.7", "http")
    assert seen_as("10.0.0.0/24", "10.0.0.9") == ("10.0.0.9", "http")


@pytest.mark.parametrize(("written", "meant"), [("1.2.3.4:5678", "1.2.3.4"), ("[2001:db8::1]:80", "2001:db8::1"), ("2001:db8::1", "2001:db8::1"), ("::ffff:1.2.3.4", "1.2.3.4")])
def test_addresses_are_read_as_proxies_write_them(written, meant):
    assert seen_as("10.0.0.9", "10.0.0.9", written)[0] == meant


def test_a_list_of_proxies_that_cannot_be_read_is_refused_naming_each():
    with pytest.raises(InputError) as error:
        networks_of("10.0.0.1, nonsense, 10.0.0.0/99")
    assert len(error.value.problems) == 2


def test_one_person_has_a_whole_network_of_the_newer_kind():
    assert address_of(scope(client="2001:db8::1")) == address_of(scope(client="2001:db8::ffff:2")) != address_of(scope(client="2001:db8:0:1::1"))


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


def test_as_many_as_the_rate_says_may_come_at_once_and_then_one_by_one():
    clock = Clock()
    buckets, rate = Buckets(64, clock=clock), Rate.read("6/min")
    assert [buckets.take(rate, "a") for _ in range(6)] == [0.0] * 6
    assert buckets.take(rate, "a") == pytest.approx(10.0)
    assert buckets.take(rate, "b") == 0.0
    clock.now += 10
    assert (buckets.take(rate, "a"), buckets.take(rate, "a") > 0) == (0.0, True)
    clock.now += 3_600
    assert [buckets.take(rate, "a") > 0 for _ in range(7)] == [False] * 6 + [True]


def test_a_bucket_is_shared_with_processes_forked_later():
    buckets, rate = Buckets(64), Rate.read("2/h")
    assert buckets.take(rate, "a") == 0.0
    child = os.fork()
    if child == 0:
        os._exit(0 if buckets.take(rate, "a") == 0.0 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert buckets.take(rate, "a") > 0


def test_of_more_keys_than_places_the_one_not_used_for_longest_gives_way():
    clock = Clock()
    buckets, rate = Buckets(4, clock=clock), Rate.read("1/h")
    for key in range(4):
        clock.now += 1
        assert buckets.take(rate, "k", key) == 0.0
    clock.now += 1
    assert buckets.take(rate, "k", 9) == 0.0
    assert buckets.take(rate, "k", 3) > 0
    assert buckets.take(rate, "k", 0) == 0.0


@pytest.mark.parametrize("text", ["", "5", "0/s", "-1/s", "5/day", "1.5/s", "a/s"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(ValueError, match="no rate"):
        Rate.read(text)


@pytest.mark.parametrize(("request_", "status"), [
    (scope(), 200),
    (scope("/" + "a" * MOST_ADDRESS_BYTES), 414),
    (scope(query=b"a" * (MOST_ADDRESS_BYTES + 1)), 414),
    (scope(headers=[("x-a", "b" * MOST_HEADER_BYTES)]), 431),
    (scope(headers=[(f"x-{n}", "b") for n in range(MOST_HEADERS + 1)]), 431),
    (scope(headers=[("host", "a"), ("host", "b")]), 400),
    (scope(headers=[("authorization", "a"), ("authorization", "b")]), 400),
], ids=["small", "path", "query", "headers", "many headers", "two hosts", "two tokens"])  # fmt: skip
def test_what_is_too_large_or_said_twice_is_refused_before_it_is_looked_at(request_, status):
    found, _, body = asyncio.run(asked(SizeLimits(ok), request_))
    assert found == status
    assert len(body) < 2_000


def test_costly_requests_wait_for_a_place_in_order_and_are_refused_when_too_many_wait():
    async def run():
        going = asyncio.Event()
        order = []

        async def slow(request, receive, send):
            order.append(request["number"])
            await going.wait()
            await ok(request, receive, send)

        places = Places(slow, places=2, wait_s=30, most_waiting=2)
        tasks = []
        for number in range(5):
            tasks.append(asyncio.create_task(asked(places, costly(number=number))))
            await asyncio.sleep(0)
        refused = await tasks[4]
        assert order == [0, 1]
        going.set()
        answers = await asyncio.gather(*tasks[:4])
        assert order == [0, 1, 2, 3] and places.taken == 0
        return [status for status, _, _ in answers], refused

    statuses, refused = asyncio.run(run())
    assert statuses == [200] * 4
    assert (refused[0], refused[1][b"retry-after"]) == (503, b"5")


def test_who_is_nobody_takes_no_place_and_does_not_wait_for_one_before_others():
    """The route refuses them anyway."""

    async def run():
        places = Places(ok, places=1, wait_s=0.01, most_waiting=1)
        places.taken = 1
        return [(await asked(places, request))[0] for request in (costly(state={"caller": Caller(kind="anonymous")}), costly())]

    assert asyncio.run(run()) == [200, 503]


def test_a_place_is_given_back_by_who_waited_too_long_and_by_who_failed():
    async def run():
        async def broken(*_):
            raise RuntimeError

        places = Places(broken, places=1, wait_s=0.01)
        with pytest.raises(RuntimeError):
            await asked(places, costly())
        places.taken = 1
        status, _, _ = await asked(places, costly())
        return status, places.taken, places._waiting

    assert asyncio.run(run()) == (503, 1, [])


@pytest.mark.parametrize(("method", "path", "costly"), [
    ("POST", "/api/v1/sites", True), ("POST", "/api/v1/proposals", True), ("GET", "/api/v1/checks/x/proposals", True), ("GET", "/api/v1/checks/x.pdf", True),
    ("GET", "/api/v1/layers/road/versions/3/export", True), ("GET", "/api/v1/layers/road/versions/3/compare/4", True), ("GET", "/layers/road/compare/3/4", True),
    ("POST", "/api/v1/checks", False), ("GET", "/api/v1/checks/x", False), ("GET", "/api/v1/layers", False), ("GET", "/tiles/road/1/1/1.mvt", False),
])  # fmt: skip
def test_which_requests_are_costly(method, path, costly):
    pattern = COSTLY.get(method)
    assert bool(pattern and pattern.fullmatch(path)) == costly


def test_a_request_nobody_answers_in_time_is_answered_503_and_what_comes_later_is_dropped():
    async def run():
        async def late(request, receive, send):
            await receive()
            await asyncio.sleep(0.2)
            await ok(request, receive, send)

        return await asked(Frame(late, limit_s=0.05), scope("/slow"))

    status, headers, body = asyncio.run(run())
    assert (status, headers[b"content-type"]) == (503, b"application/problem+json")
    assert len(headers[b"x-request-id"]) == 16
    assert body.count(b"{") == 1 and b"ok" not in body


def test_an_answer_that_has_begun_is_not_cut():
    async def run():
        async def long(_request, _receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await asyncio.sleep(0.1)
            await send({"type": "http.response.body", "body": b"ok"})

        return await asked(Frame(long, limit_s=0.02), scope())

    status, _, body = asyncio.run(run())
    assert (status, body) == (200, b"ok")


def test_an_unexpected_error_is_answered_with_the_number_it_has_in_the_log(caplog):
    async def broken(*_):
        raise RuntimeError("/secret/path SELECT 1")

    found = []

    async def run():
        async def send(message):
            found.append(message)

        with pytest.raises(RuntimeError):
            await Frame(broken, limit_s=5)(scope("/x"), None, send)

    asyncio.run(run())
    number = dict(found[0]["headers"])[b"x-request-id"].decode()
    assert found[0]["status"] == 500
    assert number in found[1]["body"].decode() and "secret" not in found[1]["body"].decode()
    assert number in caplog.text
