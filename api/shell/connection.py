"""A connection that does not wait for ever: its headers come within seconds and a few kilobytes, or it is closed."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.errors import HeadersTooLargeError, SlowBodyError, document_of, problem
from api.shell.headers import ALWAYS
from api.shell.sizes import MOST_ADDRESS_BYTES, MOST_HEADER_BYTES
from spatial.errors import CuntuError, InputError

HEADERS_WITHIN_S = 10.0
"""From the first byte of a request, or from the beginning of a connection, to the end of its headers."""
MOST_HEAD_BYTES = MOST_ADDRESS_BYTES + 2 * MOST_HEADER_BYTES
"""What is larger is not read on; what is a little too large gets a clear answer from `SizeLimits`."""


class CarefulConnection(HttpToolsProtocol):
    """Closes a connection whose request line and headers come too slowly, or do not end."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.headers_within_s = HEADERS_WITHIN_S
        self._head_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the waiting."""
        self._end_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; where that is still in the headers, look how much and for how long."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._timer is None:
                self._await_head()
        super().data_received(data)
        if self._in_head and self._head_bytes > MOST_HEAD_BYTES:
            self._close(HeadersTooLargeError())

    def on_headers_complete(self) -> None:
        """Hand the request on."""
        self._in_head = False
        self._end_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Be ready for the next request; the time between two is limited by uvicorn."""
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP as everything else, without a word of the server's program."""
        self._close(InputError("请求不是合法的 HTTP。"))

    def _await_head(self) -> None:
        self._timer = self.loop.call_later(self.headers_within_s, self._late)

    def _end_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if self._in_head:
            self._close(SlowBodyError() if self._head_bytes else None)

    def _close(self, error: CuntuError | None) -> None:
        """Say why and close; where an earlier request on this connection is still being answered, close after that."""
        if self.transport.is_closing():
            return
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
            return
        if error is not None:
            self._write(document_of(error, instance=""))
        self.transport.close()

    def _write(self, written: dict[str, Any]) -> None:
        answer = problem(written)
        headers = [*answer.raw_headers, *ALWAYS, (b"cache-control", b"no-store"), (b"connection", b"close")]
        lines = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.transport.write(STATUS_LINE[answer.status_code] + lines + b"\r\n" + bytes(answer.body))
