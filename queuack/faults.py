"""Named points at which a test can strike this process: end it as a crash would, ask it to end, or let it fail.

``QUEUACK_FAULT`` holds strikes, separated by blanks, each ``point:number:action``: the process that reaches ``point``
for the ``number``-th time (default 1) is struck. ``kill`` (the default) is SIGKILL, ``term`` SIGTERM, ``raise`` an
exception. Every process is struck, unless ``QUEUACK_FAULT_ONCE`` names a folder: then each strike happens once in all,
and leaves a file there that has its name. Unset, ``reach`` does nothing and costs a look into an empty table. It
imports nothing of Queuack.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

POINTS = (
    "daemon.before_commit",
    "daemon.after_commit",
    "daemon.before_dispatch",
    "daemon.after_dispatch",
    "daemon.before_recovery",
    "daemon.after_recovery",
    "parser.file_begun",
    "parser.file_parsed",
    "parser.mid_file",
    "worker.before_started",
    "worker.after_started",
    "worker.before_finished",
    "worker.after_finished",
    "triggerer.before_fire",
    "triggerer.after_fire",
    "api_server.request",
)
"""Every point there is. ``parser.mid_file`` is in the process that parses one file."""

ACTIONS = ("kill", "term", "raise")


class FaultInjected(Exception):
    """The failure that a test asked for."""


@dataclass(slots=True)
class Strike:
    point: str
    action: str
    left: int
    """It strikes when this has been counted down to 0."""
    name: str


def _strikes(text: str) -> dict[str, list[Strike]]:
    found: dict[str, list[Strike]] = {}
    for word in text.split():
        point, _, rest = word.partition(":")
        number, _, action = rest.partition(":")
        found.setdefault(point, []).append(Strike(point, action or "kill", int(number or 1), word))
    return found


_armed = _strikes(os.environ.get("QUEUACK_FAULT", ""))
_once = os.environ.get("QUEUACK_FAULT_ONCE", "")


def reach(point: str) -> None:
    """The process is at ``point``: it may end here, or this may raise FaultInjected."""
    if point in _armed:
        _count_down(_armed[point])


def _count_down(strikes: list[Strike]) -> None:
    for strike in strikes:
        strike.left -= 1
        if strike.left == 0 and _is_first(strike):
            _strike(strike)


def _is_first(strike: Strike) -> bool:
    """Whether no process has been struck by it."""
    if not _once:
        return True
    try:
        os.close(os.open(os.path.join(_once, strike.name), os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        return False
    return True


def _strike(strike: Strike) -> None:
    if strike.action == "raise":
        raise FaultInjected(f"{strike.name} (pid {os.getpid()})")
    os.kill(os.getpid(), signal.SIGTERM if strike.action == "term" else signal.SIGKILL)
