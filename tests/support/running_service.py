"""The service as users meet it: `cuntu serve` as processes of their own, and clients that ask without pause."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import log_scan
import people

import layers

PROJECT = Path(layers.__file__).parents[1]
JOBS_NICENESS = 10
PATIENCE_S = 120.0


@dataclass
class Running:
    """A service that runs: its first process, and the port it listens on."""

    process: subprocess.Popen[str]
    port: int

    def children(self, *, jobs: bool) -> list[int]:
        """The processes that do jobs, or those that answer; one that ends while it is looked at is neither."""
        pid = self.process.pid
        found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return [child for child in found if (nice := niceness(child)) is not None and (nice >= JOBS_NICENESS) == jobs]

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, str], bytes]:
        """Send one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            return sent(connection, method, path, body)
        finally:
            connection.close()

    def ready(self, **expected: Any) -> bool:
        """Whether the service says so of itself; one that cannot be reached just now does not."""
        try:
            status, _, body = self.ask("GET", "/readyz")
        except (OSError, http.client.HTTPException):
            return False
        return status == 200 and expected.items() <= json.loads(body).items()


def niceness(pid: int) -> int | None:
    """Return the niceness of a process; None for one that is there no more."""
    try:
        return os.getpriority(os.PRIO_PROCESS, pid)
    except ProcessLookupError:
        return None


def sent(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> tuple[int, dict[str, str], bytes]:
    """Send one request; return status, headers in lower case, and body."""
    text = None if body is None else json.dumps(body)
    connection.request(method, path, text, people.HEADERS | ({"Content-Type": "application/json"} if text else {}))
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def until(true: Any, *, seconds: float = PATIENCE_S) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@contextmanager
def running(*options: str, first: str = "pass", **environment: str) -> Iterator[Running]:
    """Start `cuntu serve` on a free port, doing something `first` in its process; it is ended at the end of the block if it still runs."""
    command = [sys.executable, "-c", f"{first}; from api.cli import main; main()", "serve", "--port", "0", *options]
    process = subprocess.Popen(
        command, cwd=PROJECT, env={**os.environ, "PYTHONUNBUFFERED": "1", **environment}, stderr=subprocess.PIPE, text=True
    )
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.extend(process.stderr or ()), daemon=True)
    reader.start()
    try:
        until(lambda: process.poll() is not None or any("http://" in line for line in said))
        address = re.search(r"http://127\.0\.0\.1:(\d+)", "".join(said))
        assert address, said
        yield Running(process, int(address[1]))
    finally:
        process.terminate()
        process.wait(timeout=90)
        reader.join(timeout=10)
        log_scan.ALL.texts.extend(said)
        if process.stderr:
            process.stderr.close()


@dataclass
class Load:
    """Clients that post the same application again and again: what they were answered, and how often they were cut off."""

    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    cut_off: int = 0

    def stored(self) -> dict[str, bytes]:
        """The reports that were answered as stored, by id."""
        return {headers["location"].rpartition("/")[2]: body for status, headers, body in self.answers if status == 201}


@contextmanager
def load(service: Running, path: str, body: Any, *, clients: int = 4) -> Iterator[Load]:
    """Have clients ask without pause, each on one connection for as long as the service keeps it, until the block ends."""
    found, ended = Load(), threading.Event()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        while not ended.is_set():
            try:
                answer = sent(connection, "POST", path, body)
            except (OSError, http.client.HTTPException):
                found.cut_off += 1
                connection.close()
                time.sleep(0.02)
                continue
            found.answers.append(answer)
        connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        ended.set()
        for thread in threads:
            thread.join(timeout=40)
