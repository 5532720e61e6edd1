"""Keeps personal numbers out of the logs. Problem documents are scrubbed where they are written (`api.errors.problem`)."""

from __future__ import annotations

import logging
import traceback

from spatial.personal_numbers import scrub

__all__ = ["Scrubbing", "install", "scrub"]


class Scrubbing(logging.Filter):
    """Takes identity and telephone numbers out of what a record says, its arguments and its traceback; no record is dropped."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Scrub a record in place."""
        said = record.getMessage()
        clean = scrub(said)
        if clean != said:
            record.msg, record.args = clean, None
        if record.exc_info and not record.exc_text:
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        if record.exc_text:
            record.exc_text = scrub(record.exc_text)
        if record.stack_info:
            record.stack_info = scrub(record.stack_info)
        return True


def install(logger: logging.Logger | None = None) -> None:
    """Have every handler of a logger (the root one) scrub what it writes; calling it again changes nothing."""
    for handler in (logger or logging.getLogger()).handlers:
        if not any(isinstance(item, Scrubbing) for item in handler.filters):
            handler.addFilter(Scrubbing())
