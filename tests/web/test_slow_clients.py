"""Clients that send too slowly or too much, on a real socket: each is answered and cut, and others are served meanwhile."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import people
import pytest
import uvicorn

from api.app import create_app
from api.processes.serving import listen
from api.shell import connection, frame
from api.shell.connection import CarefulConnection

REQUEST = b"POST /api/v1/checks HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 50\r\n"
SIGNED = f"Authorization: {people.HEADERS['Authorization']}\r\n\r\n".encode()


@pytest.fixture
def port(county_url, settings, monkeypatch) -> Iterator[int]:
    """The port of a service whose patience is half a second."""
    monkeypatch.setattr(connection, "HEADERS_WITHIN_S", 0.5)
    monkeypatch.setattr(frame, "SLOWEST_BYTES_PER_S", 1e9)
    app = create_app(settings.model_copy(update={"snapshot": False}), database_url=county_url)
    next(item for item in app.user_middleware if item.cls is frame.Frame).kwargs["patience_s"] = 0.5
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, http=CarefulConnection, ws="none", proxy_headers=False, server_header=False))
    listening = listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()
    listening.close()


def talk(port: int, *parts: bytes, pause_s: float = 0.0) -> bytes:
    """Send parts, with a pause after each, and read until the service closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        for part in parts:
            try:
                line.sendall(part)
            except OSError:
                break
            time.sleep(pause_s)
        answer = b""
        try:
            while more := line.recv(65_536):
                answer += more
        except ConnectionResetError:
            pass
        return answer


def test_a_connection_that_says_nothing_is_closed_without_a_word(port):
    assert talk(port) == b""


@pytest.mark.parametrize("head", [b"GET /healthz HTTP/1.1\r\nX-A: ", b"GET /heal"])
def test_headers_that_trickle_in_are_answered_408_and_cut(port, head):
    answer = talk(port, head, *[b"a"] * 8, pause_s=0.1)
    assert answer.startswith(b"HTTP/1.1 408 ") and b"application/problem+json" in answer


def test_line_ends_without_a_request_do_not_keep_a_connection(port):
    first = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    assert talk(port, first, *[b"\r\n"] * 8, pause_s=0.1).count(b"HTTP/1.1") <= 2


def test_a_body_that_trickles_in_is_answered_408_and_cut(port):
    answer = talk(port, REQUEST + SIGNED, *[b"{"] * 8, pause_s=0.1)
    assert answer.startswith(b"HTTP/1.1 408 ") and b"application/problem+json" in answer
    assert b"connection: close" in answer.lower()


def test_headers_without_end_are_not_read_on(port):
    answer = talk(port, b"GET /healthz HTTP/1.1\r\n", *[b"X-A: " + b"a" * 8_000 + b"\r\n"] * 40)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")


def test_what_is_no_http_is_a_problem_document_that_names_no_program(port):
    answer = talk(port, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ") and b"application/problem+json" in answer
    assert b"uvicorn" not in answer.lower() and b"x-content-type-options" in answer


def test_no_answer_names_the_program_and_each_has_its_number(port):
    answer = talk(port, b"GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").lower()
    assert b"\r\nserver:" not in answer and b"\r\nx-request-id: " in answer


def test_while_slow_clients_hang_on_others_are_served(port):
    lines = [socket.create_connection(("127.0.0.1", port)) for _ in range(50)]
    try:
        for line in lines:
            line.sendall(b"GET /healthz HTTP/1.1\r\nX-A: ")
        assert b'{"status":"ok"}' in talk(port, b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    finally:
        for line in lines:
            line.close()


@pytest.mark.parametrize("twice", [b"Content-Length: 50\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_a_body_whose_length_is_told_in_two_ways_is_refused(port, twice):
    assert talk(port, REQUEST + twice + SIGNED + b"{}" + b" " * 48).startswith(b"HTTP/1.1 400 ")
