"""Lines of a task's log (JSON, as workers write them) as HTML and as plain text. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from markupsafe import Markup, escape

LEVELS = ("debug", "info", "warning", "error", "critical")
KNOWN = frozenset({"timestamp", "level", "event", "logger", "error_detail", "filename", "lineno", "stack"})


def as_html(lines: Iterable[str]) -> Markup:
    """A ``<div>`` a line, with its level as class; a traceback folds below."""
    return Markup("".join(_div(line) for line in lines))


def as_text(lines: Iterable[str]) -> str:
    """For a file."""
    return "".join(f"{_plain(line)}\n" for line in lines)


def _record(line: str) -> dict[str, Any] | None:
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and "event" in record else None


def _div(line: str) -> str:
    record = _record(line)
    if record is None:
        return f'<div class="l"><time></time><b></b><span>{escape(line)}</span></div>'
    level = str(record.get("level") or "info").lower()
    kind = level if level in LEVELS else "info"
    at = str(record.get("timestamp") or "")
    extras = "".join(f" <i>{escape(key)}={escape(value)}</i>" for key, value in _extras(record))
    more = "\n".join(_further(record))
    below = f"<details open><summary>Traceback</summary><pre>{escape(more)}</pre></details>" if more else ""
    source = f"{record.get('logger') or ''} {record.get('filename') or ''}:{record.get('lineno') or ''}".strip(" :")
    place = escape(source)
    return (
        f'<div class="l {kind}" title="{place}"><time datetime="{escape(at)}">{escape(at[11:23])}</time>'
        f"<b>{escape(level.upper())}</b><span>{escape(record['event'])}{extras}{below}</span></div>"
    )


def _plain(line: str) -> str:
    record = _record(line)
    if record is None:
        return line
    extras = "".join(f"  {key}={value}" for key, value in _extras(record))
    head = f"{record.get('timestamp', '')} {str(record.get('level', '')).upper():<7} {record['event']}{extras}"
    return "\n".join([head, *(f"    {text}" for text in _further(record))])


def _extras(record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in record.items():
        if key not in KNOWN:
            yield key, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _further(record: dict[str, Any]) -> Iterator[str]:
    """The traceback, causes first as Python prints them, and the stack."""
    detail = record.get("error_detail")
    chain = [error for error in detail if isinstance(error, dict)] if isinstance(detail, list) else []
    for number, error in enumerate(reversed(chain)):
        if number:
            yield "which caused:" if chain[-number].get("is_cause") else "during whose handling:"
        for frame in error.get("frames") or ():
            yield f'File "{frame.get("filename")}", line {frame.get("lineno")}, in {frame.get("name")}'
            if frame.get("line"):
                yield f"  {frame['line']}"
        yield f"{error.get('exc_type')}: {error.get('exc_value')}"
        yield from (str(note) for note in error.get("exc_notes") or ())
    if record.get("stack"):
        yield from str(record["stack"]).splitlines()
