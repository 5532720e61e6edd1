"""The log: one line a record, as JSON or text, with nothing in it that people or rows are called."""

from __future__ import annotations

import io
import json
import logging

import pytest

from api import logs
from api.settings import Settings
from layers.acting import Acting, on_behalf


@pytest.fixture
def written():
    """A function that sets up the log and returns what is then written."""
    root, ours = logging.getLogger(), logging.getLogger("cuntu")
    before = root.handlers[:], root.level, ours.level, logs.ACCESS.level

    def begin(form):
        stream = io.StringIO()
        logs.install(Settings(log_format=form), level=logging.INFO, stream=stream)
        return stream

    yield begin
    for handler in root.handlers[:]:
        if handler not in before[0]:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(before[1])
    ours.setLevel(before[2])
    logs.ACCESS.setLevel(before[3])


def test_a_record_is_one_json_object_that_says_who_acts_by_numbers(written):
    stream = written("json")
    with on_behalf(Acting(channel="http", account_id=7, seat_id=9, person="王某某", seat="某席", request_id="ab12")):
        logging.getLogger("cuntu.test").warning("第 %d 条\n伪造的第二行", 1)
    [line] = stream.getvalue().splitlines()
    told = json.loads(line)
    assert (told["level"], told["logger"], told["message"]) == ("warning", "cuntu.test", "第 1 条\n伪造的第二行")
    assert (told["request_id"], told["account_id"], told["seat_id"], told["process"]) == ("ab12", 7, 9, "command")
    assert told["time"].endswith("Z")
    assert "王某某" not in line


def test_text_cannot_be_made_to_look_like_another_record(written):
    stream = written("text")
    logging.getLogger("cuntu.test").warning("%s", "a\n2026-01-01 00:00:00 INFO forged\r\x1b[2J\u2028b")
    [line] = stream.getvalue().splitlines()
    assert "\\n2026" in line
    assert "\x1b" not in line


@pytest.mark.parametrize("form", ["json", "text"])
def test_personal_numbers_and_values_of_rows_stay_out_of_messages_and_traces(written, form):
    stream = written(form)
    number, phone = "42122319900101123" + "X", "13800138000"
    told = f'null value in column "x"\nDETAIL:  Failing row contains (1, 赵某某, {number}).\nCONTEXT:  COPY t, line 3: "赵某某"'
    try:
        raise ValueError(told)
    except ValueError:
        logging.getLogger("cuntu.test").exception("failed for %s", phone)
    text = stream.getvalue()
    assert "ValueError" in text
    assert 'null value in column \\"x\\"' in text or 'null value in column "x"' in text
    for secret in (number, phone, "赵某某"):
        assert secret not in text


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_row_of_several_lines_stays_out_and_what_came_of_its_error_is_told(written, form):
    stream = written(form)
    row, other = "refused\nDETAIL:  Failing row contains (1, 第一行\n赵某某, 第二行\n\n钱某某).", "refused\nDETAIL:  (1, 一\n孙某某)"
    try:
        try:
            raise ValueError(row)
        except ValueError as error:
            raise KeyError("because") from error
    except KeyError:
        logging.getLogger("cuntu.test").exception("failed: %s", other)
    text = stream.getvalue()
    assert "KeyError" in text and "refused" in text and "direct cause" in text
    for secret in ("赵某某", "钱某某", "孙某某"):
        assert secret not in text


def test_the_trace_of_an_error_cannot_be_made_to_look_like_another_record(written):
    stream = written("text")
    try:
        raise ValueError("a\n2026-01-01 00:00:00 INFO forged\r\x1b[2J")
    except ValueError:
        logging.getLogger("cuntu.test").exception("failed")
    lines = stream.getvalue().splitlines()
    assert len(lines) > 3 and all(line.startswith("    ") for line in lines[1:])
    assert "\x1b" not in stream.getvalue() and "\r" not in stream.getvalue()


def test_a_log_file_is_followed_when_it_is_moved_away(written, tmp_path, monkeypatch):
    file = tmp_path / "cuntu.log"
    written("json")
    logs.install(Settings(log_file=file, log_format="json"), level=logging.INFO)
    log = logging.getLogger("cuntu.test")
    log.info("one")
    file.rename(tmp_path / "cuntu.log.1")
    log.info("two")
    assert json.loads((tmp_path / "cuntu.log.1").read_text())["message"] == "one"
    assert json.loads(file.read_text())["message"] == "two"
    assert (tmp_path / "cuntu.log.1").stat().st_mode & 0o007 == 0


def test_setting_the_log_up_again_takes_the_place_of_what_was(written):
    first, second = written("json"), written("text")
    logging.getLogger("cuntu.test").warning("once")
    assert (first.getvalue(), second.getvalue().count("once")) == ("", 1)
