"""What recorded durations say: trends, regressions, waiting, slots in use, the critical path of a run.

Decides what counts as a regression. Looks at the newest rows only, so that it costs the same on any store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queuack import clock
from queuack.daemon.port import Port
from queuack.daemon.services.runs import get_run, instant
from queuack.engine.spec import decode
from queuack.errors import DagNotFound
from queuack.store.queries import insights, versions

Row = dict[str, Any]

ENOUGH = 8
"""Successes below which nothing is called a regression."""
SLOWER, NOISE, LEAST = 1.3, 4.0, 0.05
"""A regression is slower by this factor, by this many median deviations, and by this many seconds: all three."""

HOUR = 3600 * clock.SECOND
STRETCHES = 96
"""A day in quarters of an hour."""


def task_trends(port: Port) -> list[Row]:
    """Each task that succeeded lately: dag_id, task_id, n (successes looked at), p50, p95, recent and earlier (medians
    of the latest quarter and of those before it), change (their ratio), regressed; durations in seconds."""
    with port.reader() as reader:
        return [_judged(row) for row in insights.trends(reader)]


def dag_durations(port: Port, dag_id: str, runs: int = 50) -> list[Row]:
    """Each task of a DAG in its latest runs, oldest first: task_id and points (run_id, duration, state)."""
    with port.reader() as reader:
        if versions.dag_document(reader, dag_id) is None:
            raise DagNotFound(f"There is no DAG {dag_id!r}.")
        found = insights.durations_of_dag(reader, dag_id, max(1, min(runs, 200)))
    tasks: dict[str, list[Row]] = {}
    for row in found:
        point = {name: row[name] for name in ("run_id", "duration", "state")}
        tasks.setdefault(row["task_id"], []).append(point)
    return [{"task_id": task_id, "points": points} for task_id, points in tasks.items()]


def waiting_times(port: Port) -> list[Row]:
    """By pool: n, for_slot and for_worker, each {"p50", "p95", "max"} in seconds."""
    with port.reader() as reader:
        found = insights.waiting(reader)
    for row in found:
        for name in ("for_slot", "for_worker"):
            row[name] = dict(zip(("p50", "p95", "max"), row[name], strict=True))
    return found


def slot_use(port: Port) -> Row:
    """The last 24 hours in quarters of an hour: {"stretches": [{"start", "slots"}], "known_from"}. ``slots``: held by
    running tasks, on average. ``known_from``: what was before it is not among the rows that were looked at."""
    now = clock.now_us()
    width = HOUR // 4
    since = (now // width - STRETCHES + 1) * width
    with port.reader() as reader:
        found, known_from = insights.slots_in_use(reader, since=since, now=now, width=width)
    stretches = [
        {"start": clock.iso(since + number * width), "slots": found.get(number, 0.0)} for number in range(STRETCHES)
    ]
    return {"stretches": stretches, "known_from": clock.iso(known_from)}


def critical_path(port: Port, dag_id: str, run: str) -> Row:
    """The chain of tasks that a run's length comes from: {"steps", "work", "waiting"} (seconds).

    From the task that ended last back to the upstream task that ended last before it began, and so on. A step:
    task_id, map_index (the instance that ended last), instances, state, start_date, duration, waited (seconds between
    the step before it, or the run's start, and this).
    """
    row = get_run(port, dag_id, run)
    with port.reader() as reader:
        tasks = {found["task_id"]: found for found in insights.tasks_of_run(reader, dag_id, row["run_id"])}
        text = versions.dag_document(reader, dag_id)
    chain = _chain(tasks, _upstream(text))
    begun = row["start_date"]
    steps: list[Row] = []
    before = instant(begun, "start_date")
    for found in chain:
        waited = 0.0 if before is None else max(0.0, (found["start_us"] - before) / clock.SECOND)
        steps.append(
            {
                "task_id": found["task_id"],
                "map_index": found["map_index"],
                "instances": found["instances"],
                "state": found["state"],
                "start_date": clock.iso(found["start_us"]),
                "duration": (found["end_us"] - found["start_us"]) / clock.SECOND,
                "waited": waited,
            }
        )
        before = found["end_us"]
    return {
        "run_id": row["run_id"],
        "steps": steps,
        "work": sum(step["duration"] for step in steps),
        "waiting": sum(step["waited"] for step in steps),
    }


def _judged(row: Row) -> Row:
    recent, earlier, spread = row["recent"], row["earlier"], row.pop("spread")
    known = row["n"] >= ENOUGH and earlier is not None
    more = recent - earlier if known else 0.0
    return row | {
        "change": recent / earlier if known and earlier > 0 else None,
        "regressed": known and more > LEAST and recent > SLOWER * earlier and more > NOISE * (spread or 0.0),
    }


def _upstream(text: bytes | str | None) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for task in decode(text).tasks if text is not None else ():
        for downstream in task.downstream_task_ids:
            found.setdefault(downstream, []).append(task.task_id)
    return found


def _chain(tasks: Mapping[str, Row], upstream: Mapping[str, list[str]]) -> list[Row]:
    """First to last."""
    at = max(tasks.values(), key=lambda row: row["end_us"], default=None)
    chain: list[Row] = []
    while at is not None:
        chain.append(at)
        before = [
            tasks[name]
            for name in upstream.get(at["task_id"], ())
            if name in tasks and tasks[name]["end_us"] <= at["start_us"]
        ]
        at = max(before, key=lambda row: row["end_us"], default=None)
    return chain[::-1]


METHODS = (task_trends, dag_durations, waiting_times, slot_use, critical_path)
