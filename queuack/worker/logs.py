"""The log of the running task: where its lines come from and how they are written.

While a task runs, all it writes goes to one file of JSON lines: ``print`` (replaced ``sys.stdout`` and ``sys.stderr``),
the ``logging`` of every module (a handler on the root logger), and what subprocesses and native code write to file
descriptors 1 and 2 (two permanent pipes). Between tasks lines go to the worker's original stderr. File and folders
appear with the first line. Each line is written at once. It decides nothing about tasks.
Airflow page: "Logging for Tasks".
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

from queuack.logpaths import attempt_log, callback_log_path
from queuack.protocol import Workload
from queuack.worker.masking import Masker

STDOUT_LOGGER = "task.stdout"
STDERR_LOGGER = "task.stderr"
STANDARD_FIELDS = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message", "asctime"}

_encoder = msgspec.json.Encoder(enc_hook=str)


class TaskLog:
    """The open log of a process; ``begin`` and ``end`` frame a task. Any thread may write."""

    def __init__(self, folder: Path, masker: Masker) -> None:
        self._folder = folder
        self._masker = masker
        self._lock = threading.Lock()
        self._path: str | None = None
        self._fd: int | None = None
        self._fallback = 2
        self._pipes: dict[int, PipeLines] = {}
        self._streams: tuple[LineStream, LineStream] | None = None
        self._handler = RecordHandler(self)

    # ── per process ──────────────────────────────────────────────────────────────────────────────
    def install(self, level: str) -> None:
        """Take over stdout, stderr and logging of this process."""
        self._fallback = os.dup(2)
        os.set_inheritable(self._fallback, False)
        for target, (name, severity) in {1: (STDOUT_LOGGER, "info"), 2: (STDERR_LOGGER, "error")}.items():
            read_end, write_end = os.pipe()
            os.dup2(write_end, target)
            os.close(write_end)
            os.set_blocking(read_end, False)
            self._pipes[read_end] = PipeLines(self, read_end, name, severity)
        self._streams = (LineStream(self, 1, STDOUT_LOGGER, "info"), LineStream(self, 2, STDERR_LOGGER, "error"))
        root = logging.getLogger()
        root.setLevel(level)
        self._take_over()

    def after_fork(self) -> None:
        """In a fork that runs one attempt: the parent drains the pipes, and no lock is held by a thread left behind."""
        self._lock = threading.Lock()
        self._pipes = {}
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _take_over(self) -> None:
        """Undo what user code may have put in the way."""
        if self._streams is not None:
            sys.stdout, sys.stderr = self._streams
        root = logging.getLogger()
        if self._handler not in root.handlers:
            root.addHandler(self._handler)

    @property
    def pipe_fds(self) -> tuple[int, ...]:
        """Readable when subprocesses or native code have written."""
        return tuple(self._pipes)

    # ── per task ─────────────────────────────────────────────────────────────────────────────────
    def begin(self, relative_path: str) -> None:
        self.drain()
        self._take_over()
        with self._lock:
            self._path = relative_path

    def finish_lines(self) -> None:
        """Write all there is, unfinished lines too."""
        if self._streams is not None:
            for stream in self._streams:
                stream.finish()
        self.drain(partial=True)

    def end(self) -> None:
        """Write what is left, close the file."""
        self.finish_lines()
        with self._lock:
            self._path = None
            if self._fd is not None:
                os.close(self._fd)
                self._fd = None

    def drain(self, *, partial: bool = False) -> None:
        """Write the lines that wait in the pipes; with ``partial`` also an unfinished last one."""
        for pipe in self._pipes.values():
            pipe.drain(partial=partial)

    def write(self, level: str, event: str, logger: str, extra: dict[str, Any] | None = None) -> None:
        """One line. ``extra`` holds further fields; what is not JSON is written as ``str()`` gives it."""
        line: dict[str, Any] = {"timestamp": timestamp(), "level": level, "event": event, "logger": logger}
        if extra:
            line.update((key, value) for key, value in extra.items() if key not in line)
        if self._masker.has_secrets or extra:
            line = self._masker.redact(line)
        try:
            data = _encoder.encode(line) + b"\n"
        except Exception:  # user objects in ``extra`` may do anything
            data = _encoder.encode({key: str(value) for key, value in line.items()}) + b"\n"
        with self._lock:
            self._put(data)

    def write_exception(self, event: str, error: BaseException, logger: str = "task", level: str = "error") -> None:
        """A line with the traceback in ``error_detail``."""
        self.write(level, event, logger, {"error_detail": error_detail(error)})

    def _put(self, data: bytes) -> None:
        fd = self._fallback if self._path is None else self._fd
        if fd is None:
            assert self._path is not None
            fd = self._fd = open_log(self._folder / self._path)
        while data:
            data = data[os.write(fd, data) :]


def log_path(workload: Workload) -> str:
    """The log of what ``workload`` says to do, relative to the logs folder; its own ``log_path`` wins."""
    if workload.log_path:
        return workload.log_path
    run = workload.run
    if not workload.task_id:
        return callback_log_path(run.dag_id, run.run_id, workload.callback_kind)
    return attempt_log(run.dag_id, run.run_id, workload.task_id, workload.map_index, workload.try_number)


def open_log(path: Path) -> int:
    """A descriptor that appends to ``path``; its folders are made."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o644)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, flags, 0o644)


def timestamp() -> str:
    """Now, as ``2026-01-01T00:00:00.000000Z``."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def error_detail(error: BaseException) -> list[dict[str, Any]]:
    """The exception and its causes, outermost first, as Airflow's logs hold them; own frames of the worker left out."""
    chain: list[dict[str, Any]] = []
    current: BaseException | None = error
    is_cause = False
    seen: set[int] = set()
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        try:
            text = str(current)
        except Exception:
            text = "<str() of the exception failed>"
        chain.append(
            {
                "exc_type": type(current).__name__,
                "exc_value": text,
                "exc_notes": list(getattr(current, "__notes__", ())),
                "syntax_error": None,
                "is_cause": is_cause,
                "frames": frames(current.__traceback__),
                "is_group": False,
                "exceptions": [],
            }
        )
        is_cause = current.__cause__ is not None
        if current.__cause__ is not None:
            current = current.__cause__
        else:
            current = None if current.__suppress_context__ else current.__context__
    return chain


def frames(trace: TracebackType | None) -> list[dict[str, Any]]:
    """Innermost last, at most 100 of them."""
    summary = traceback.extract_tb(trace)[-100:]
    return [{"filename": frame.filename, "lineno": frame.lineno, "name": frame.name} for frame in summary]


class RecordHandler(logging.Handler):
    """``logging`` records into the task's log."""

    def __init__(self, log: TaskLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            extra: dict[str, Any] = {"filename": record.filename, "lineno": record.lineno}
            extra.update((key, value) for key, value in record.__dict__.items() if key not in STANDARD_FIELDS)
            if record.exc_info and record.exc_info[1] is not None:
                extra["error_detail"] = error_detail(record.exc_info[1])
            if record.stack_info:
                extra["stack"] = record.stack_info
            self._log.write(record.levelname.lower(), record.getMessage(), record.name, extra)
        except Exception:
            self.handleError(record)


class LineStream(io.TextIOBase):
    """Stands in for ``sys.stdout`` or ``sys.stderr``: every complete line becomes a line of the log."""

    def __init__(self, log: TaskLog, fd: int, logger: str, level: str) -> None:
        self._log = log
        self._fd = fd
        self._logger = logger
        self._level = level
        self._rest = ""
        self.buffer = ByteStream(self)

    encoding = "utf-8"
    errors = "replace"

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._log.write(self._level, line.removesuffix("\r"), self._logger)
        return len(text)

    def finish(self) -> None:
        """Write an unfinished last line."""
        rest, self._rest = self._rest, ""
        if rest:
            self._log.write(self._level, rest, self._logger)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._fd

    def isatty(self) -> bool:
        return False

    def close(self) -> None:
        """User code may close it; the next task needs it."""


class ByteStream(io.RawIOBase):
    """``sys.stdout.buffer``."""

    def __init__(self, stream: LineStream) -> None:
        self._stream = stream

    def write(self, data: Any) -> int:
        content = bytes(data)
        self._stream.write(content.decode("utf-8", "replace"))
        return len(content)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._stream.fileno()

    def close(self) -> None:
        """As LineStream's."""


class PipeLines:
    """One permanent pipe behind descriptor 1 or 2."""

    def __init__(self, log: TaskLog, fd: int, logger: str, level: str) -> None:
        self._log = log
        self._fd = fd
        self._logger = logger
        self._level = level
        self._lock = threading.Lock()
        self._rest = b""

    def drain(self, *, partial: bool) -> None:
        with self._lock:
            while True:
                try:
                    data = os.read(self._fd, 1 << 16)
                except BlockingIOError:
                    break
                if not data:
                    break
                *lines, self._rest = (self._rest + data).split(b"\n")
                for line in lines:
                    self._write(line)
            if partial and self._rest:
                rest, self._rest = self._rest, b""
                self._write(rest)

    def _write(self, line: bytes) -> None:
        self._log.write(self._level, line.decode("utf-8", "replace").removesuffix("\r"), self._logger)
