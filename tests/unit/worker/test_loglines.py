"""The form of a log's lines, and the files they go to."""

from __future__ import annotations

import json
import logging
import os
import re

from queuack.authoring.masking import Masker
from queuack.worker.loglines import MAX_EVENT, cut, encode_line, error_detail, timestamp
from queuack.worker.logs import TaskLog, open_log


def test_a_timestamp_has_microseconds_and_z():
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", timestamp())


def test_a_long_message_is_cut_with_a_remark():
    assert cut("x" * MAX_EVENT) == "x" * MAX_EVENT
    shortened = cut("x" * 300_000)
    assert shortened.startswith("x" * MAX_EVENT + "…")
    assert "300,000" in shortened


def test_objects_that_do_not_want_to_be_written():
    class Hostile:
        def __str__(self):
            return "hostile"

    assert json.loads(encode_line({"event": "e", "extra": {("a", "b"): Hostile()}}))["event"] == "e"


def test_frames_have_their_source_line_and_begin_with_the_users():
    try:
        json.loads("{")
    except ValueError as error:
        (detail,) = error_detail(error)
    assert detail["exc_type"] == "JSONDecodeError"
    assert detail["frames"][0]["filename"] == __file__
    assert detail["frames"][0]["line"] == 'json.loads("{")'


def test_causes_outermost_first():
    try:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error
    except ValueError as error:
        detail = error_detail(error)
    assert [(link["exc_type"], link["is_cause"]) for link in detail] == [("ValueError", False), ("KeyError", True)]


def test_a_log_appends_and_makes_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "attempt=1.log"
    for text in (b"one\n", b"two\n"):
        fd = open_log(str(path))
        os.write(fd, text)
        os.close(fd)
    assert path.read_text() == "one\ntwo\n"


def test_records_are_cut_after_secrets_are_gone(tmp_path):
    masker = Masker()
    masker.mask_secret("hunter2hunter2")
    log = TaskLog(tmp_path, masker)
    log.begin("x.log")
    message = "y" * (MAX_EVENT - 5) + "hunter2hunter2" + "z" * 1000
    record = logging.LogRecord("mine", logging.INFO, "f.py", 3, message, None, None)
    record.rows = 7
    record.api_key = "whatever"
    log.write_record(record)
    log.end()
    (line,) = [json.loads(text) for text in (tmp_path / "x.log").read_text().splitlines()]
    assert "hunter" not in line["event"]
    assert len(line["event"]) < MAX_EVENT + 100
    assert (line["level"], line["logger"], line["lineno"], line["rows"]) == ("info", "mine", 3, 7)
    assert line["api_key"] == "***"
