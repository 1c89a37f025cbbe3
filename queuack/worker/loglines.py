"""What a line of a task's log looks like: a JSON object, as Airflow's logs hold it.

It knows the form, not where lines go nor what is secret. Airflow page: "Logging for Tasks".
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from queuack.tracebacks import user_frames

MAX_EVENT = 64 * 1024
"""Characters of one message that are kept of a module's logging."""

_encoder = msgspec.json.Encoder(enc_hook=str)


def encode_line(line: dict[str, Any]) -> bytes:
    """The bytes of one line; what is not JSON is written as ``str()`` gives it."""
    try:
        return _encoder.encode(line) + b"\n"
    except Exception:  # user objects may do anything
        return _encoder.encode({key: str(value) for key, value in line.items()}) + b"\n"


def cut(event: str) -> str:
    """``event``, shortened with a remark when it is longer than ``MAX_EVENT`` characters."""
    if len(event) <= MAX_EVENT:
        return event
    return f"{event[:MAX_EVENT]}… (cut: {len(event):,} characters; a log line keeps {MAX_EVENT:,})"


def timestamp() -> str:
    """Now, as ``2026-01-01T00:00:00.000000Z``."""
    return datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def error_detail(error: BaseException) -> list[dict[str, Any]]:
    """The exception and its causes, outermost first, as Airflow's logs hold them.

    ``frames`` begin with the first of the user's; beyond Airflow each has the text of its ``line``."""
    chain: list[dict[str, Any]] = []
    current: BaseException | None = error
    is_cause = False
    seen: set[int] = set()
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        chain.append(_link(current, is_cause))
        is_cause = current.__cause__ is not None
        if current.__cause__ is not None:
            current = current.__cause__
        else:
            current = None if current.__suppress_context__ else current.__context__
    return chain


def _link(error: BaseException, is_cause: bool) -> dict[str, Any]:
    try:
        text = str(error)
    except Exception:
        text = "<str() of the exception failed>"
    return {
        "exc_type": type(error).__name__,
        "exc_value": text,
        "exc_notes": list(getattr(error, "__notes__", ())),
        "syntax_error": None,
        "is_cause": is_cause,
        "frames": [
            {"filename": frame.filename, "lineno": frame.lineno, "name": frame.name, "line": frame.line}
            for frame in user_frames(error.__traceback__)
        ],
        "is_group": False,
        "exceptions": [],
    }
