"""What must be true of a deployment after any number of crashes, asked in SQL and of the record of what was executed.

``settle`` brings the load to its end; ``violations`` lists what is wrong, in words; ``orphans`` what still runs.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import psutil

from tests.crash import load
from tests.crash.load import INSTANCES
from tests.live.daemon import LiveDaemon, until

NOTHING_IN = {
    "a run twice": "select dag_id, run_id from dag_run group by all having count(*) > 1",
    "a scheduled date twice": """
        select dag_id, logical_date from dag_run where run_type = 'scheduled' group by all having count(*) > 1""",
    "a scheduled date left out": """
        select dag_id, count(*), min(logical_date), max(logical_date) from dag_run where run_type = 'scheduled'
        group by dag_id having count(*) <> date_diff('second', min(logical_date), max(logical_date)) + 1""",
    "a run that did not succeed": "select dag_id, run_id, state from dag_run where state <> 'success'",
    "a task instance twice": """
        select dag_id, run_id, task_id, map_index from task_instance group by all having count(*) > 1""",
    "an id twice": "select id from task_instance group by all having count(*) > 1",
    "a task instance that did not succeed": """
        select dag_id, run_id, task_id, map_index, state from task_instance where state is distinct from 'success'""",
    "a run with more or fewer task instances": f"""
        select r.run_id, count(t.id) from dag_run r left join task_instance t on t.dag_run_id = r.id
        where r.dag_id = 'ticks' group by all having count(t.id) <> {INSTANCES}""",
    "an attempt number twice, or left out": """
        select t.run_id, t.task_id, t.map_index, t.try_number, list(h.try_number)
        from task_instance t left join task_instance_history h on h.task_instance_id = t.id group by all
        having count(h.try_number) <> t.try_number - 1 or count(distinct h.try_number) <> t.try_number - 1
            or coalesce(max(h.try_number), 0) >= t.try_number""",
    "a finished task run again": """
        select run_id, task_id, try_number, state from task_instance_history where state = 'success'""",
    "a success recorded twice": """
        select run_id, task_id, map_index from log where event = 'success' and task_id is not null
        group by all having count(*) > 1""",
    "an attempt without an end": """
        select run_id, task_id, try_number from task_instance_history where end_date is null
        union all select run_id, task_id, try_number from task_instance where end_date is null""",
    "a trigger that nobody waits for": "select id, classpath from trigger",
}
"""What → a query that finds it."""


def settle(daemon: LiveDaemon, record: Path, patience: float = 120) -> None:
    """No more scheduled dates; wait for the end of every run; then a run that needs every slot of the pool."""
    end = int(time.time())
    load.write(daemon, record, "the end", end)
    query = f"select count(*) filter (epoch(logical_date) = {end}), count(*) filter (end_date is null) from dag_run"
    until(lambda: daemon.rows(query) == [[1, 0]], patience, f"the end of every run; {end} and unfinished")
    daemon.call("trigger_run", dag_id="canary", run_id="last")
    assert daemon.wait_run("canary", "last", 60) == "success"


def violations(daemon: LiveDaemon, record: Path) -> list[str]:
    """What is wrong; empty when all is well. For a deployment that is settled."""
    found = [f"{what}: {row}" for what, query in NOTHING_IN.items() for row in daemon.rows(query)]
    start = int(record.with_suffix(".start").read_text())
    first = daemon.value("select epoch(min(logical_date))::bigint from dag_run where run_type = 'scheduled'")
    if first != start:
        found.append(f"the first scheduled date is {first}, not {start}")
    executed = Counter(line for line in record.read_text().splitlines())
    found += [f"executed {count} times: {line}" for line, count in executed.items() if count > 1]
    last: dict[tuple[str, str, str], int] = {}
    for line in executed:
        run_id, task_id, map_index, number, _ = line.split()
        key = (run_id, task_id, map_index)
        last[key] = max(last.get(key, 0), int(number))
    for run_id, task_id, map_index, number in daemon.rows(
        "select run_id, task_id, map_index, try_number from task_instance where dag_id = 'ticks'"
    ):
        made = last.get((run_id, task_id, str(map_index)))
        if made != number and task_id not in ("shell", "looked_twice"):
            found.append(f"{run_id} {task_id} {map_index}: recorded attempt {number}, executed {made}")
    return found


def processes(daemon: LiveDaemon) -> list[psutil.Process]:
    """Every process of the deployment, by its environment, also those whose parent has gone."""
    mine = f"QUEUACK_HOME={daemon.home.root}".encode()
    found = []
    for process in psutil.process_iter():
        try:
            if mine in Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0"):
                found.append(process)
        except OSError:
            continue
    return found


def orphans(daemon: LiveDaemon) -> list[str]:
    """What still runs of a deployment that was stopped."""
    try:
        until(lambda: not _alive(daemon), 5, "the end of all processes")
    except AssertionError:
        return _alive(daemon)
    return []


def _alive(daemon: LiveDaemon) -> list[str]:
    found = []
    for process in processes(daemon):
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid} {process.name()} {' '.join(process.cmdline())[:80]}")
        except psutil.NoSuchProcess:
            continue
    return found
