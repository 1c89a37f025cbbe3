"""Reads what happened lately, for insights: only the newest rows are looked at, however many there are."""

from __future__ import annotations

from queuack.store.queries.rows import Row, rows
from queuack.store.queries.runs import run_key
from queuack.store.reader import Reader, fetch, fetch_value

LATEST = 100_000
"""Task instances that are looked at, newest first."""

LATEST_RUNS = 20_000
PER_TASK = 60
"""Latest successes of a task that its figures are made of."""

LEAST, MOST_TASKS = 4, 500
"""Successes below which a task has no figures; tasks that are told of."""

REACH = 2_000_000
"""Task instances among which the latest runs of one DAG are looked for."""


def trends(reader: Reader) -> list[Row]:
    """By task, most time first: dag_id, task_id, n, p50, p95, recent and earlier (medians), spread; seconds."""
    params = {"from_id": newest(reader), "runs": PER_TASK, "least": LEAST, "most": MOST_TASKS}
    return rows(reader, "trends_of_tasks", params)


def work_of_dags(reader: Reader) -> dict[str, float]:
    """DAG → mean seconds of all its tasks together."""
    return {dag_id: float(work) for dag_id, work in fetch(reader, "work_of_dags", {"from_id": newest(reader)})}


def durations_of_dag(reader: Reader, dag_id: str, runs: int) -> list[Row]:
    """task_id, run_key, run_id, duration, state in the latest ``runs`` runs, by task, oldest first."""
    return rows(reader, "durations_of_dag", {"dag_id": dag_id, "runs": runs, "from_id": newest(reader, REACH)})


def waiting(reader: Reader) -> list[Row]:
    """By pool: n, and (median, 95 %, longest) seconds that tasks waited for_slot and for_worker."""
    return rows(reader, "waiting_by_pool", {"from_id": newest(reader)})


def slots_in_use(reader: Reader, *, since: int, now: int, width: int) -> tuple[dict[int, float], int | None]:
    """Number of the stretch since ``since`` → slots in use on average; and from when on that is known (None: all)."""
    params = {"from_id": newest(reader), "since": since, "now": now, "width": width}
    found = {int(stretch): float(slots) for stretch, slots in fetch(reader, "slots_in_use", params)}
    known_from = None
    if params["from_id"] > 0:
        known_from = fetch_value(reader, "first_instance_after", {"from_id": params["from_id"]})
    return found, known_from if known_from is not None and known_from > since else None


def lengths_of_runs(reader: Reader) -> dict[str, float]:
    """DAG → median seconds of its latest successful runs."""
    from_id = int(fetch_value(reader, "last_run_id")) - LATEST_RUNS
    return {dag_id: float(length) for dag_id, length in fetch(reader, "lengths_of_runs", {"from_id": from_id})}


def tasks_of_run(reader: Reader, dag_id: str, run_id: str) -> list[Row]:
    """task_id, instances, map_index, state, start_us, end_us of what began and ended in a run."""
    key = run_key(reader, dag_id, run_id)
    return [] if key is None else rows(reader, "tasks_of_run", {"run_key": key})


def newest(reader: Reader, count: int = LATEST) -> int:
    """The id after which the newest ``count`` task instances come."""
    return max(0, int(fetch_value(reader, "last_instance_id")) - count)
