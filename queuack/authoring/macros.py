"""``macros`` in templates: dates, random numbers, and what plugins add. Airflow page: templates-ref, "Macros"."""

from __future__ import annotations

import json
import random
import time
import uuid
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import dateutil
import dateutil.parser
import pendulum
import yaml

__all__ = [
    "datetime",
    "datetime_diff_for_humans",
    "dateutil",
    "ds_add",
    "ds_format",
    "ds_format_locale",
    "json",
    "random",
    "time",
    "timedelta",
    "uuid",
    "yaml",
]


def ds_add(ds: str, days: int) -> str:
    """``YYYY-MM-DD`` plus days."""
    if not days:
        return str(ds)
    return (datetime.strptime(str(ds), "%Y-%m-%d") + timedelta(days=days)).strftime("%Y-%m-%d")


def ds_format(ds: str, input_format: str, output_format: str) -> str:
    """From one ``strftime`` format to another."""
    return datetime.strptime(str(ds), input_format).strftime(output_format)


def ds_format_locale(ds: str, input_format: str, output_format: str, locale: Any = None) -> str:
    """From a ``strftime`` format to one of babel's, in ``locale``. Raises ImportError without babel."""
    babel = import_module("babel.dates")  # optional: only this macro needs babel
    moment = datetime.strptime(str(ds), input_format)
    return str(babel.format_datetime(moment, format=output_format, locale=locale or babel.LC_TIME))


def datetime_diff_for_humans(dt: Any, since: datetime | None = None) -> str:
    """``3 hours ago``; relative to ``since``, or to now."""
    moment = pendulum.instance(dt)
    other = pendulum.instance(since) if since is not None else None
    return str(moment.diff_for_humans(other))
