"""Walks over a DAG's graph: cycle check and topological order. Linear in tasks and edges; changes nothing.

Airflow page: core-concepts/dags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from queuack.authoring.exceptions import AirflowDagCycleException

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG
    from queuack.authoring.node import DAGNode
    from queuack.authoring.operator import BaseOperator
    from queuack.authoring.taskgroup import TaskGroup


def check_cycle(dag: DAG) -> None:
    """Raise AirflowDagCycleException, naming the tasks on a cycle, when there is one."""
    waiting = {task_id: len(task.upstream_task_ids) for task_id, task in dag.task_dict.items()}
    ready = [task_id for task_id, count in waiting.items() if not count]
    while ready:
        for after in dag.task_dict[ready.pop()].downstream_task_ids:
            waiting[after] -= 1
            if not waiting[after]:
                ready.append(after)
    stuck = {task_id for task_id, count in waiting.items() if count > 0}
    if stuck:
        path = " >> ".join(_one_cycle(dag, stuck))
        raise AirflowDagCycleException(f"Cycle detected in Dag: {dag.dag_id}. Faulty path: {path}")


def _one_cycle(dag: DAG, stuck: set[str]) -> list[str]:
    """Every stuck task has a stuck task before it: going backwards must meet a task again."""
    seen: dict[str, int] = {}
    path: list[str] = []
    current = min(stuck)
    while current not in seen:
        seen[current] = len(path)
        path.append(current)
        current = min(dag.task_dict[current].upstream_task_ids & stuck)
    cycle = path[seen[current] :]
    return [current, *reversed(cycle)]


def sorted_tasks(group: TaskGroup) -> list[BaseOperator]:
    """All tasks in and below ``group``, each after what it depends on."""
    from queuack.authoring.taskgroup import TaskGroup as Group  # cycle: groups sort through this module

    result: list[BaseOperator] = []
    for node in level_sort(group):
        if isinstance(node, Group):
            result.extend(sorted_tasks(node))
        else:
            result.append(node)  # type: ignore[arg-type]
    return result


def level_sort(group: TaskGroup) -> list[DAGNode]:
    """The direct children of ``group``, each after its upstream siblings; ties in order of creation."""
    owner = _owners(group)
    waits: dict[str, set[str]] = {key: set() for key in group.children}
    tasks = group.dag.task_dict
    for task_id, key in owner.items():
        for before in tasks[task_id].upstream_task_ids:
            sibling = owner.get(before)
            if sibling is not None and sibling != key:
                waits[key].add(sibling)
    order: list[DAGNode] = []
    done: set[str] = set()
    pending = list(group.children)
    while pending:
        later: list[str] = []
        for key in pending:
            if waits[key] <= done:
                done.add(key)
                order.append(group.children[key])
            else:
                later.append(key)
        if len(later) == len(pending):
            raise AirflowDagCycleException(f"A cyclic dependency occurred in dag: {group.dag.dag_id}")
        pending = later
    return order


def _owners(group: TaskGroup) -> dict[str, str]:
    """task id → key of the direct child of ``group`` that is or holds it."""
    owners: dict[str, str] = {}
    for key, child in group.children.items():
        inner = getattr(child, "iter_tasks", None)
        if inner is None:
            owners[key] = key
        else:
            owners.update((task.task_id, key) for task in inner())
    return owners
