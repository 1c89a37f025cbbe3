"""BranchDateTimeOperator: follows one branch inside a span of time, another outside.

Airflow page: howto/operator/datetime.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from queuack.authoring import timezone
from queuack.authoring.exceptions import AirflowException
from queuack.operators.branch import BaseBranchOperator

if TYPE_CHECKING:
    from queuack.authoring.context import Context

Bound = dt.datetime | dt.time | None


class BranchDateTimeOperator(BaseBranchOperator):
    """Follows ``follow_task_ids_if_true`` from ``target_lower`` to ``target_upper``, else the others.

    A bound that is a time of day is taken on the day that is compared; an upper time below the lower one is on the day
    after. Naive bounds are in the DAG's time zone. ``use_task_logical_date`` compares the run's logical date (or when
    it was due) instead of now. One bound may be None; both raise AirflowException.
    """

    def __init__(
        self,
        *,
        follow_task_ids_if_true: str | Iterable[str],
        follow_task_ids_if_false: str | Iterable[str],
        target_lower: Bound,
        target_upper: Bound,
        use_task_logical_date: bool = False,
        use_task_execution_date: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if target_lower is None and target_upper is None:
            raise AirflowException(
                "Both target_upper and target_lower are None. At least one "
                "must be defined to be compared to the current datetime"
            )
        self.target_lower, self.target_upper = target_lower, target_upper
        self.follow_task_ids_if_true = follow_task_ids_if_true
        self.follow_task_ids_if_false = follow_task_ids_if_false
        self.use_task_logical_date = use_task_logical_date or use_task_execution_date

    def choose_branch(self, context: Context) -> str | Iterable[str]:
        now = _logical_date(context) if self.use_task_logical_date else timezone.utcnow()
        lower, upper = target_times_as_dates(now, self.target_lower, self.target_upper)
        lower = timezone.coerce_datetime(lower, self.dag.timezone)
        upper = timezone.coerce_datetime(upper, self.dag.timezone)
        inside = (upper is None or now <= upper) and (lower is None or lower <= now)
        return self.follow_task_ids_if_true if inside else self.follow_task_ids_if_false


def target_times_as_dates(
    base_date: dt.datetime, lower: Bound, upper: Bound
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Both bounds as datetimes, times of day on the day of ``base_date``."""
    first, last = _on_day(base_date, lower), _on_day(base_date, upper)
    are_dates = isinstance(lower, dt.datetime) and isinstance(upper, dt.datetime)
    if not are_dates and first is not None and last is not None and last < first:
        last += dt.timedelta(days=1)
    return first, last


def _on_day(day: dt.datetime, bound: Bound) -> dt.datetime | None:
    return dt.datetime.combine(day, bound) if isinstance(bound, dt.time) else bound


def _logical_date(context: Context) -> dt.datetime:
    date: dt.datetime = context.get("logical_date") or context["dag_run"].run_after
    return date
