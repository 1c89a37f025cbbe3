"""A DAG drawn from its document: as a tree of text, as Graphviz text, or as a picture by Graphviz."""

from __future__ import annotations

import heapq
import json
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from queuack.errors import NotBuilt, QueuackError, UsageError

PICTURES = (".svg", ".png", ".pdf")


def tree(document: Mapping[str, Any]) -> str:
    """Roots at the left margin, downstream tasks indented below. A task with several parents is drawn out once."""
    below = edges(document)
    kinds = {task["task_id"]: kind(task) for task in document.get("tasks", ())}
    targets = {child for children in below.values() for child in children}
    lines = [document["dag_id"]]
    drawn: set[str] = set()
    stack = [(root, "", last) for root, last in _marked([task for task in below if task not in targets])][::-1]
    while stack:
        task, indent, last = stack.pop()
        again = task in drawn and bool(below[task])
        lines.append(f"{indent}{'└── ' if last else '├── '}{task}  <{kinds[task]}>{'  …' if again else ''}")
        if not again:
            deeper = indent + ("    " if last else "│   ")
            stack.extend([(child, deeper, end) for child, end in _marked(below[task])][::-1])
        drawn.add(task)
    if any(line.endswith("  …") for line in lines):
        lines.append("… drawn out above")
    return "\n".join(lines)


def dot(document: Mapping[str, Any]) -> str:
    """Graphviz text; task groups are clusters."""
    groups = {group["group_id"]: group for group in document.get("task_groups", ())}
    tasks = {task["task_id"]: task for task in document.get("tasks", ())}
    lines = [
        f"digraph {_quoted(document['dag_id'])} {{",
        "  rankdir=LR;",
        '  node [shape=box, style="rounded,filled"];',
    ]
    inner = {child for group in groups.values() for child in group.get("children", ())}
    for task_id, task in tasks.items():
        if task_id not in inner:
            lines.append(f"  {_node(task)}")
    for group_id, group in groups.items():
        if group_id and group.get("parent") not in groups:
            lines += _cluster(group_id, groups, tasks, "  ")
    labels = {(upstream, downstream): label for upstream, downstream, label in document.get("edge_labels", ())}
    for task_id, children in edges(document).items():
        for child in children:
            label = labels.get((task_id, child))
            note = f" [label={_quoted(label)}]" if label else ""
            lines.append(f"  {_quoted(task_id)} -> {_quoted(child)}{note};")
    return "\n".join([*lines, "}"]) + "\n"


def save(document: Mapping[str, Any], path: Path) -> None:
    """Write ``path``: .dot as it is, pictures by the ``dot`` program. Raises NotBuilt where that is not installed."""
    save_text(dot(document), path)


def save_text(text: str, path: Path) -> None:
    """As ``save``, of Graphviz text."""
    if path.suffix in (".dot", ".gv"):
        path.write_text(text, encoding="utf-8")
        return
    if path.suffix not in PICTURES:
        raise UsageError(f"{path}: the name must end in .dot, {', '.join(PICTURES)}.")
    program = shutil.which("dot")
    if program is None:
        raise NotBuilt(f"A {path.suffix} needs Graphviz, which is not installed; save a .dot file instead.")
    done = subprocess.run(
        [program, f"-T{path.suffix[1:]}", "-o", str(path)], input=text, text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise QueuackError(f"Graphviz could not draw {path}: {done.stderr.strip()}")


def edges(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """task id → ids of its downstream tasks."""
    return {task["task_id"]: [*task.get("downstream_task_ids", ())] for task in document.get("tasks", ())}


def kind(task: Mapping[str, Any]) -> str:
    """What kind of task it is, for people: ``@task``, ``BashOperator``."""
    return str(task.get("operator_name") or task.get("task_type") or "")


def upstream_first(tasks: Iterable[Mapping[str, Any]]) -> list[str]:
    """The ids of ``tasks``, each after all that are upstream of it; by id where that leaves a choice."""
    below = edges({"tasks": tasks})
    waiting = dict.fromkeys(below, 0)
    for child in (child for children in below.values() for child in children):
        waiting[child] = waiting.get(child, 0) + 1
    ready = sorted(task for task in below if not waiting[task])
    order = []
    while ready:
        task = heapq.heappop(ready)
        order.append(task)
        for child in below.get(task, ()):
            waiting[child] -= 1
            if not waiting[child]:
                heapq.heappush(ready, child)
    return order


def _marked(tasks: list[str]) -> list[tuple[str, bool]]:
    return [(task, index == len(tasks) - 1) for index, task in enumerate(tasks)]


def _cluster(group_id: str, groups: Mapping[str, Any], tasks: Mapping[str, Any], indent: str) -> list[str]:
    group = groups[group_id]
    lines = [
        f"{indent}subgraph {_quoted('cluster_' + group_id)} {{",
        f"{indent}  label={_quoted(group.get('label') or group_id)};",
    ]
    for child in group.get("children", ()):
        if child in groups:
            lines += _cluster(child, groups, tasks, indent + "  ")
        elif child in tasks:
            lines.append(f"{indent}  {_node(tasks[child])}")
    return [*lines, f"{indent}}}"]


def _node(task: Mapping[str, Any]) -> str:
    fill = _quoted(task.get("ui_color", "#fff"))
    font = _quoted(task.get("ui_fgcolor", "#000"))
    label = _quoted(task.get("task_display_name") or task["task_id"])
    return f"{_quoted(task['task_id'])} [label={label}, fillcolor={fill}, fontcolor={font}];"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
