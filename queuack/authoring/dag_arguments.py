"""Reading and checking the arguments of a DAG: old names, schedules, tags, owner links. Knows no DAG.

Airflow page: ``airflow.sdk.DAG``.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from queuack.authoring.deprecation import warn_old
from queuack.authoring.types import is_arg_set

TAG_MAX_LENGTH = 100

OLD_ARGUMENTS = {
    "schedule_interval": "write schedule",
    "timetable": "write schedule",
    "concurrency": "write max_active_tasks",
    "full_filepath": "leave it out",
    "default_view": "leave it out",
    "orientation": "leave it out",
    "fail_stop": "write fail_fast",
    "user_defined_context": "leave it out",
}
"""Old argument → what to write."""


def reject_or_warn(unknown: dict[str, Any], sla_miss_callback: Any) -> dict[str, Any]:
    """The old arguments among ``unknown``, after a warning each. Raises TypeError for any other."""
    for name in unknown:
        if name not in OLD_ARGUMENTS:
            raise TypeError(f"DAG.__init__() got an unexpected keyword argument {name!r}")
        warn_old(f"the DAG argument {name!r}", OLD_ARGUMENTS[name])
    if sla_miss_callback is not None:
        warn_old("the DAG argument 'sla_miss_callback'", "use deadline alerts")
    return unknown


def as_schedule(schedule: Any, old: dict[str, Any]) -> Any:
    """The one schedule among ``schedule``, ``schedule_interval`` and ``timetable``. Raises ValueError for several."""
    given = [value for value in (schedule, *(old.get(name) for name in ("schedule_interval", "timetable"))) if value]
    given = [value for value in given if is_arg_set(value)]
    if len(given) > 1:
        raise ValueError("At most one schedule argument (schedule, schedule_interval, timetable) is allowed.")
    if not given:
        return None
    return None if given[0] == "None" else given[0]


RUN_TYPES = ("asset_materialization", "asset_triggered", "backfill", "manual", "operator_triggered", "scheduled")


def as_run_types(allowed: Any) -> tuple[str, ...] | None:
    """``allowed_run_types``: one DagRunType or several, as sorted text; None = all. Raises ValueError for another."""
    if allowed is None:
        return None
    listed = [allowed] if isinstance(allowed, str) else list(allowed)
    found = sorted({str(getattr(one, "value", one)) for one in listed})
    for one in found:
        if one not in RUN_TYPES:
            raise ValueError(f"{one!r} is not a valid DagRunType; there are {', '.join(RUN_TYPES)}")
    return tuple(found)


def as_tags(tags: Collection[str] | None) -> set[str]:
    """Raises ValueError for a tag over 100 characters."""
    if isinstance(tags, str):
        raise TypeError("tags must be a list of strings, not a string")
    for tag in tags or ():
        if len(tag) > TAG_MAX_LENGTH:
            raise ValueError(f"tag cannot be longer than {TAG_MAX_LENGTH} characters")
    return set(tags or ())


def check_owner_links(links: dict[str, str] | None) -> dict[str, str]:
    """Raises ValueError for a link that is neither a URL nor a mailto."""
    for owner, link in (links or {}).items():
        parts = urlsplit(link)
        if not (parts.scheme and (parts.netloc or parts.scheme == "mailto")):
            raise ValueError(
                "Wrong link format was used for the owner. Use a valid link\n"
                f"Bad formatted links are: {{{owner!r}: {link!r}}}"
            )
    return links or {}


def markdown(text: str | None) -> str | None:
    """The text, or that of the file when it names one that ends in ``.md``."""
    if text is None or not text.endswith(".md"):
        return text
    try:
        return Path(text).read_text(encoding="utf-8")
    except OSError:
        return text
