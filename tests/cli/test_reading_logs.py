"""Logs as JSON lines become text; a log that grows is followed."""

from __future__ import annotations

import json
from pathlib import Path

from queuack.cli import logs

ERROR = {
    "timestamp": "2026-01-01T00:00:00.123456Z",
    "level": "error",
    "event": "Task failed",
    "logger": "task",
    "error_detail": [
        {
            "exc_type": "RuntimeError",
            "exc_value": "outer",
            "exc_notes": ["a note"],
            "is_cause": False,
            "frames": [
                {"filename": "/dags/x.py", "lineno": 7, "name": "extract", "line": "rows = load()"},
                {"filename": "/dags/y.py", "lineno": 8, "name": "load"},
            ],
        },
        {"exc_type": "KeyError", "exc_value": "'k'", "is_cause": True, "frames": []},
    ],
}


def line(event: str, **more: object) -> str:
    return json.dumps({"timestamp": "2026-01-01T00:00:00Z", "level": "info", "event": event, "logger": "x", **more})


def test_a_record_is_a_line() -> None:
    text = logs.readable(line("hello", rows=3, lineno=1))
    assert text.endswith("INFO    hello  rows=3")
    assert text[5] == " "


def test_a_traceback_reads_as_python_prints_it() -> None:
    head, *below = logs.readable(json.dumps(ERROR)).splitlines()
    assert head.endswith("ERROR   Task failed")
    assert [text.strip() for text in below] == [
        "KeyError: 'k'",
        "which caused:",
        'File "/dags/x.py", line 7, in extract',
        "rows = load()",
        'File "/dags/y.py", line 8, in load',
        "RuntimeError: outer",
        "a note",
    ]


def test_other_text_is_left_alone() -> None:
    for text in ("plain text", "[1, 2]", '"json text"', "", '{"no": "event"}', "{broken"):
        assert logs.readable(text) == text


def test_reading_a_file_with_broken_bytes(tmp_path: Path) -> None:
    path = tmp_path / "attempt=1.log"
    path.write_bytes(b"\xff\xfe\n" + line("hello").encode() + b"\n")
    first, second = logs.read(path)
    assert first == "\ufffd\ufffd"
    assert second.endswith("hello")


def test_following_a_log_that_is_not_there_yet(tmp_path: Path) -> None:
    path = tmp_path / "attempt=1.log"
    text = "\n".join(line(word) for word in ("one", "two", "three")).encode()
    pieces = [text[:30], text[30:], b""]

    def grow(seconds: float) -> None:
        with path.open("ab") as file:
            file.write(pieces.pop(0))

    seen = [text.split()[-1] for text in logs.follow(path, lambda: not pieces, grow)]
    assert seen == ["one", "two", "three"]


def test_what_triggers_wrote_stands_where_it_belongs(tmp_path: Path) -> None:
    path = tmp_path / "attempt=1.log"
    moment = "2026-01-01T00:00:0{}Z"
    path.write_text(line("defer", timestamp=moment.format(1)) + "\n" + line("go on", timestamp=moment.format(4)) + "\n")
    other = tmp_path / "attempt=1.log.trigger.t1.log"
    other.write_text("".join(line(f"look {n}", timestamp=moment.format(n)).replace(": ", ":") + "\n" for n in (2, 3)))
    path.write_text(path.read_text().replace(": ", ":"))
    (tmp_path / "attempt=10.log.trigger.t1.log").write_text(line("of another attempt"))
    assert [text.split()[-2:] for text in logs.read(path)][1:3] == [["look", "2"], ["look", "3"]]
    assert [text.split()[-1] for text in logs.follow(path, lambda: True)] == ["defer", "2", "3", "on"]
    path.unlink()
    assert len(list(logs.read(path))) == 2
