"""What is said of a file that cannot be imported."""

from __future__ import annotations

from pathlib import Path

import pytest

from queuack.parser.failures import MAX_MESSAGE, MAX_STACKTRACE, ended, exit_reason, failure_of
from queuack.parser.output import OutputLog
from queuack.protocol import ParseFailure


def failure(tmp_path: Path, source: str, memory_mb: int = 0) -> ParseFailure:
    path = tmp_path / "x.py"
    path.write_text(source)
    try:
        exec(compile(source, str(path), "exec"), {})
    except BaseException as error:
        return failure_of(error, fileloc=str(path), relative_fileloc="x.py", memory_mb=memory_mb)
    raise AssertionError("the source raises nothing")


def test_the_innermost_line_of_the_file(tmp_path: Path) -> None:
    found = failure(tmp_path, "def f():\n    return {}['key']\n\n\nf()\n")
    assert (found.message, found.line) == ("KeyError: 'key'", 2)
    assert found.stacktrace.count("x.py") == 2


def test_causes_are_shown(tmp_path: Path) -> None:
    source = "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('worse') from error\n"
    found = failure(tmp_path, source)
    assert (found.message, found.line) == ("ValueError: worse", 4)
    assert "ZeroDivisionError: division by zero" in found.stacktrace


def test_an_error_of_queuack_shows_the_users_line_only(tmp_path: Path) -> None:
    found = failure(tmp_path, "from queuack.engine import spec\nspec.decode(b'no json')\n")
    assert found.line == 2
    assert "spec.py" not in found.stacktrace


def test_messages_without_text_and_long_ones(tmp_path: Path) -> None:
    assert failure(tmp_path, "raise ValueError").message == "ValueError"
    long = failure(tmp_path, "raise ValueError('x' * 100_000)")
    assert len(long.message) == MAX_MESSAGE
    assert len(long.stacktrace) == MAX_STACKTRACE


def test_memory_names_the_limit(tmp_path: Path) -> None:
    found = failure(tmp_path, "raise MemoryError", memory_mb=64)
    assert "needs more than 64 MB of memory: [dag_processor] max_file_memory_mb" in found.message


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (3 << 8, "exited with status 3 by os._exit"),
        (11, "killed by signal SIGSEGV."),
        (9, "killed by signal SIGKILL; the machine may be out of memory."),
        (64, "killed by signal "),
    ],
)
def test_how_a_process_ended(status: int, words: str) -> None:
    assert words in exit_reason(status)


def test_a_dump_gives_line_and_frames() -> None:
    dump = 'Current thread:\n  File "/lib/slow.py", line 7 in wait\n  File "/d/x.py", line 3 in <module>\n'
    found = ended("too slow", fileloc="/d/x.py", relative_fileloc="x.py", dump=dump)
    assert (found.message, found.line) == ("too slow", 3)
    assert found.stacktrace.splitlines()[1:] == [
        '  File "/d/x.py", line 3, in <module>',
        '  File "/lib/slow.py", line 7, in wait',
        "too slow",
    ]


def test_output_beyond_the_limit_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "x.log"
    log = OutputLog(path, limit=10)
    for _ in range(3):
        log.write(b"123456")
    log.close("end\n")
    assert path.read_text() == "1234561234\n[8 more bytes of output were not kept]\nend\n"


def test_a_silent_file_has_no_log(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_text("of the last time")
    OutputLog(path).close()
    assert not path.exists()


def test_a_log_that_cannot_be_written_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = OutputLog(tmp_path / "file" / "x.log")
    log.write(b"text")
    log.close("end")
