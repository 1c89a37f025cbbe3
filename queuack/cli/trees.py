"""A tree of runs for people: the tasks of a run, and below a SubDagOperator the tasks of the run it runs.

It draws what the client gave; it fetches nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from queuack.cli.output import Column, Row, duration, state_text

COLUMNS = (
    Column("dag_id", "dag_id"),
    Column("run_id", "run_id"),
    Column("task_id", "task_id"),
    Column("map_index", "map_index", kind="number"),
    Column("state", "state", kind="state"),
    Column("try_number", "try_number", kind="number"),
)


_EXPECTED = {("deferred", "running"), ("success", "success"), ("failed", "failed")}
"""States of a SubDagOperator and of its run that need no word."""


def flat(run: Row) -> list[Row]:
    """Every task instance of the tree, those of a SubDAG after the one that runs it."""
    found: list[Row] = []
    for task in run["tasks"]:
        found.append(task)
        if task["subdag"] is not None:
            found += flat(task["subdag"])
    return found


def drawn(run: Row) -> str:
    """A line for the run, one for each task instance below it."""
    return "\n".join([f"{run['dag_id']}  {run['run_id']}  {_told(run)}", *_lines(run, "")])


def _lines(run: Row, indent: str) -> Iterator[str]:
    width = max((len(_name(task)) for task in run["tasks"]), default=0)
    for number, task in enumerate(run["tasks"], 1):
        last, child = number == len(run["tasks"]), task["subdag"]
        line = f"{indent}{'└── ' if last else '├── '}{_name(task):<{width}}  {_told(task)}"
        if child is not None and (task["state"], child["state"]) not in _EXPECTED:
            line += f"  (its run is {state_text(child['state'])})"
        yield line
        if child is not None:
            yield from _lines(child, indent + ("    " if last else "│   "))


def _name(task: Row) -> str:
    return str(task["task_id"]) if task["map_index"] < 0 else f"{task['task_id']}[{task['map_index']}]"


def _told(row: Row) -> str:
    took = duration(row)
    return state_text(row["state"]) + (f"  {took}" if took else "")
