"""Which frames of a traceback are the user's.

Above the user's code on the stack stands the machinery that called it: the worker, the command line, the importer.
Whoever reads the error wrote none of it, so those leading frames are left out. Frames *below* the user's own stay: an
error raised inside a library, Queuack's too, is shown with the way there. This module decides what is shown, not where.
A leaf: it imports nothing of Queuack.
"""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Sequence
from traceback import FrameSummary, StackSummary, TracebackException
from types import TracebackType

MAX_FRAMES = 200
"""Frames shown of each exception; of a deeper stack (endless recursion) the innermost ones."""
MAX_CAUSES = 20

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_MACHINERY = (
    _PACKAGE,
    contextlib.__file__,
    "<frozen ",
)
"""What file names of the machinery begin with."""
_INSTALLED = tuple(os.sep.join(("", folder, "click", "")) for folder in ("site-packages", "dist-packages"))
"""What they contain."""
_OPERATORS = tuple(_PACKAGE + folder + os.sep for folder in ("operators", "sensors", "triggers", "hooks"))
"""Code of Queuack that stands in for the user's: an operator that fails by itself is shown from its own frame on."""


def user_frames(trace: TracebackType | None) -> list[FrameSummary]:
    """The frames from the first one of the user's on, outermost first; all of them if none is the user's."""
    return without_machinery(traceback.extract_tb(trace)[-MAX_FRAMES:])


def without_machinery(frames: Sequence[FrameSummary]) -> list[FrameSummary]:
    """``frames``, outermost first, without the leading ones of the machinery.

    Where none is the user's: from the first frame of a standard operator, sensor, trigger or hook on; else all.
    """
    for is_shown in (lambda name: not is_machinery(name), lambda name: name.startswith(_OPERATORS)):
        for index, frame in enumerate(frames):
            if is_shown(frame.filename):
                return list(frames[index:])
    return list(frames)


def is_machinery(filename: str) -> bool:
    """Whether the code of ``filename`` is Queuack's, click's, contextlib's or the importer's."""
    return filename.startswith(_MACHINERY) or any(part in filename for part in _INSTALLED)


def format_user_exception(error: BaseException) -> str:
    """The traceback as Python prints it, source lines and causes included, leading frames of the machinery left out.

    Ends with a newline. Never raises: an exception whose ``str()`` fails is shown without its text.
    """
    told = TracebackException(type(error), error, error.__traceback__, compact=True)
    _trim(told)
    return "".join(told.format())


def _trim(told: TracebackException | None, depth: int = 0) -> None:
    """In ``told``, its causes and, for a group, its members."""
    if told is None or depth > MAX_CAUSES:
        return
    told.stack = StackSummary.from_list(without_machinery(told.stack[-MAX_FRAMES:]))
    _trim(told.__cause__, depth + 1)
    _trim(told.__context__, depth + 1)
    for member in getattr(told, "exceptions", None) or ():
        _trim(member, depth + 1)
