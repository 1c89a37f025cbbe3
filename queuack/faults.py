"""Named points at which a test can end this process with SIGKILL, as a crash would.

``QUEUACK_FAULT=daemon.after_commit:3`` kills the process that reaches the point for the third time. Unset, ``reach``
does nothing and costs a comparison. Imports nothing of Queuack.
"""

from __future__ import annotations

import os
import signal

POINTS = (
    "daemon.before_commit",
    "daemon.after_commit",
    "daemon.after_dispatch",
    "worker.after_started",
    "worker.before_finished",
    "worker.after_finished",
)
"""Every point there is."""

_point, _, _number = os.environ.get("QUEUACK_FAULT", "").partition(":")
_left = int(_number or 1)


def reach(point: str) -> None:
    """The process is at ``point``: it may end here."""
    if point == _point:
        _count_down()


def _count_down() -> None:
    global _left
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
