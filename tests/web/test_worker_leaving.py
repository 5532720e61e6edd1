"""A worker that is told to leave at the very moment it takes a connection answers it before it goes."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading

import pytest
from starlette.responses import PlainTextResponse

from api.processes.loads import Loads
from api.processes.worker import Worker


class Listening:
    """A listening socket that has its worker told to leave right after it has taken a connection."""

    def __init__(self, listening):
        self.listening = listening
        self.worker = None

    def __getattr__(self, name):
        return getattr(self.listening, name)

    def accept(self):
        taken = self.listening.accept()
        asyncio.get_running_loop().call_soon(self.worker._leave)
        return taken


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_connection_taken_while_the_worker_is_told_to_leave_is_answered(loop):
    factory = pytest.importorskip("uvloop").new_event_loop if loop == "uvloop" else asyncio.new_event_loop
    with socket.create_server(("127.0.0.1", 0)) as server:
        listening = Listening(server)
        worker = Worker(PlainTextResponse("here"), listening, Loads(places=2).place([]), on_ready=lambda: asked.start())
        listening.worker = worker
        answers = []

        def ask():
            connection = http.client.HTTPConnection("127.0.0.1", server.getsockname()[1], timeout=20)
            try:
                connection.request("GET", "/")
                answer = connection.getresponse()
                answers.append((answer.status, answer.headers["Connection"], answer.read()))
            except OSError as error:
                answers.append(error)
            finally:
                connection.close()

        asked = threading.Thread(target=ask)
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(asyncio.wait_for(worker.serve(), 30))
        asked.join(timeout=30)
    assert answers == [(200, "close", b"here")]
