"""The runs to come, by the code that schedules them. For the CLI, the API and the daemon alike."""

from __future__ import annotations

from datetime import datetime

from queuack.schedule.base import Interval, NextRun, Restriction, TimetableBase


def upcoming(
    timetable: TimetableBase, last: Interval | None, restriction: Restriction, now: datetime, n: int
) -> list[NextRun]:
    """At most ``n`` runs that follow the automated run with data interval ``last``, in order.

    Each is worked out as if the clock had moved on to the moment it may be created (or stood at ``now``, if that is
    later), so without catchup the missed runs are skipped once and the rest follow one by one.
    """
    runs: list[NextRun] = []
    moment = now
    while len(runs) < n and (run := timetable.next_run(last, restriction, moment)) is not None:
        if last is not None and run.data_interval == last:
            break  # it would repeat itself for ever: continuous, when nothing lets the clock move
        runs.append(run)
        last = run.data_interval
        moment = max(now, run.run_after)
    return runs
