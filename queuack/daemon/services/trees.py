"""Trees of runs: what hangs below a run by its SubDAGs. Reads only."""

from __future__ import annotations

from typing import Any

from queuack.daemon.port import Port
from queuack.daemon.services.runs import get_run
from queuack.engine.plan import compile_plan, topological_order
from queuack.engine.spec import decode
from queuack.store.queries import instances, runs, versions

Row = dict[str, Any]


def list_children(port: Port, dag_id: str, run: str) -> list[Row]:
    """The runs of SubDAGs directly below a run: rows of ``dag_run``."""
    run_id = get_run(port, dag_id, run)["run_id"]
    with port.reader() as reader:
        return runs.list_children(reader, dag_id, run_id)


def run_tree(port: Port, dag_id: str, run: str) -> Row:
    """The row of a run, and ``tasks``: a row for each of its task instances, upstream first.

    ``subdag`` of one that runs a SubDAG is that run in the same form; None: it runs none, or not yet.
    """
    run_id = get_run(port, dag_id, run)["run_id"]
    with port.reader() as reader:
        tree = runs.list_tree(reader, dag_id, run_id)
        tasks = instances.list_instances_of_runs(reader, [each["id"] for each in tree])
        orders = {version: _order(versions.version_document(reader, version)) for version in _versions(tree)}
    for each in tree:
        each["tasks"] = []
    found = {each["id"]: each for each in tree}
    below = {_above(each): each for each in tree[1:]}
    for task in tasks:
        above = found[task["dag_run_id"]]
        task["subdag"] = below.get((task["dag_id"], task["run_id"], task["task_id"], task["map_index"]))
        above["tasks"].append(task)
    for each in tree:
        _sort(each["tasks"], orders[each["created_dag_version_id"]])
    return tree[0]


def _sort(tasks: list[Row], order: dict[str, int]) -> None:
    tasks.sort(key=lambda task: (order.get(task["task_id"], len(order)), task["map_index"]))


def _versions(tree: list[Row]) -> set[int]:
    return {each["created_dag_version_id"] for each in tree}


def _above(run: Row) -> tuple[str, str, str, int]:
    return run["parent_dag_id"], run["parent_run_id"], run["parent_task_id"], run["parent_map_index"]


def _order(document: bytes | None) -> dict[str, int]:
    """Task id → place, upstream first."""
    if document is None:
        return {}
    plan = compile_plan(decode(document))
    return {plan.task_ids[task]: place for place, task in enumerate(topological_order(plan))}


METHODS = (list_children, run_tree)
