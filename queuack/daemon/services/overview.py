"""What a person wants to see first: what runs, what failed, what comes next."""

from __future__ import annotations

from typing import Any

from queuack import clock
from queuack.daemon.port import Port
from queuack.engine.engine import Engine
from queuack.engine.states import DagRunState
from queuack.store.queries import overview as queries
from queuack.store.queries import runs as run_queries

Row = dict[str, Any]

DAY = 86_400 * clock.SECOND
SHOWN = 8
"""Rows of each short list."""


def overview(port: Port) -> Row:
    """running_tasks, queued_tasks, running_runs, active (runs), ended and succeeded in the last 24 hours, failed (last
    runs of DAGs), next (DAGs)."""
    counts = port.on_engine(lambda engine: _counts(engine))
    with port.reader() as reader:
        return counts | queries.overview(reader, since=clock.now_us() - DAY, shown=SHOWN)


def recent_runs(port: Port, dag_ids: list[str], per_dag: int = 14) -> list[Row]:
    """The last runs of each DAG, newest first."""
    with port.reader() as reader:
        return run_queries.recent_runs(reader, dag_ids, per_dag)


def list_tags(port: Port) -> list[str]:
    """Every tag that a DAG has, in order."""
    with port.reader() as reader:
        return queries.list_tags(reader)


def _counts(engine: Engine) -> Row:
    begun = [begun for _, _, begun in engine.outstanding()]
    running = sum(1 for run in engine.runs.values() if not run.is_finished and run.state == DagRunState.RUNNING)
    return {"running_tasks": sum(begun), "queued_tasks": len(begun) - sum(begun), "running_runs": running}


METHODS = (overview, recent_runs, list_tags)
