"""``run/workers/<worker_id>.begun``: what a worker began, said where it outlives both the worker and the daemon.

That an attempt began is a fact for the daemon, durable with its next commit. If the daemon dies before that commit and
the worker dies too, nobody else could tell the attempt from one that never began, and it would be made twice. So a
worker notes an attempt here before it says so: one write of 40 bytes to the system's cache, which a killed process
leaves behind. (A machine that loses its power may lose it, and the last hundredth of a second with it.)
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_RECORD = struct.Struct("<qqqqq")

LONGEST = 4096
"""Bytes; a longer one is emptied once the daemon knows all that is in it."""


class Begun(NamedTuple):
    """An attempt that a worker began."""

    ti_id: int
    try_number: int
    at: int
    """Microseconds since the epoch."""
    pid: int
    """Of the worker."""
    queued_dttm: int
    """Which handing out of the attempt it was, as in Started; 0: not said."""


class BegunFile:
    """The writer's side: one per worker. A disk that refuses the note does not keep the task from running."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None
        self._size = 0

    def note(self, ti_id: int, try_number: int, at: int, queued_dttm: int | None) -> None:
        with suppress(OSError):
            if self._fd is None:
                self._fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self._size += os.write(self._fd, _RECORD.pack(ti_id, try_number, at, os.getpid(), queued_dttm or 0))

    def all_known(self) -> None:
        """The daemon has made everything durable that was noted."""
        if self._fd is not None and self._size > LONGEST:
            with suppress(OSError):
                os.ftruncate(self._fd, 0)
                self._size = 0

    def remove(self) -> None:
        """As ``all_known``, and the worker leaves."""
        self._path.unlink(missing_ok=True)


def read_begun(path: Path) -> list[Begun]:
    """What the worker of that file began, in order; empty when the file is gone."""
    try:
        data = path.read_bytes()
    except OSError:
        return []
    whole = len(data) - len(data) % _RECORD.size
    return [Begun(*record) for record in _RECORD.iter_unpack(data[:whole])]
