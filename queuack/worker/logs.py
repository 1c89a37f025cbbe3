"""The logs of the running tasks: where their lines come from and how they are written.

While a task runs, all it writes goes to one file of JSON lines: ``print`` (replaced ``sys.stdout`` and ``sys.stderr``),
the ``logging`` of every module (a handler on the root logger), and what subprocesses and native code write to file
descriptors 1 and 2 (two permanent pipes). File and folders appear with the first line. Each line is written at once.

Whose a line is: the async task's in whose contextvars context it is written; else the task's that has the main thread;
else the only async task's; else it goes to the worker's original stderr, as between tasks. The pipes know no context.
It decides nothing about tasks; what a line looks like is ``loglines``'s. Airflow page: "Logging for Tasks".
"""

from __future__ import annotations

import io
import logging
import os
import select
import sys
import threading
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from queuack.authoring.masking import Masker
from queuack.logpaths import attempt_log, callback_log_path
from queuack.protocol import Workload
from queuack.worker.loglines import cut, encode_line, error_detail, timestamp

STDOUT_LOGGER = "task.stdout"
STDERR_LOGGER = "task.stderr"
STANDARD_FIELDS = frozenset(logging.LogRecord("", 0, "", 0, "", None, None).__dict__) | {"message", "asctime"}


class Sink:
    """Where the lines of one task go."""

    def __init__(self, path: str | None, fallback: int, *, keeps_open: bool) -> None:
        """``path``: None = to the descriptor ``fallback``. ``keeps_open``: the file stays open until ``close``; else it
        is opened for each write, as where a thousand tasks seldom write."""
        self._path = path
        self._fd = fallback if path is None else None
        self._keeps_open = keeps_open
        self.rests: dict[str, str] = {}
        """Logger → its unfinished line."""

    def put(self, data: bytes) -> None:
        fd = self._fd
        if fd is None:
            assert self._path is not None
            fd = open_log(self._path)
            if self._keeps_open:
                self._fd = fd
        try:
            while data:
                data = data[os.write(fd, data) :]
        finally:
            if self._fd is None:
                os.close(fd)

    def close(self) -> None:
        if self._fd is not None and self._path is not None:
            os.close(self._fd)
            self._fd = None


_own: ContextVar[Sink | None] = ContextVar("queuack_task_log", default=None)
"""Of an async task."""


class TaskLog:
    """The open logs of a process; ``begin`` and ``end`` frame the task in the main thread, ``enter`` and ``leave`` an
    async one. Any thread may write."""

    def __init__(self, folder: Path, masker: Masker) -> None:
        self._folder = f"{folder}{os.sep}"
        self._masker = masker
        self._lock = threading.Lock()
        self._terminal = Sink(None, 2, keeps_open=True)
        self._main: Sink | None = None
        self._others: dict[Sink, None] = {}
        """Of async tasks."""
        self._pipes: dict[int, PipeLines] = {}
        self._streams: tuple[LineStream, LineStream] | None = None
        self._handler = RecordHandler(self)

    # ── per process ──────────────────────────────────────────────────────────────────────────────
    def install(self, level: str) -> None:
        """Take over stdout, stderr and logging of this process."""
        terminal = os.dup(2)
        os.set_inheritable(terminal, False)
        self._terminal = Sink(None, terminal, keeps_open=True)
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
        self._others = {}
        if self._main is not None:
            self._main.close()

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
            self._main = Sink(self._folder + relative_path, -1, keeps_open=True)

    def enter(self, relative_path: str) -> None:
        """In the contextvars context of an async task."""
        self._take_over()
        sink = Sink(self._folder + relative_path, -1, keeps_open=False)
        _own.set(sink)
        with self._lock:
            self._others[sink] = None

    def leave(self) -> None:
        """What the task left behind may still write to its log."""
        self.finish_lines()
        sink = _own.get()
        with self._lock:
            if sink is not None:
                self._others.pop(sink, None)

    def sink(self) -> Sink:
        """Whose a line is that is written here and now."""
        return _own.get() or self.unattributed()

    def unattributed(self) -> Sink:
        """Where a line goes that is written in no task's context."""
        with self._lock:
            if self._main is not None:
                return self._main
            if len(self._others) == 1:
                return next(iter(self._others))
            return self._terminal

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
            main, self._main = self._main, None
            if main is not None:
                main.close()

    def drain(self, *, partial: bool = False) -> None:
        """Write the lines that wait in the pipes; with ``partial`` also an unfinished last one."""
        if not self._pipes:
            return
        ready, _, _ = select.select(self._pipes, (), (), 0)
        for fd in ready:
            self._pipes[fd].drain()
        if partial:
            for pipe in self._pipes.values():
                pipe.finish()

    def write(
        self, level: str, event: str, logger: str, extra: dict[str, Any] | None = None, sink: Sink | None = None
    ) -> None:
        """One line. ``extra`` holds further fields; what is not JSON is written as ``str()`` gives it."""
        event = self._masker.redact_text(event)
        line: dict[str, Any] = {"timestamp": timestamp(), "level": level, "event": event, "logger": logger}
        self._write(line, extra, sink or self.sink())

    def write_record(self, record: logging.LogRecord) -> None:
        """A line of a module's logging. A long message is cut: operators log what tasks return."""
        line: dict[str, Any] = {
            "timestamp": timestamp(),
            "level": record.levelname.lower(),
            "event": cut(self._masker.redact_text(record.getMessage())),
            "logger": record.name,
            "filename": record.filename,
            "lineno": record.lineno,
        }
        values = record.__dict__
        extra = {key: values[key] for key in values.keys() - STANDARD_FIELDS}
        if record.exc_info and record.exc_info[1] is not None:
            extra["error_detail"] = error_detail(record.exc_info[1])
        if record.stack_info:
            extra["stack"] = record.stack_info
        self._write(line, extra, self.sink())

    def _write(self, line: dict[str, Any], extra: dict[str, Any] | None, sink: Sink) -> None:
        if extra:
            line.update((key, value) for key, value in self._masker.redact(extra).items() if key not in line)
        data = encode_line(line)
        with self._lock:
            sink.put(data)

    def write_exception(self, event: str, error: BaseException, logger: str = "task", level: str = "error") -> None:
        """A line with the traceback in ``error_detail``."""
        self.write(level, event, logger, {"error_detail": error_detail(error)})


def log_path(workload: Workload) -> str:
    """The log of what ``workload`` says to do, relative to the logs folder; its own ``log_path`` wins."""
    if workload.log_path:
        return workload.log_path
    run = workload.run
    if not workload.task_id:
        return callback_log_path(run.dag_id, run.run_id, workload.callback_kind)
    return attempt_log(run.dag_id, run.run_id, workload.task_id, workload.map_index, workload.try_number)


def open_log(path: str) -> int:
    """A descriptor that appends to ``path``; its folders are made."""
    folder, _, _ = path.rpartition(os.sep)
    try:
        os.mkdir(folder)  # Nearly always right: most logs are the first in their folder.
    except FileExistsError:
        pass
    except FileNotFoundError:
        os.makedirs(folder, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)


class RecordHandler(logging.Handler):
    """``logging`` records into the task's log."""

    def __init__(self, log: TaskLog) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._log.write_record(record)
        except Exception:
            self.handleError(record)


class LineStream(io.TextIOBase):
    """Stands in for ``sys.stdout`` or ``sys.stderr``: every complete line becomes a line of the log."""

    def __init__(self, log: TaskLog, fd: int, logger: str, level: str) -> None:
        self._log = log
        self._fd = fd
        self._logger = logger
        self._level = level
        self.buffer = ByteStream(self)

    encoding = "utf-8"
    errors = "replace"

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        sink = self._log.sink()
        *lines, rest = (sink.rests.get(self._logger, "") + text).split("\n")
        sink.rests[self._logger] = rest
        for line in lines:
            self._log.write(self._level, line.removesuffix("\r"), self._logger, sink=sink)
        return len(text)

    def finish(self) -> None:
        """Write an unfinished last line."""
        sink = self._log.sink()
        rest = sink.rests.pop(self._logger, "")
        if rest:
            self._log.write(self._level, rest, self._logger, sink=sink)

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

    def drain(self) -> None:
        """Write the complete lines that have come."""
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

    def finish(self) -> None:
        """Write an unfinished last line."""
        if self._rest:
            with self._lock:
                rest, self._rest = self._rest, b""
                self._write(rest)

    def _write(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").removesuffix("\r")
        self._log.write(self._level, text, self._logger, sink=self._log.unattributed())
