"""The log of every process: one line for each record, as JSON for machines or as text for a terminal.

No query string, no body and no value of a row gets in: records name the route by its template, and what PostgreSQL adds about the row
that it refused (DETAIL, CONTEXT) is left out. Who acted is told by the numbers of account and seat.
"""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from typing import Any, TextIO

import orjson

from api.access.scrubbing import scrub
from api.settings import Settings
from layers import acting

Scrub = Callable[[str], str]

ACCESS = logging.getLogger("cuntu.access")
FIELDS = "told"
"""The attribute of a record with further members of its line: `log.info("…", extra={FIELDS: {…}})`."""

_ROW_VALUES = re.compile(
    r"^[ \t|]*(?:DETAIL|CONTEXT|HINT|LINE \d+):.*?(?=^(?:During handling of the above|The above) exception|\Z)", re.MULTILINE | re.DOTALL
)
"""All that follows: a value may have several lines."""
_CONTROL = {number: f"\\x{number:02x}" for number in (*range(9), *range(10, 32), 127, 0x85, 0x2028, 0x2029)} | {10: "\\n", 13: "\\r"}
_process = "command"


def install(settings: Settings, *, level: int, form: str = "text", stream: TextIO | None = None) -> None:
    """Log to stderr, or to the file of the settings, which whoever moves it away may move away at any time.

    `form` is that of a deployment which does not decide (`json` or `text`). Called again, it takes the place of what was.
    """
    chosen = settings.log_format or form
    handler: logging.Handler
    if settings.log_file:
        handler = WatchedFileHandler(settings.log_file, encoding="utf-8")
        if settings.log_file.is_file():
            settings.log_file.chmod(0o640)
    else:
        handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines(scrub=scrub) if chosen == "json" else TextLines(scrub=scrub))
    root = logging.getLogger()
    for old in list(root.handlers):
        if isinstance(old.formatter, (JsonLines, TextLines)):
            root.removeHandler(old)
            old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("cuntu").setLevel(level)


def install_for_service(settings: Settings) -> None:
    """Log as the service's first process: JSON for a program that collects; on a terminal text, and of the requests only what went wrong."""
    looked_at = settings.log_format is None and settings.log_file is None and sys.stderr.isatty()
    install(settings, level=logging.INFO, form="text" if looked_at else "json")
    ACCESS.setLevel(logging.WARNING if looked_at else logging.INFO)
    call_process("master")


def call_process(name: str) -> None:
    """Say what this process is: `master`, `worker-0`, `jobs`."""
    global _process
    _process = name


class _Lines(logging.Formatter):
    def __init__(self, *, scrub: Scrub | None = None) -> None:
        super().__init__()
        self.scrub = scrub

    def said(self, record: logging.LogRecord) -> str:
        return self._clean(record.getMessage())

    def trace(self, record: logging.LogRecord) -> str | None:
        """Where an error came from, without the values of rows."""
        return self._clean(self.formatException(record.exc_info)) if record.exc_info and record.exc_info[0] else None

    def _clean(self, text: str) -> str:
        if "\n" in text:
            text = _ROW_VALUES.sub("", text).rstrip()
        return self.scrub(text) if self.scrub else text


class JsonLines(_Lines):
    """A JSON object a line: time, level, logger, message, process, who acted, and what else the record tells."""

    def format(self, record: logging.LogRecord) -> str:  # noqa: D102
        by = acting.current()
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.said(record) if record.name != ACCESS.name else record.msg,
            "process": _process,
            "pid": os.getpid(),
        }
        if by.request_id:
            told |= {"request_id": by.request_id, "account_id": by.account_id, "seat_id": by.seat_id}
        told |= getattr(record, FIELDS, {})
        trace = self.trace(record)
        if trace:
            told["error"] = trace
        return orjson.dumps(told, default=str, option=orjson.OPT_UTC_Z).decode()


class TextLines(_Lines):
    """Time, level, process, logger and message on one line; only the trace of an error stands on further ones."""

    def format(self, record: logging.LogRecord) -> str:  # noqa: D102
        moment = datetime.fromtimestamp(record.created).strftime("%Y-%m-%d %H:%M:%S")
        fields: dict[str, Any] = getattr(record, FIELDS, {})
        more = "".join(f" {name}={value}" for name, value in fields.items() if value is not None)
        line = f"{moment} {record.levelname} {_process} {record.name}: {self.said(record)}{more}".translate(_CONTROL)
        trace = self.trace(record)
        return "\n    ".join([line, *(part.translate(_CONTROL) for part in trace.split("\n"))]) if trace else line
