"""Where the lines of triggers go: each beside the log of the task that waits, the others to the daemon's terminal.

Which trigger a line belongs to is known by the context it is written in, also in threads that a trigger starts with
``asyncio.to_thread``. Airflow page: "Logging for Tasks" (``attempt=N.log.trigger.<id>.log``).
"""

from __future__ import annotations

import logging
import os
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from queuack.authoring.masking import Masker
from queuack.worker.loglines import cut, encode_line, error_detail, timestamp
from queuack.worker.logs import STANDARD_FIELDS, open_log

SYSTEM_LOGGER = "triggerer"
current_log: ContextVar[str | None] = ContextVar("queuack_trigger_log", default=None)
"""Path of the log, relative to the logs folder; None = no task waits."""


class TriggerLogs:
    """The logs of one triggerer. Files are opened for each line: thousands of triggers seldom write."""

    def __init__(self, folder: Path, name: str, masker: Masker) -> None:
        self._folder = f"{folder}{os.sep}"
        self._name = name
        self._masker = masker
        self._terminal = sys.stderr

    def install(self, level: str) -> None:
        """Take over logging and ``print`` of this process."""
        root = logging.getLogger()
        root.handlers[:] = [_Handler(self)]
        root.setLevel(level)
        sys.stdout = _Lines(self, "task.stdout", "info")
        sys.stderr = _Lines(self, "task.stderr", "error")

    def path_of(self, attempt_log: str) -> str:
        """Of the trigger that an attempt waits for, relative to the logs folder."""
        return f"{attempt_log}.trigger.{self._name}.log"

    def path_of_watcher(self, classpath: str, trigger_id: int) -> str:
        """Of a trigger that no task waits for, relative to the logs folder."""
        return f"triggerer/{classpath.rpartition('.')[2]}_{trigger_id}.log"

    def write(self, level: str, event: str, logger: str = SYSTEM_LOGGER, error: BaseException | None = None) -> None:
        """One line into the log of the trigger whose context this is."""
        line: dict[str, Any] = {"timestamp": timestamp(), "level": level, "event": event, "logger": logger}
        if error is not None:
            line["error_detail"] = error_detail(error)
        self._put(line)

    def write_record(self, record: logging.LogRecord) -> None:
        line: dict[str, Any] = {
            "timestamp": timestamp(),
            "level": record.levelname.lower(),
            "event": cut(record.getMessage()),
            "logger": record.name,
            "filename": record.filename,
            "lineno": record.lineno,
        }
        values = record.__dict__
        line.update((key, values[key]) for key in values.keys() - STANDARD_FIELDS if key not in line)
        if record.exc_info and record.exc_info[1] is not None:
            line["error_detail"] = error_detail(record.exc_info[1])
        self._put(line)

    def _put(self, line: dict[str, Any]) -> None:
        path = current_log.get()
        if path is None:
            self._terminal.write(_plain(self._masker.redact(line)))
            self._terminal.flush()
            return
        data = encode_line(self._masker.redact(line))
        fd = open_log(self._folder + path)
        try:
            os.write(fd, data)
        finally:
            os.close(fd)


def _plain(line: dict[str, Any]) -> str:
    """For the terminal: the text, and the last line of what went wrong."""
    detail = line.get("error_detail")
    error = f" ({detail[0]['exc_type']}: {detail[0]['exc_value']})" if detail else ""
    return f"{str(line['level']).upper()} {line['logger']}: {line['event']}{error}\n"


class _Handler(logging.Handler):
    def __init__(self, logs: TriggerLogs) -> None:
        super().__init__()
        self._logs = logs

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._logs.write_record(record)
        except Exception:
            self.handleError(record)


class _Lines:
    """Stands in for ``sys.stdout``: what is written becomes lines of the log, each of the trigger that wrote it."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, logs: TriggerLogs, logger: str, level: str) -> None:
        self._logs, self._logger, self._level = logs, logger, level
        self._rests: dict[str | None, str] = {}
        """Log → the beginning of a line."""

    def write(self, text: str) -> int:
        key = current_log.get()
        *lines, rest = (self._rests.pop(key, "") + text).split("\n")
        for line in lines:
            self._logs.write(self._level, line, self._logger)
        if rest:
            self._rests[key] = rest
        return len(text)

    def flush(self) -> None:
        """Lines are written when they are whole."""

    def isatty(self) -> bool:
        return False
