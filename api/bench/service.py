"""The service as users meet it: a process of its own, reached over HTTP."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import orjson

from api.bench.bearer import token
from api.bench.place import Place
from spatial.errors import CuntuError

READY_S = 120
STEADY_S = 1.0


class ServiceNotReadyError(CuntuError):
    """服务没有在规定时间内就绪。"""


@dataclass(frozen=True)
class Service:
    """A running service: its address, its first process, and a token to ask it with."""

    address: str
    pid: int
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What a request needs to be answered."""
        return {"Authorization": f"Bearer {self.token}"}

    def request(self, method: str, path: str, headers: Mapping[str, str] = MappingProxyType({}), body: bytes = b"") -> bytes:
        """Write a whole HTTP/1.1 request."""
        told = {"Host": urlsplit(self.address).netloc, **self.headers, **headers} | ({"Content-Length": str(len(body))} if body else {})
        return "\r\n".join([f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items()), "", ""]).encode() + body

    def ask(self, path: str, body: bytes | None = None) -> Any:
        """Read a JSON answer; with a `body` that is posted."""
        request = urllib.request.Request(f"{self.address}{path}", body, {"Content-Type": "application/json", **self.headers})  # noqa: S310 (our own address)
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return orjson.loads(answer.read())

    def memory_mb(self) -> float:
        """Memory of all its processes, what they share counted once (the sum of proportional set sizes, proc(5))."""
        return sum(_proportional_kb(pid) for pid in (self.pid, *_children(self.pid))) / 1000


@contextmanager
def service(place: Place, **settings: str) -> Iterator[Service]:
    """Start `cuntu serve` on a free port and give it once all layers are in memory. `settings` are further CUNTU_ variables."""
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0"]
    environment = os.environ | {"CUNTU_DATABASE_URL": place.url, "PYTHONUNBUFFERED": "1", "CUNTU_RATE_CALLER": "1000000/s"} | settings
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        address = _address(process)
        threading.Thread(target=_drain, args=(process,), daemon=True).start()
        _wait(address)
        yield Service(address, process.pid, token(place.url))
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr:
            process.stderr.close()


def _drain(process: subprocess.Popen[str]) -> None:
    """Take the log off the service's hands: a pipe nobody reads from would hold it up."""
    with suppress(ValueError):  # closed at the end
        for _ in process.stderr or ():
            pass


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _proportional_kb(pid: int) -> int:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def _address(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    told = []
    for line in process.stderr:
        told.append(line.strip())
        found = re.search(r"http://[\w.\[\]:]+", line)
        if found:
            return found[0]
    raise ServiceNotReadyError(problems=told[-3:])


def _wait(address: str) -> None:
    """Wait until every answer of a second is that of a worker with all layers: the first workers have none and leave."""
    until = time.monotonic() + READY_S
    loaded_since = None
    while time.monotonic() < until:
        loaded = _snapshot(address) not in ("loading", None)
        loaded_since = (loaded_since or time.monotonic()) if loaded else None
        if loaded_since is not None and time.monotonic() - loaded_since > STEADY_S:
            return
        time.sleep(0.1)
    raise ServiceNotReadyError


def _snapshot(address: str) -> str | None:
    try:
        with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:  # noqa: S310 (our own address)
            return str(orjson.loads(answer.read())["snapshot"])
    except urllib.error.URLError:
        return None
