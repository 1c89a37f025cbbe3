"""Telling one process from another: pid, start time and what its end means.

A pid alone is not an identity (pids are used again); with the kernel's start time it is one.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import msgspec

PR_SET_NAME = 15
"""Of ``prctl(2)``."""


class WorkerFile(msgspec.Struct):
    """``run/workers/<worker_id>.json``: written by a worker at its start, removed at its end."""

    pid: int
    start_ticks: int
    """Field 22 of ``/proc/<pid>/stat``: clock ticks since boot; 0 where there is no ``/proc``."""


def start_ticks(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None when there is no such process, or only its zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None if os.path.isdir("/proc/self") or not _exists(pid) else 0
    fields = stat[stat.rindex(b")") + 2 :].split()
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def is_alive(file: WorkerFile) -> bool:
    """Whether the very process that wrote ``file`` still runs."""
    return start_ticks(file.pid) == file.start_ticks


def write_worker_file(path: Path) -> None:
    """Say that this process is the worker of that name. The file appears whole or not at all."""
    pid = os.getpid()
    draft = path.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(WorkerFile(pid, start_ticks(pid) or 0)))
    draft.replace(path)


def read_worker_file(path: Path) -> WorkerFile | None:
    """None when it is gone or not readable as one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=WorkerFile)
    except (OSError, msgspec.DecodeError):
        return None


def set_name(name: str) -> None:
    """What ``ps`` and ``top`` call this process (its thread, to be exact): at most 15 bytes, Linux only."""
    if not sys.platform.startswith("linux"):
        return
    import ctypes  # start-up time: commands need it not

    try:
        ctypes.CDLL(None).prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)
    except (OSError, AttributeError):
        pass  # A name is a comfort.


def kill(pid: int, number: int = signal.SIGKILL) -> None:
    """Send a signal; a process that is gone is fine."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def describe_exit(status: int | None) -> str:
    """A ``waitpid`` status for people: ``exited with code 3``, ``was killed by SIGKILL (out of memory?)``."""
    if status is None:
        return "is gone"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        try:
            name = signal.Signals(number).name
        except ValueError:
            name = f"signal {number}"
        hint = {"SIGKILL": " (out of memory?)", "SIGSEGV": " (a crash in native code)"}.get(name, "")
        return f"was killed by {name}{hint}"
    return f"exited with code {os.waitstatus_to_exitcode(status)}"
