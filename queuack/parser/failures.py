"""From an exception, or from how a child ended, to a ParseFailure that points into the DAG file.

Decides the wording, the line and which frames are shown: those of the user, not those of Queuack or of the import
machinery.
"""

from __future__ import annotations

import linecache
import os
import re
import signal
import traceback

import queuack
from queuack.protocol import ParseFailure
from queuack.tracebacks import is_machinery

MAX_MESSAGE = 4_000
"""Characters."""
MAX_STACKTRACE = 20_000
MAX_FRAMES = 200
_OURS = (os.path.dirname(os.path.abspath(queuack.__file__)) + os.sep, "<frozen importlib")
_DUMPED = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+) in (?P<name>.+)')


def failure_of(error: BaseException, *, fileloc: str, relative_fileloc: str, memory_mb: int = 0) -> ParseFailure:
    """``memory_mb`` is the limit to name when ``error`` is a MemoryError."""
    if isinstance(error, MemoryError):
        traceback.clear_frames(error.__traceback__)
    told = traceback.TracebackException(
        type(error), error, error.__traceback__, limit=-MAX_FRAMES, lookup_lines=False, compact=True
    )
    line = _line(error, told, fileloc)
    _trim(told, fileloc)
    message = _one_line(error)
    if isinstance(error, MemoryError) and memory_mb:
        message = f"{message} (the file needs more than {memory_mb} MB of memory: [dag_processor] max_file_memory_mb)"
    return ParseFailure(relative_fileloc, message, line, "".join(told.format())[-MAX_STACKTRACE:])


def ended(reason: str, *, fileloc: str, relative_fileloc: str, dump: str = "") -> ParseFailure:
    """A child that handed in nothing. ``dump``: what faulthandler wrote, most recent call first."""
    frames = [(found["file"], int(found["line"]), found["name"]) for found in _DUMPED.finditer(dump)]
    line = next((number for file, number, _ in frames if file == fileloc), None)
    frames.reverse()
    start = next((index for index, frame in enumerate(frames) if frame[0] == fileloc), 0)  # above it: who imports it
    users = [frame for frame in frames[start:] if not is_machinery(frame[0])]
    for file, _, _ in users:
        linecache.checkcache(file)
    shown = traceback.StackSummary.from_list([traceback.FrameSummary(*frame) for frame in users]).format()
    head = ["Traceback (most recent call last):\n"] if shown else []
    return ParseFailure(relative_fileloc, reason, line, "".join([*head, *shown, reason]))


def exit_reason(status: int) -> str:
    """``status`` as from ``os.waitpid``."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = str(number)
        hint = "; the machine may be out of memory" if number == signal.SIGKILL else ""
        return f"The process that parsed the file was killed by signal {name}{hint}."
    return (
        f"The process that parsed the file exited with status {os.waitstatus_to_exitcode(status)} by os._exit, "
        "or became another program, before the end of the file."
    )


def _one_line(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException as second:
        text = f"<its text cannot be had: {type(second).__name__}>"
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    name = type(error).__qualname__
    return (f"{name}: {first}" if first else name)[:MAX_MESSAGE]


def _line(error: BaseException, told: traceback.TracebackException, fileloc: str) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == fileloc:
        return error.lineno
    return next((frame.lineno for frame in reversed(told.stack) if frame.filename == fileloc), None)


def _trim(told: traceback.TracebackException | None, fileloc: str, depth: int = 0) -> None:
    """Drop the frames of Queuack and of importlib, in the causes too."""
    if told is None or depth > 20:
        return
    kept = [frame for frame in told.stack if not frame.filename.startswith(_OURS) or frame.filename == fileloc]
    told.stack = traceback.StackSummary.from_list(kept)
    _trim(told.__cause__, fileloc, depth + 1)
    _trim(told.__context__, fileloc, depth + 1)
