"""The next 24 hours: which runs the schedules bring, by the code that schedules, and how much work they are by recorded
durations. Runs for updated assets and runs by hand are not in it: nobody knows when they come.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from queuack import clock
from queuack.daemon.port import Port
from queuack.daemon.services.schedules import runs_to_come
from queuack.engine.engine import Engine
from queuack.engine.spec import DagDocument
from queuack.errors import QueuackError
from queuack.store.queries import insights

Row = dict[str, Any]

HOUR = 3600 * clock.SECOND
HOURS = 24
MOST = 60
"""Runs of one DAG that are worked out; a denser schedule is taken to go on as it began."""
PATIENCE = 1.0
"""Seconds after which the DAGs that are left are told and not worked out."""


class _Dag(NamedTuple):
    document: DagDocument
    last: tuple[int, int] | None
    last_run_after: int | None
    due: int


def forecast(port: Port) -> Row:
    """{"hours": [{"start", "runs", "busy"}], "dags": [{"dag_id", "runs", "next", "length", "work"}], "left_out"}.

    ``hours``: the next 24, the first from now on; ``busy``: slots in use on average. ``dags``: those with a run in that
    time, most work first; length of a run and work (of all its runs) in seconds, None where none succeeded yet.
    ``left_out``: DAGs whose schedule could not be asked.
    """
    now = clock.now_us()
    until = now + HOURS * HOUR
    dags = sorted(port.on_engine(_scheduled), key=lambda dag: dag.due)
    with port.reader() as reader:
        lengths = insights.lengths_of_runs(reader)
        work = insights.work_of_dags(reader)
    hours = [{"start": clock.iso(now + number * HOUR), "runs": 0.0, "busy": 0.0} for number in range(HOURS)]
    shown: list[Row] = []
    left_out: list[str] = []
    deadline = time.monotonic() + PATIENCE
    for dag in dags:
        if dag.due >= until:
            break
        dag_id = dag.document.dag_id
        try:
            runs = _runs(port, dag, until) if time.monotonic() < deadline else None
        except QueuackError:
            runs = None
        if runs is None:
            left_out.append(dag_id)
            continue
        length, effort = lengths.get(dag_id), work.get(dag_id)
        for at, count in runs:
            _spread(hours, at - now, count, length or 0.0, effort or 0.0)
        total = round(sum(count for _, count in runs))
        shown.append(
            {
                "dag_id": dag_id,
                "runs": total,
                "next": clock.iso(max(now, runs[0][0])) if runs else None,
                "length": length,
                "work": None if effort is None else effort * total,
            }
        )
    shown = [row for row in shown if row["runs"]]
    shown.sort(key=lambda row: (-(row["work"] or 0.0), -row["runs"], row["dag_id"]))
    return {"hours": hours, "dags": shown, "left_out": left_out}


def _scheduled(engine: Engine) -> list[_Dag]:
    return [
        _Dag(dag.document, dag.last_interval, dag.last_run_after, dag.next.run_after)
        for dag in engine.dags.values()
        if dag.is_open and dag.next is not None
    ]


def _runs(port: Port, dag: _Dag, until: int) -> list[tuple[int, float]]:
    """(when, how many) of the runs up to ``until``."""
    coming = runs_to_come(port, dag.document, dag.last, dag.last_run_after, MOST)
    found = [run.run_after for run in coming if run.run_after is not None and run.run_after < until]
    runs = [(at, 1.0) for at in found]
    gap = (found[-1] - found[0]) / (len(found) - 1) if len(found) == MOST else 0.0
    if gap > 0:
        # as many in each further quarter of an hour as the pace of those before
        at, step = found[-1] + gap, HOUR // 4
        while at < until:
            end = min(until, at + step)
            runs.append((int(at), (end - at) / gap))
            at = end
    return runs


def _spread(hours: list[Row], offset: int, count: float, length: float, work: float) -> None:
    """Put ``count`` runs that begin ``offset`` from now, each ``work`` seconds over ``length``, into the hours."""
    begin = max(0, offset)
    first = min(HOURS - 1, begin // HOUR)
    hours[first]["runs"] += count
    end = begin + max(int(length * clock.SECOND), 1)
    for number in range(first, min(HOURS, end // HOUR + 1)):
        inside = min(end, (number + 1) * HOUR) - max(begin, number * HOUR)
        hours[number]["busy"] += count * work * inside / (end - begin) / 3600


METHODS = (forecast,)
