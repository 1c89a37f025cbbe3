"""LatestOnlyOperator: skips what follows unless this is the latest run. Airflow page.

Core-concepts/dags, "Latest Only".
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import pendulum

from queuack.authoring.state import DagRunType
from queuack.authoring.timetables.base import DataInterval, TimeRestriction
from queuack.operators.branch import BaseBranchOperator

if TYPE_CHECKING:
    from queuack.authoring.context import Context


class LatestOnlyOperator(BaseBranchOperator):
    """Skips the tasks directly downstream when a later run is due already; runs made by hand pass."""

    ui_color = "#e9ffdb"

    def choose_branch(self, context: Context) -> str | Iterable[str]:
        run = context["dag_run"]
        everything = list(self.downstream_task_ids)
        if run.run_type == DagRunType.MANUAL:
            self.log.info("Manually triggered DAG_Run: allowing execution to proceed.")
            return everything
        start = run.data_interval_start or run.logical_date or run.run_after
        end = run.data_interval_end or run.logical_date or run.run_after
        window = self._window(DataInterval(start, end), pendulum.now("UTC"))
        if window is None:
            self.log.info("Last scheduled execution: allowing execution to proceed.")
            return everything
        left, right, now = window
        self.log.info("Checking latest only with left_window: %s right_window: %s now: %s", left, right, now)
        return everything if left < now <= right else []

    def _window(self, interval: DataInterval, now: datetime) -> tuple[datetime, datetime, datetime] | None:
        """When this run is the latest: from the end of its interval to the end of the next one; None = for ever."""
        following = self.dag.timetable.next_dagrun_info(
            last_automated_data_interval=interval, restriction=TimeRestriction(interval.end, None, True)
        )
        if following is None or following.data_interval is None:
            return None
        left = interval.end if interval.start < interval.end else interval.start
        return left, following.data_interval.end, now
