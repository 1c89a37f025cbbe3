"""The DAG run as a task sees it: a read-only view over ``protocol.RunInfo``. Airflow: ``dag_run`` in the context."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pendulum

from queuack.authoring.state import DagRunType
from queuack.clock import from_us

if TYPE_CHECKING:
    from datetime import datetime

    from pendulum import DateTime

INSTANTS = (
    "logical_date",
    "data_interval_start",
    "data_interval_end",
    "run_after",
    "queued_at",
    "start_date",
    "end_date",
    "partition_date",
)


def moment(instant: int | None) -> DateTime | None:
    """Microseconds since the epoch as a pendulum datetime in UTC."""
    return None if instant is None else _moment(instant)


@lru_cache(maxsize=256)
def _moment(instant: int) -> DateTime:
    at = from_us(instant)
    return pendulum.DateTime(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond, pendulum.UTC)


class DagRun:
    """A run: ``run_id``, ``run_type``, ``conf``, ``state``, and instants as pendulum datetimes in UTC."""

    dag: Any = None
    """The DAG, where it is at hand: in listeners."""

    def __init__(self, info: Any) -> None:
        self._info = info

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> DagRun:
        """From the dict a runtime answers, instants in microseconds."""
        return cls(SimpleNamespace(**{**_DEFAULTS, **fields}))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self._info, name)
        if name in INSTANTS:
            value = moment(value)
        self.__dict__[name] = value
        return value

    @property
    def conf(self) -> dict[str, Any]:
        return self._info.conf or {}

    @property
    def execution_date(self) -> DateTime | None:
        """2.x spelling of ``logical_date``."""
        value: DateTime | None = self.logical_date
        return value

    @property
    def external_trigger(self) -> bool:
        """2.x: whether the run was made by hand."""
        return self._info.run_type in (DagRunType.MANUAL, DagRunType.OPERATOR_TRIGGERED)

    @property
    def is_backfill(self) -> bool:
        return bool(self._info.run_type == DagRunType.BACKFILL_JOB)

    @property
    def id(self) -> str:
        return str(self._info.run_id)

    @property
    def consumed_asset_events(self) -> list[Any]:
        """The asset events that brought the run about."""
        from queuack.authoring.assets.events import triggering_events  # a cycle: events know their runs

        found = triggering_events(self.dag_id, self.run_id, str(self._info.run_type))
        return found.events

    def __repr__(self) -> str:
        return f"<DagRun {self.dag_id} @ {self.logical_date}: {self.run_id}, state:{self.state}>"


_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(INSTANTS),
    "run_type": "manual",
    "state": "running",
    "conf": {},
    "triggered_by": "",
    "triggering_user_name": None,
    "note": None,
    "clear_number": 0,
    "partition_key": None,
}


def generate_run_id(*, run_type: str, logical_date: datetime | None = None, run_after: datetime) -> str:
    """``manual__2026-01-05T00:00:00+00:00``: of ``run_after``; with a random part where no logical date tells the run
    from others."""
    name = f"{run_type}__{run_after.isoformat()}"
    if logical_date is not None:
        return name
    return f"{name}_{''.join(secrets.choice(string.ascii_letters) for _ in range(8))}"
