"""A light load generator: clients on kept connections that send the next request as soon as the answer to the last one is in."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlsplit

import uvloop

from layers.baseline import Latencies
from spatial.errors import CuntuError

WARM_UP_S = 1.0
KEEP_EVERY = 50
"""Of so many answers one is kept whole, for a comparison afterwards."""


class RefusedError(CuntuError):
    """服务没有受理测速用的请求。"""


@dataclass
class Outcome:
    """What came of a load: latencies after the warm-up, all addresses of what was made, and some answers whole by address."""

    latencies: Latencies
    locations: list[str]
    kept: dict[str, bytes]
    processor_ms: float
    """Processor time of this generator for each request."""


@dataclass
class _Run:
    requests: Iterator[bytes]
    warm: float
    end: float
    taken: list[float] = field(default_factory=list)
    locations: list[str] = field(default_factory=list)
    kept: dict[str, bytes] = field(default_factory=dict)
    answered: int = 0


def load(address: str, requests: Sequence[bytes], *, clients: int, seconds: float) -> Outcome:
    """Send requests (whole HTTP/1.1 requests, in turn) for so many seconds after a warm-up; raises RefusedError at the first bad answer."""
    return uvloop.run(_load(address, requests, clients, seconds))


async def _load(address: str, requests: Sequence[bytes], clients: int, seconds: float) -> Outcome:
    where, loop = urlsplit(address), asyncio.get_running_loop()
    began, used = time.perf_counter(), time.process_time()
    run = _Run(itertools.cycle(requests), began + WARM_UP_S, began + WARM_UP_S + seconds)
    ends: list[asyncio.Future[None]] = [loop.create_future() for _ in range(clients)]
    for end in ends:
        await loop.create_connection(partial(_Client, run, end), str(where.hostname), int(where.port or 80))
    await asyncio.gather(*ends)
    measured = Latencies.of(run.taken, seconds=seconds)
    return Outcome(measured, run.locations, run.kept, 1000 * (time.process_time() - used) / max(run.answered, 1))


class _Client(asyncio.Protocol):
    def __init__(self, run: _Run, end: asyncio.Future[None]) -> None:
        self.run = run
        self.end = end

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.end.done():
            self.end.set_exception(RefusedError(f"服务中断了连接：{error or ''}"))

    def data_received(self, data: bytes) -> None:
        self.parts.append(data)
        self.missing -= len(data)
        if self.missing <= 0:
            self._read()

    def _send(self) -> None:
        self.began = time.perf_counter()
        if self.began >= self.run.end:
            self.end.set_result(None)
            self.transport.close()
            return
        self.parts: list[bytes] = []
        self.missing = 1
        self.transport.write(next(self.run.requests))

    def _read(self) -> None:
        answer = b"".join(self.parts)
        head, separator, body = answer.partition(b"\r\n\r\n")
        if not separator:
            return
        fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
        self.missing = int(fields[b"content-length"]) - len(body)
        if self.missing > 0:
            return
        run, now = self.run, time.perf_counter()
        if head[9:10] != b"2":
            self.end.set_exception(RefusedError(body.decode("utf-8", "replace")[:300]))
            self.transport.close()
            return
        if b"location" in fields:
            location = fields[b"location"].decode()
            run.locations.append(location)
            if run.answered % KEEP_EVERY == 0:
                run.kept[location] = body
        run.answered += 1
        if self.began >= run.warm:
            run.taken.append((now - self.began) * 1000)
        self._send()
