"""A DAG's tasks and groups as an outline: what stands below what, upstream first. Pure; draws nothing.

``document`` is a DagDocument as JSON has it, where what equals its default is left out.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Document = Mapping[str, Any]

PRIORITY = (
    "failed", "upstream_failed", "up_for_retry", "up_for_reschedule", "awaiting_input", "queued", "scheduled",
    "deferred", "running", "restarting", "none", "success", "skipped", "removed",
)  # fmt: skip
"""Of several states, the one that is shown for all: what needs somebody first. Airflow's grid has this order."""

_RANK = {state: rank for rank, state in enumerate(PRIORITY)}


@dataclass(frozen=True)
class Line:
    """One line of an outline: a task, or a group with the ``members`` (task ids) in it and in groups inside it."""

    id: str
    label: str
    depth: int
    is_group: bool
    is_mapped: bool
    members: tuple[str, ...]
    inside: tuple[str, ...]
    """Ids of the groups it is in, outermost first."""
    operator: str = ""


def foremost(states: Iterable[str]) -> str:
    """The state that stands for several."""
    return min(states, key=lambda state: _RANK.get(state, 0), default="none")


def outline(document: Document) -> list[Line]:
    """Every task and group once, groups before what is in them, upstream before downstream."""
    tasks: dict[str, Any] = {task["task_id"]: task for task in document.get("tasks", ())}
    groups: dict[str, Any] = {group["group_id"]: group for group in document.get("task_groups", ())}
    place = _order(tasks)
    children: dict[str | None, list[str]] = {}
    for group_id, group in groups.items():
        children.setdefault(group.get("parent"), []).append(group_id)
    for task_id, task in tasks.items():
        children.setdefault(task.get("task_group"), []).append(task_id)
    members: dict[str, tuple[str, ...]] = {}

    def gather(group_id: str) -> tuple[str, ...]:
        if group_id not in members:
            found: list[str] = []
            for child in children.get(group_id, ()):
                found += gather(child) if child in groups else [child]
            members[group_id] = tuple(found)
        return members[group_id]

    def first(child: str) -> int:
        return min((place[task] for task in gather(child)), default=0) if child in groups else place[child]

    lines: list[Line] = []

    def walk(parent: str | None, inside: tuple[str, ...]) -> None:
        for child in sorted(children.get(parent, ()), key=first):
            is_group = child in groups
            of = groups[child] if is_group else tasks[child]
            label = of.get("label") or child if is_group else of.get("task_display_name") or child
            if not is_group and parent is not None:
                label = label.removeprefix(f"{parent}.")
            lines.append(
                Line(
                    id=child,
                    label=label.rpartition(".")[2] if is_group else label,
                    depth=len(inside),
                    is_group=is_group,
                    is_mapped=of.get("expansion") is not None,
                    members=gather(child) if is_group else (child,),
                    inside=inside,
                    operator="" if is_group else of.get("operator_name") or of["task_type"],
                )
            )
            if is_group:
                walk(child, (*inside, child))

    walk(None, ())
    return lines


def upstream_of(document: Document) -> dict[str, list[str]]:
    """Task id → ids of the tasks directly upstream."""
    found: dict[str, list[str]] = {task["task_id"]: [] for task in document.get("tasks", ())}
    for task in document.get("tasks", ()):
        for below in task.get("downstream_task_ids", ()):
            if below in found:
                found[below].append(task["task_id"])
    return found


def _order(tasks: Mapping[str, Any]) -> dict[str, int]:
    """Task id → place in an order in which upstream comes first, ties by id."""
    waiting = dict.fromkeys(tasks, 0)
    for task in tasks.values():
        for below in task.get("downstream_task_ids", ()):
            if below in waiting:
                waiting[below] += 1
    ready = [task_id for task_id, count in waiting.items() if not count]
    heapq.heapify(ready)
    place: dict[str, int] = {}
    while ready:
        task_id = heapq.heappop(ready)
        place[task_id] = len(place)
        for below in tasks[task_id].get("downstream_task_ids", ()):
            if below in waiting:
                waiting[below] -= 1
                if not waiting[below]:
                    heapq.heappush(ready, below)
    return place
