"""The logs of attempts: read piece by piece, as the workers write them. It writes nothing."""

from __future__ import annotations

import json
import os
from typing import Any

from queuack import config
from queuack.daemon.port import Port
from queuack.daemon.services.tasks import task_tries
from queuack.engine.states import FINISHED_NAMES
from queuack.errors import NotFound
from queuack.logpaths import attempt_log

Row = dict[str, Any]

PIECE = 1024 * 1024
"""Bytes of one piece, at most, unless a single line is longer."""

LONGEST_LINE = 8 * 1024 * 1024


def read_log_piece(
    port: Port,
    dag_id: str,
    run: str,
    task_id: str,
    try_number: int,
    map_index: int = -1,
    position: int = 0,
    stop: int | None = None,
) -> Row:
    """One piece of the log of a try, from the byte ``position`` to ``stop`` at most: entries (one object a line, at
    least with ``event``), position (of what follows), end (of what is there now, in whole lines), ended (nothing will
    be added), path.

    Raises NotFound when there was no such try; DagNotFound, DagRunNotFound, TaskNotFound.
    """
    tries = task_tries(port, dag_id, run, task_id, map_index)
    row = next((row for row in reversed(tries) if row["try_number"] == try_number), None)
    if row is None:
        raise NotFound("TaskInstance not found")
    path = config.current().home.logs / attempt_log(dag_id, row["run_id"], task_id, map_index, try_number)
    is_last = try_number == max(other["try_number"] for other in tries)
    ended = not is_last or row["state"] in FINISHED_NAMES
    entries, position, end = _piece(str(path), max(0, position), stop, whole=ended)
    return {"entries": entries, "position": position, "end": end, "ended": ended, "path": str(path)}


def _piece(path: str, position: int, stop: int | None, *, whole: bool) -> tuple[list[Row], int, int]:
    """Entries, where they end, where the file does. ``whole``: a last line without line end counts too."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return [], position, position
    try:
        size = os.fstat(fd).st_size
        end = size if whole else _after_last_line(fd, size)
        end = end if stop is None else min(end, stop)
        length = min(PIECE, max(0, end - position))
        data = os.pread(fd, length, position)
        while b"\n" not in data and position + len(data) < end and len(data) < LONGEST_LINE:
            data += os.pread(fd, PIECE, position + len(data))
    finally:
        os.close(fd)
    if position + len(data) < end and b"\n" in data:
        data = data[: data.rfind(b"\n") + 1]
    return [_entry(line) for line in data.split(b"\n") if line.strip()], position + len(data), end


def _after_last_line(fd: int, size: int) -> int:
    """Where the last line end is, so that no half line is read of an attempt that is writing."""
    start = size
    while start > 0:
        start = max(0, start - PIECE)
        found = os.pread(fd, PIECE, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
    return 0


def _entry(line: bytes) -> Row:
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    if isinstance(found, dict) and "event" in found:
        return {**found, "event": str(found["event"])}
    return {"event": line.decode(errors="replace")}


METHODS = (read_log_piece,)
