"""The watcher: a child process that tells which paths below some folders have changed.

It is a process of its own because the library that watches runs threads, and the parser forks. It decides nothing
about the changes but to leave out byte code and version control. Where the system cannot watch it says so and ends;
the parser's periodic scan is the net below.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import struct
from typing import NoReturn

import msgspec

from queuack.parser import processes
from queuack.protocol import FrameReader

log = logging.getLogger("queuack.parser")

DEBOUNCE_MS = 50
"""Changes are gathered for at most so long …"""
STEP_MS = 25
"""… and told when none has come for so long. The library wakes up so often: 0.2 % of a core."""
_BORING = (f"{os.sep}__pycache__", f"{os.sep}.git{os.sep}")


class Watcher:
    """The parser's handle on the process. ``fileno`` becomes readable when ``changes`` has something or it has
    ended."""

    def __init__(self, folders: list[str]) -> None:
        self.folders = folders
        self._frames = FrameReader()
        self._pipe, writing = os.pipe()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            _watch(folders, writing, parent)
        os.close(writing)
        self.identity = identity_of(folders)

    def fileno(self) -> int:
        return self._pipe

    def changes(self) -> list[str] | None:
        """Changed paths; None = it has ended."""
        data = os.read(self._pipe, 1 << 16)
        if not data:
            return None
        return [path for body in self._frames.feed(data) for path in msgspec.msgpack.decode(body, type=list[str])]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._pipe)


def identity_of(folders: list[str]) -> list[tuple[int, int] | None]:
    """Tells a folder from another that took its place; None = it is not there."""
    found: list[tuple[int, int] | None] = []
    for folder in folders:
        try:
            status = os.stat(folder)
            found.append((status.st_dev, status.st_ino))
        except OSError:
            found.append(None)
    return found


def _watch(folders: list[str], pipe: int, parent: int) -> NoReturn:
    code = 1
    try:
        processes.die_with(parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) != pipe:
                with contextlib.suppress(OSError):
                    os.close(int(name))
        _report_changes(folders, pipe)
        code = 0
    except Exception as error:
        log.warning("The folders cannot be watched (%s); changes are found by scanning.", error)
    finally:
        os._exit(code)


def _report_changes(folders: list[str], pipe: int) -> None:
    from watchfiles._rust_notify import RustNotify  # in this process only: it starts a thread and takes memory

    present = [folder for folder in folders if os.path.isdir(folder)]
    notify = RustNotify(present, False, False, 300, True, True)
    _say(pipe, present)  # what changed before the watch stood was not seen: look at everything
    while True:
        changes = notify.watch(DEBOUNCE_MS, STEP_MS, 0, None)
        if not isinstance(changes, set):
            return
        paths = sorted({path for _, path in changes if not any(part in path for part in _BORING)})
        if paths:
            _say(pipe, paths)


def _say(pipe: int, paths: list[str]) -> None:
    body = msgspec.msgpack.encode(paths)
    data = memoryview(struct.pack(">I", len(body)) + body)
    while data:
        data = data[os.write(pipe, data) :]
