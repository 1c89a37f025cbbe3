"""Linux facts about processes: who descends from whom, what they hold, and how to end all of them.

Decides nothing about DAG files. Everything reads ``/proc`` at the moment of the call; a process that has gone
meanwhile is simply not there.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from dataclasses import dataclass

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class ProcessState:
    """One line of ``/proc/<pid>/stat``."""

    pid: int
    parent: int
    session: int
    started: int
    """Clock ticks since boot."""
    resident: int
    """Bytes."""


def become_subreaper() -> None:
    """Orphans below this process become its children, however often they forked."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with(parent: int) -> None:
    """This process is killed when its parent ends; at once if that has happened already."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def limit_memory(extra: int) -> None:
    """Private writable memory may grow by ``extra`` bytes from here; then allocations fail. 0 = no limit."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if extra <= 0:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = _private_bytes() + extra
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard < 0 else min(wanted, hard), hard))


def lift_memory_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def _private_bytes() -> int:
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return 0


def state_of(pid: int) -> ProcessState | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return ProcessState(pid, int(fields[1]), int(fields[3]), int(fields[19]), int(fields[21]) * _PAGE)


def children_of(pid: int) -> list[int]:
    """Direct children of all threads of ``pid``, zombies included."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children") as file:
                found += [int(word) for word in file.read().split()]
    return found


def descendants_of(pid: int, limit: int = 2000) -> list[int]:
    """``pid``'s children, their children and so on, at most about ``limit``."""
    found = children_of(pid)
    for child in found:
        if len(found) > limit:
            break
        found += children_of(child)
    return found


def kill_tree(pid: int) -> None:
    """SIGKILL ``pid``, its process group and whoever descends from it at this moment."""
    below = descendants_of(pid)
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)
    for victim in (pid, *below):
        with contextlib.suppress(OSError):
            os.kill(victim, signal.SIGKILL)


def reap_orphans(known: set[int], before: int | None, *, wait: bool = False) -> bool:
    """Kill and reap the children of this process that it did not start itself (``known``): orphans it inherited.

    ``before``: only those started earlier than this (clock ticks since boot); None = all. ``wait`` for their end.
    True = none is left."""
    clean = True
    for pid in children_of(os.getpid()):
        if pid in known:
            continue
        state = state_of(pid)
        if before is not None and state is not None and state.started >= before:
            clean = False
            continue
        kill_tree(pid)
        with contextlib.suppress(OSError):
            if os.waitpid(pid, 0 if wait else os.WNOHANG) == (0, 0):
                clean = False
    return clean
