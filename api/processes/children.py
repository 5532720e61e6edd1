"""Processes forked from this one, each told to end with it."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

log = logging.getLogger("cuntu.processes")

Run = Callable[[Callable[[], None]], object]
"""What a child does; it is given a call with which it says that it is ready."""

PR_SET_PDEATHSIG = 1
HANDLED = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGUSR1)


@dataclass
class Child:
    """One forked process. `ready_fd` becomes readable when it is ready, or has ended without ever being so."""

    pid: int
    role: str
    number: int
    generation: int
    ready_fd: int | None
    place: int = -1
    ready: bool = False
    leaving: bool = False

    def hear(self) -> None:
        """Take note of what the child has said."""
        if self.ready_fd is not None:
            self.ready = os.read(self.ready_fd, 1) != b""
            os.close(self.ready_fd)
            self.ready_fd = None

    def tell(self, number: signal.Signals) -> None:
        """Send a signal; one that has ended meanwhile is past telling."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def ended(self) -> int | None:
        """Return how the child ended (as subprocess does: a signal is negative), None while it lives."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        if self.ready_fd is not None:
            os.close(self.ready_fd)
            self.ready_fd = None
        return os.waitstatus_to_exitcode(status)


def fork(role: str, run: Run, *, number: int, generation: int) -> Child:
    """Fork a child that does its work and ends; it is killed when this process ends, however that happens.

    To be called by a process of one thread only: what other threads hold at that moment stays held in the child for ever.
    """
    parent = os.getpid()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return Child(pid, role, number, generation, reading)
    status = 1
    try:
        os.close(reading)
        os.setpgid(0, 0)  # Ctrl+C on a terminal is for the parent, which ends its children in good order
        signal.set_wakeup_fd(-1)
        for number in HANDLED:
            signal.signal(number, signal.SIG_DFL)
        _end_with(parent)
        run(lambda: _say_ready(writing))
        status = 0
    except BaseException:
        log.exception("%s %d failed", role, os.getpid())
    finally:
        os._exit(status)


def _say_ready(writing: int) -> None:
    os.write(writing, b"+")
    os.close(writing)


def _end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends (Linux, prctl(2)); nothing is left that holds the address."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
