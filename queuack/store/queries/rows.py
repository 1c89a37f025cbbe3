"""Turns result rows into dicts. Decides how instants and JSON columns look; knows no table.

Statements select instants as ``epoch_us(column) AS column`` (reading TIMESTAMPTZ as Python objects needs pytz).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from queuack.clock import iso
from queuack.store.reader import Params, Reader
from queuack.store.statements import statement_text

Row = dict[str, Any]

INSTANTS = frozenset(
    {
        "applied_at", "created_at", "data_interval_end", "data_interval_start", "dttm", "end_date", "last_parsed_time",
        "last_updated", "logical_date", "next_dagrun", "next_dagrun_create_after", "next_dagrun_data_interval_end",
        "next_dagrun_data_interval_start", "next_try_at", "queued_at", "queued_dttm", "run_after", "scheduled_dttm",
        "start_date", "timestamp", "updated_at", "expires_at", "partition_date", "version_created_at",
        "trigger_created_date", "responded_at",
        "from_date", "to_date", "completed_at",
    }
)  # fmt: skip
"""Columns that hold an instant, in every table."""

JSON_COLUMNS = frozenset({"conf", "rendered_fields"})
"""Columns whose text is JSON and is handed out as a value."""


def rows(reader: Reader, name: str, params: Params = ()) -> list[Row]:
    """Run a named statement; its rows with ISO instants and decoded JSON."""
    return _dicts(reader, name, params, {**dict.fromkeys(INSTANTS, iso), **dict.fromkeys(JSON_COLUMNS, decoded)})


def raw_rows(reader: Reader, name: str, params: Params = ()) -> list[Row]:
    """The same with instants left in microseconds, for callers inside Queuack."""
    return _dicts(reader, name, params, dict.fromkeys(JSON_COLUMNS, decoded))


def first(found: list[Row]) -> Row | None:
    return found[0] if found else None


def _dicts(reader: Reader, name: str, params: Params, converters: dict[str, Callable[[Any], Any]]) -> list[Row]:
    reader.execute(statement_text(name), params)
    return _result(reader, converters)


def decode_rows(reader: Reader) -> list[Row]:
    """The rows of what ``reader`` has just executed, with ISO instants and decoded JSON."""
    return _result(reader, {**dict.fromkeys(INSTANTS, iso), **dict.fromkeys(JSON_COLUMNS, decoded)})


def _result(reader: Reader, converters: dict[str, Callable[[Any], Any]]) -> list[Row]:
    names = [column[0] for column in reader.description]
    convert = [(index, converters[column]) for index, column in enumerate(names) if column in converters]
    found = []
    for row in reader.fetchall():
        values = list(row)
        for index, converter in convert:
            values[index] = converter(values[index])
        found.append(dict(zip(names, values, strict=True)))
    return found


def decoded(text: str | None) -> Any:
    if not text:
        return {}
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
