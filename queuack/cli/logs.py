"""The log of an attempt, made readable: JSON lines in, one line of text a record out. It only reads."""

from __future__ import annotations

import heapq
import json
import re
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from glob import escape
from pathlib import Path
from typing import Any

KNOWN = frozenset({"timestamp", "level", "event", "logger", "error_detail", "filename", "lineno", "stack"})
_TIMESTAMP = re.compile(r'\{"timestamp":"([^"]*)"')
POLL = 0.2
"""Seconds between looks at a log that is followed."""


def readable(line: str) -> str:
    """``01-31 14:03:05.123 INFO    text``; further fields as ``key=value``, a traceback below. Other text as it is."""
    try:
        record = json.loads(line)
    except json.JSONDecodeError:
        return line
    if not isinstance(record, dict) or "event" not in record:
        return line
    extras = "".join(f"  {key}={_short(value)}" for key, value in record.items() if key not in KNOWN)
    head = f"{_clock(record.get('timestamp'))} {str(record.get('level', '')).upper():<7} {record['event']}{extras}"
    below = [*_traceback(record.get("error_detail"))]
    if record.get("stack"):
        below += str(record["stack"]).splitlines()
    return "\n".join([head, *(f"    {text}" for text in below)])


def parts(path: Path) -> list[Path]:
    """The files of one attempt's log: its own, if it is there, and those of the triggers it waited for."""
    triggers = sorted(path.parent.glob(f"{escape(path.name)}.trigger.*.log"))
    return [path, *triggers] if path.is_file() else triggers


def read(path: Path) -> Iterator[str]:
    """The readable lines of a finished log; what its triggers wrote stands where it belongs by time."""
    files = [_lines(part) for part in parts(path)]
    for line in files[0] if len(files) == 1 else heapq.merge(*files, key=_moment):
        yield readable(line)


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            yield line.rstrip("\n")


def follow(path: Path, ended: Callable[[], bool], pause: Callable[[float], None] = time.sleep) -> Iterator[str]:
    """The readable lines, and new ones as they come, until ``ended`` and all is read. The file may not exist yet."""
    positions: dict[Path, int] = {}
    rests: dict[Path, bytes] = {}
    while True:
        over = ended()
        new: list[list[str]] = []
        for part in parts(path):
            with part.open("rb") as file:
                file.seek(positions.get(part, 0))
                data = file.read()
            positions[part] = positions.get(part, 0) + len(data)
            *lines, rests[part] = (rests.get(part, b"") + data).split(b"\n")
            if over and rests[part]:
                lines.append(rests[part])
            new.append([line.decode("utf-8", errors="replace") for line in lines])
        for line in heapq.merge(*new, key=_moment):
            yield readable(line)
        if over:
            return
        pause(POLL)


def _moment(line: str) -> str:
    """When a line was written, comparable; of a line that does not say so, the beginning of time."""
    match = _TIMESTAMP.match(line)
    return match[1] if match else ""


def _clock(timestamp: Any) -> str:
    try:
        moment = datetime.fromisoformat(str(timestamp)).astimezone()
    except ValueError:
        return str(timestamp or "")
    return moment.strftime("%m-%d %H:%M:%S.") + f"{moment.microsecond // 1000:03d}"


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _traceback(detail: Any) -> Iterator[str]:
    """Causes first, as Python prints them; ``detail`` has the outermost exception first."""
    chain = [error for error in detail if isinstance(error, dict)] if isinstance(detail, list) else []
    for index, error in enumerate(reversed(chain)):
        if index:
            cause = chain[-index].get("is_cause")
            yield "which caused:" if cause else "during whose handling:"
        for frame in error.get("frames") or ():
            yield f'File "{frame.get("filename")}", line {frame.get("lineno")}, in {frame.get("name")}'
            if frame.get("line"):
                yield f"  {frame['line']}"
        yield f"{error.get('exc_type')}: {error.get('exc_value')}"
        yield from (str(note) for note in error.get("exc_notes") or ())
