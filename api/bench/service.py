"""The service as users meet it: a process of its own, reached over HTTP."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import orjson

from api.bench.place import Place
from spatial.errors import CuntuError

READY_S = 120


class ServiceNotReadyError(CuntuError):
    """服务没有在规定时间内就绪。"""


@contextmanager
def service(place: Place) -> Iterator[str]:
    """Start `cuntu serve` on a free port and give its address once all layers are in memory."""
    command = [sys.executable, "-m", "api.cli", "serve", "--port", "0"]
    environment = os.environ | {"CUNTU_DATABASE_URL": place.url, "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        address = _address(process)
        _wait(address)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stderr:
            process.stderr.close()


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
    import urllib.error
    import urllib.request

    until = time.monotonic() + READY_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=10) as answer:  # noqa: S310 (our own address)
                if orjson.loads(answer.read())["snapshot"] != "loading":
                    return
        except urllib.error.URLError:
            pass
        time.sleep(0.2)
    raise ServiceNotReadyError
