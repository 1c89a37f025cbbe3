"""Old names that are still taken: warns once a file and says what to write. Refuses nothing."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

from queuack.authoring.exceptions import RemovedInAirflow3Warning

_PACKAGE = str(Path(__file__).parent.parent)


def warn_old(what: str, instead: str) -> None:
    """Warn that ``what`` is an old spelling, on the author's line.

    Python's own registry makes it once a file and line.
    """
    frame = sys._getframe(1)
    depth = 2
    while frame.f_back is not None and _is_ours(frame.f_code.co_filename):
        frame = frame.f_back
        depth += 1
    seen = frame.f_globals.setdefault("__queuack_old_names__", set())
    if what in seen:
        return
    seen.add(what)
    warnings.warn(f"{what} is gone in Airflow 3; {instead}.", RemovedInAirflow3Warning, stacklevel=depth)


def _is_ours(filename: str) -> bool:
    return filename.startswith((_PACKAGE, "<"))
