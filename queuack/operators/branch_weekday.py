"""BranchDayOfWeekOperator: follows one branch on some days of the week, another else.

Airflow page: howto/operator/weekday.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from queuack.authoring import timezone
from queuack.authoring.weekday import WeekDay
from queuack.operators.branch import BaseBranchOperator

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class BranchDayOfWeekOperator(BaseBranchOperator):
    """Follows ``follow_task_ids_if_true`` on ``week_day``: a name, a WeekDay or several of them.

    Today in the DAG's time zone counts; with ``use_task_logical_date`` the run's logical date (or when it was due).
    """

    def __init__(
        self,
        *,
        follow_task_ids_if_true: str | Iterable[str],
        follow_task_ids_if_false: str | Iterable[str],
        week_day: str | Iterable[str] | WeekDay | Iterable[WeekDay],
        use_task_logical_date: bool = False,
        use_task_execution_day: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.follow_task_ids_if_true = follow_task_ids_if_true
        self.follow_task_ids_if_false = follow_task_ids_if_false
        self.week_day = week_day
        self.use_task_logical_date = use_task_logical_date or use_task_execution_day
        self._week_day_num = WeekDay.validate_week_day(week_day)

    def choose_branch(self, context: Context) -> str | Iterable[str]:
        day: dt.datetime
        if self.use_task_logical_date:
            day = context.get("logical_date") or context["dag_run"].run_after
        else:
            day = timezone.make_naive(timezone.utcnow(), self.dag.timezone)
        chosen = day.isoweekday() in self._week_day_num
        return self.follow_task_ids_if_true if chosen else self.follow_task_ids_if_false
