from __future__ import annotations

import io
import logging

import invented
import log_scan
import pytest

from api.access import scrubbing
from api.logs import JsonLines, TextLines

NUMBER, PHONE = invented.number("19900909", 9), invented.planted("13987654321")


@pytest.fixture
def quiet():
    """A logger of this test's own, which the scan of the whole suite does not hear."""
    logger = logging.Logger("quiet")
    stream = io.StringIO()
    logger.addHandler(logging.StreamHandler(stream))
    return logger, stream


def test_a_record_is_written_without_numbers_in_message_arguments_and_trace(quiet):
    logger, stream = quiet
    scrubbing.install(logger)
    scrubbing.install(logger)
    try:
        raise ValueError(f"row ({NUMBER})")
    except ValueError:
        logger.exception("told of %s by %s, code %d", NUMBER, PHONE, 42)
    told = stream.getvalue()
    assert NUMBER not in told and PHONE not in told
    assert "code 42" in told and "ValueError" in told and told.count("已隐去") == 3
    assert len(logger.handlers[0].filters) == 1


def test_a_record_without_numbers_is_written_as_it_was(quiet):
    logger, stream = quiet
    scrubbing.install(logger)
    logger.warning("版本 %d：ＡＢＣ，共 %s 处", 12, "421223100201")
    assert stream.getvalue() == "版本 12：ＡＢＣ，共 421223100201 处\n"


@pytest.mark.parametrize("lines", [JsonLines, TextLines])
def test_the_lines_of_the_service_hold_no_numbers(quiet, lines):
    logger, stream = quiet
    logger.handlers[0].setFormatter(lines(scrub=scrubbing.scrub))
    try:
        raise ValueError(NUMBER)
    except ValueError:
        logger.exception("told of %s", PHONE)
    assert stream.getvalue() and NUMBER not in stream.getvalue() and PHONE not in stream.getvalue()


@pytest.mark.parametrize("written", ["message", "argument", "trace"])
def test_the_scan_of_the_suite_finds_what_is_planted_wherever_it_stands(written):
    secret = "只见于此的名字"
    logger, logs = logging.Logger("quiet"), log_scan.Logs()
    logger.addHandler(logs)
    logger.warning("nothing")
    assert logs.leaks({secret}) == []
    try:
        raise ValueError(secret if written == "trace" else "other")
    except ValueError:
        logger.error(
            "said %s %s", secret if written == "argument" else "-", written, exc_info=True
        ) if written != "message" else logger.error(secret)
    assert len(logs.leaks({secret})) == 1
    assert logs.leaks({"别的名字"}) == []


def test_the_scan_finds_numbers_that_nobody_planted_and_hears_the_whole_process():
    logs = log_scan.Logs()
    logs.texts.append("GET /" + invented.number("19910101", 44))
    assert len(logs.leaks(set())) == 1
    with log_scan.collecting(log_scan.Logs()) as heard:
        logging.getLogger("cuntu.any.part").debug("said")
        logging.getLogger("other").warning("said too")
        logging.getLogger("httpx").warning("a client's own")
    assert heard.texts == ["said", "said too"]
    assert log_scan.ALL in logging.getLogger().handlers
