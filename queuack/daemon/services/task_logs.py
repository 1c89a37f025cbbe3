"""Portions of the logs of attempts, for readers that come back for more. Reads files below the logs folder only."""

from __future__ import annotations

from glob import escape
from pathlib import Path
from typing import Any, NamedTuple

from queuack import config
from queuack.daemon.port import Port
from queuack.daemon.services.tasks import get_task_instance
from queuack.errors import InvalidRequest
from queuack.logpaths import attempt_log

Row = dict[str, Any]

LONGEST_PORTION = 4 * 1024 * 1024
"""Bytes; more is cut."""


def read_log(
    port: Port,
    dag_id: str,
    run: str,
    task_id: str,
    map_index: int = -1,
    try_number: int | None = None,
    offset: list[int] | int = 0,
    limit: int = 256 * 1024,
) -> Row:
    """Whole lines of an attempt's log (default: the latest attempt) from ``offset`` bytes on, about ``limit`` bytes.

    Returns lines (texts, JSON as workers write them), begin (bytes before them), offset (where to go on), size, more
    (there are further lines already), try_number, state (the task instance's). A negative offset counts from the end
    and begins with a whole line. An attempt that waited for triggers has a file of each besides: ``offset`` is then a
    list, and so is the one returned; lines of one portion are in the order of their time. No file: no lines.
    """
    row = get_task_instance(port, dag_id, run, task_id, map_index)
    number = try_number or row["try_number"] or 1
    folder = config.current().home.logs
    path = folder / attempt_log(dag_id, row["run_id"], task_id, map_index, number)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InvalidRequest("The log of this task instance is not in the logs folder.")
    files = [path, *sorted(path.parent.glob(f"{escape(path.name)}.trigger.*.log"))]
    offsets = offset if isinstance(offset, list) else [offset]
    offsets = offsets + [min(offsets[0], 0) if offsets else 0] * (len(files) - len(offsets))
    size = min(max(limit, 1), LONGEST_PORTION)
    portions = [_portion(file, start, size) for file, start in zip(files, offsets, strict=False)]
    lines = [line for portion in portions for line in portion.lines]
    if len(files) > 1:
        lines.sort(key=_moment)
    ends = [portion.end for portion in portions]
    return {
        "lines": lines,
        "begin": sum(portion.start for portion in portions),
        "offset": ends if len(ends) > 1 else ends[0],
        "size": sum(portion.size for portion in portions),
        "more": any(portion.end < portion.size and bool(portion.lines) for portion in portions),
        "try_number": number,
        "state": row["state"],
    }


class _Portion(NamedTuple):
    start: int
    end: int
    size: int
    """Of the file."""
    lines: list[str]


def _portion(path: Path, offset: int, limit: int) -> _Portion:
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return _Portion(0, max(offset, 0), 0, [])
    with file:
        size = file.seek(0, 2)
        start = max(size + offset, 0) if offset < 0 else min(offset, size)
        if offset < 0 and start:
            file.seek(start - 1)
            file.readline()
            start = file.tell()
        file.seek(start)
        data = file.read(limit)
        whole = data.rfind(b"\n") + 1
        if not whole and len(data) == limit:  # one line longer than the limit
            data += file.readline()
            whole = len(data)
    lines = [line for line in data[:whole].decode("utf-8", errors="replace").split("\n") if line]
    return _Portion(start, start + whole, size, lines)


def _moment(line: str) -> str:
    """When a line was written; of a line that does not say so, the beginning of time."""
    return line[14:46] if line.startswith('{"timestamp":"') else ""


METHODS = (read_log,)
