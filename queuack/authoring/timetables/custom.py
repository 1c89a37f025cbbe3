"""Custom timetables as data, and back: which class, registered by whom, serialized to what.

Decides what a class must fulfil to be scheduled by. Its answers are not computed here.
Airflow page: howto/timetable.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from queuack.authoring.exceptions import AirflowTimetableInvalid
from queuack.authoring.registered import path_of, registered
from queuack.errors import NotBuilt
from queuack.schedule.timetables import CustomTimetable

if TYPE_CHECKING:
    from queuack.authoring.timetables.base import Timetable


class TimetableNotRegistered(ValueError):
    """A timetable of a class that no plugin lists in ``timetables``."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.type_string = path

    def __str__(self) -> str:
        return (
            f"Timetable class {self.type_string!r} is not registered: list it in `timetables` of an AirflowPlugin in "
            "plugins/ (`queuack plugins` shows what is loaded)."
        )


def custom_document(timetable: Timetable) -> CustomTimetable:
    """``timetable`` as data.

    Raises TimetableNotRegistered; AirflowTimetableInvalid when what it serializes to is no JSON object.
    """
    path = path_of(type(timetable))
    registered_class(path)
    if timetable.partitioned:
        raise NotBuilt(f"custom partitioned timetables are not built in Queuack yet: {path}")
    return CustomTimetable(
        importable=path,
        data=_serialized(timetable, path),
        can_be_scheduled=bool(timetable.can_be_scheduled),
        periodic=bool(timetable.periodic),
        active_runs_limit=timetable.active_runs_limit,
        label=str(timetable.summary),
        words=str(timetable.description or ""),
    )


def registered_class(path: str) -> type[Timetable]:
    """The class that a plugin registered. Raises TimetableNotRegistered."""
    found: type[Timetable] | None = registered.find("timetables", path)
    if found is None:
        raise TimetableNotRegistered(path)
    return found


def _serialized(timetable: Timetable, path: str) -> dict[str, Any]:
    data = timetable.serialize()
    try:
        plain = json.loads(json.dumps(data))
    except (TypeError, ValueError) as error:
        raise AirflowTimetableInvalid(f"serialize() of {path} returned what JSON cannot hold: {error}") from None
    if not isinstance(plain, dict):
        raise AirflowTimetableInvalid(f"serialize() of {path} returned a {type(data).__name__}, not a dict.")
    return plain
