"""TaskGroup: tasks drawn and linked as one. Decides ids inside groups; scheduling never sees groups.

Airflow page: core-concepts/dags, "TaskGroups".
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from queuack.authoring.dag_stack import DagContext, TaskGroupContext
from queuack.authoring.exceptions import DuplicateTaskIdFound, NodeNotFound, TaskAlreadyInTaskGroup
from queuack.authoring.graph import level_sort
from queuack.authoring.node import DAGNode, DependencyMixin, _as_nodes, validate_group_key

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG
    from queuack.authoring.edges import EdgeModifier
    from queuack.authoring.operator import BaseOperator


class TaskGroup(DAGNode):
    """A group of tasks and groups.

    ``prefix_group_id`` (default True) puts ``group_id.`` before the ids inside. ``default_args`` wins over the DAG's.
    ``add_suffix_on_collision`` takes ``group__1`` when ``group`` is used. Raises DuplicateTaskIdFound, RuntimeError
    outside a DAG.
    """

    is_mapped = False

    def __init__(
        self,
        group_id: str | None,
        prefix_group_id: bool = True,
        parent_group: TaskGroup | None = None,
        dag: DAG | None = None,
        default_args: dict[str, Any] | None = None,
        tooltip: str = "",
        ui_color: str = "CornflowerBlue",
        ui_fgcolor: str = "#000",
        add_suffix_on_collision: bool = False,
        group_display_name: str = "",
        doc_md: str | None = None,
    ) -> None:
        if group_id is not None:
            validate_group_key(group_id)
            parent_group = parent_group or TaskGroupContext.get_current(dag)
        self._dag = parent_group.dag if parent_group is not None else dag or DagContext.get_current()
        if self._dag is None:
            raise RuntimeError("TaskGroup can only be used inside a dag")
        self._group_id = group_id
        self.prefix_group_id = prefix_group_id
        self.parent_group = parent_group
        self.default_args = copy.copy(default_args) if default_args else {}
        self.tooltip = tooltip
        self.doc_md = doc_md
        self.ui_color = ui_color
        self.ui_fgcolor = ui_fgcolor
        self.group_display_name = group_display_name
        self.children: dict[str, DAGNode] = {}
        self.upstream_group_ids: set[str | None] = set()
        self.downstream_group_ids: set[str | None] = set()
        self.upstream_task_ids: set[str] = set()
        self.downstream_task_ids: set[str] = set()
        self.used_group_ids: set[str] = parent_group.used_group_ids if parent_group is not None else set()
        self._claim_id(add_suffix_on_collision)
        if parent_group is not None:
            parent_group.add(self)
            self.default_args = {**parent_group.default_args, **self.default_args}

    def _claim_id(self, add_suffix: bool) -> None:
        if self._group_id is None:
            return
        full = self.node_id
        dag = self.dag
        if full in self.used_group_ids or full in dag.task_dict:
            if not add_suffix:
                raise DuplicateTaskIdFound(f"group_id '{self._group_id}' has already been added to the DAG")
            base = re.split(r"__\d+$", self._group_id)[0]
            full_base = re.split(r"__\d+$", full)[0]
            pattern = re.compile(rf"^{re.escape(full_base)}__(\d+)$")
            taken = [int(match[1]) for used in self.used_group_ids if (match := pattern.match(used))]
            self._group_id = f"{base}__{max(taken, default=0) + 1}"
        self.used_group_ids.update((self.node_id, self.upstream_join_id, self.downstream_join_id))

    @classmethod
    def create_root(cls, dag: DAG) -> TaskGroup:
        """The DAG's outermost group, without id."""
        return cls(group_id=None, dag=dag)

    @property
    def dag(self) -> DAG:
        if self._dag is None:
            raise RuntimeError("TaskGroup can only be used inside a dag")
        return self._dag

    @dag.setter
    def dag(self, dag: DAG) -> None:
        self._dag = dag

    @property
    def task_group(self) -> TaskGroup | None:
        return self.parent_group

    @task_group.setter
    def task_group(self, group: TaskGroup | None) -> None:
        self.parent_group = group

    @property
    def group_id(self) -> str | None:
        """With the parents' prefixes; None for the root group."""
        parent = self.parent_group
        if self._group_id and parent is not None and parent.prefix_group_id and parent._group_id:
            return parent.child_id(self._group_id)
        return self._group_id

    @property
    def node_id(self) -> str:
        return self.group_id or ""

    @property
    def label(self) -> str | None:
        return self.group_display_name or self._group_id

    @property
    def is_root(self) -> bool:
        return not self._group_id

    @property
    def upstream_join_id(self) -> str:
        return f"{self.group_id}.upstream_join_id"

    @property
    def downstream_join_id(self) -> str:
        return f"{self.group_id}.downstream_join_id"

    def child_id(self, label: str) -> str:
        """The id that ``label`` gets inside this group."""
        group_id = self.group_id if self.prefix_group_id else None
        return f"{group_id}.{label}" if group_id else label

    def add(self, node: DAGNode) -> DAGNode:
        """Put a task or group in. Raises DuplicateTaskIdFound, TaskAlreadyInTaskGroup."""
        current = node.task_group
        if not isinstance(node, TaskGroup) and current is not None and current is not self:
            raise TaskAlreadyInTaskGroup(node.node_id, current.group_id, self.node_id)
        node.task_group = self
        key = node.node_id
        if key in self.children:
            kind = "Task Group" if isinstance(node, TaskGroup) else "Task"
            raise DuplicateTaskIdFound(f"{kind} id '{key}' has already been added to the DAG")
        self.children[key] = node
        return node

    def __iter__(self) -> Iterator[BaseOperator]:
        """Every task inside, at any depth."""
        for child in self.children.values():
            if isinstance(child, TaskGroup):
                yield from child
            else:
                yield child  # type: ignore[misc]

    iter_tasks = __iter__

    def has_task(self, task: BaseOperator) -> bool:
        return any(one is task for one in self)

    def get_roots(self) -> Iterator[BaseOperator]:
        """Tasks without an upstream task inside the group."""
        tasks = list(self)
        inside = {task.task_id for task in tasks}
        return (task for task in tasks if task.upstream_task_ids.isdisjoint(inside))

    def get_leaves(self) -> Iterator[BaseOperator]:
        """Tasks without a downstream task inside the group; a teardown gives way to the work before it."""
        tasks = {task.task_id: task for task in self}
        for task in tasks.values():
            if task.downstream_task_ids.isdisjoint(tasks):
                if task.is_teardown:
                    yield from _work_before(task, tasks)
                else:
                    yield task

    @property
    def roots(self) -> list[BaseOperator]:
        return list(self.get_roots())

    @property
    def leaves(self) -> list[BaseOperator]:
        return list(self.get_leaves())

    def iter_mapped_task_groups(self) -> Iterator[TaskGroup]:
        if self.is_mapped:
            yield self
        yield from super().iter_mapped_task_groups()

    def get_task_group_dict(self) -> dict[str | None, TaskGroup]:
        """This group and every group below it by id."""
        found: dict[str | None, TaskGroup] = {self.group_id: self}
        for child in self.children.values():
            if isinstance(child, TaskGroup):
                found.update(child.get_task_group_dict())
        return found

    def get_child_by_label(self, label: str) -> DAGNode:
        return self.children[self.child_id(label)]

    def __getitem__(self, label: str) -> DAGNode:
        try:
            return self.get_child_by_label(label)
        except KeyError:
            raise NodeNotFound(f"Task {label!r} not found") from None

    def topological_sort(self) -> list[DAGNode]:
        """Children such that each comes after what it depends on. Raises AirflowDagCycleException."""
        return level_sort(self)

    def hierarchical_alphabetical_sort(self) -> list[DAGNode]:
        """Groups by name, then tasks by name."""
        return sorted(self.children.values(), key=lambda node: (not isinstance(node, TaskGroup), node.node_id))

    def update_relative(
        self, other: DependencyMixin, upstream: bool = True, edge_modifier: EdgeModifier | None = None
    ) -> None:
        if isinstance(other, TaskGroup):
            after, before = (self, other) if upstream else (other, self)
            after.upstream_group_ids.add(before.group_id)
            before.downstream_group_ids.add(after.group_id)
            if edge_modifier is not None:
                edge_modifier.add_edge_info(self.dag, before.downstream_join_id, after.upstream_join_id)
            return
        for task in other.roots if upstream is False else other.leaves:
            if not isinstance(task, DAGNode) or task is self:
                continue
            if upstream:
                self.upstream_task_ids.add(task.node_id)
            else:
                self.downstream_task_ids.add(task.node_id)
            if edge_modifier is not None:
                ends = (task.node_id, self.upstream_join_id) if upstream else (self.downstream_join_id, task.node_id)
                edge_modifier.add_edge_info(self.dag, *ends)

    def _set_relatives(self, other: Any, *, upstream: bool, edge_modifier: EdgeModifier | None) -> None:
        others = _as_nodes(other)
        inside: list[Any] = self.roots if upstream else self._leaves_or_before()
        for one in others:
            self.update_relative(one, upstream, edge_modifier=edge_modifier)
        for task in inside:
            if upstream:
                task.set_upstream(others)
            else:
                task.set_downstream(others)

    def _leaves_or_before(self) -> list[BaseOperator]:
        """An empty group passes on what stands before it."""
        group: TaskGroup | None = self
        while group is not None:
            if leaves := group.leaves:
                return leaves
            if group.upstream_task_ids:
                return [self.dag.get_task(task_id) for task_id in group.upstream_task_ids]
            group = group.parent_group
        return []

    def __enter__(self) -> TaskGroup:
        TaskGroupContext.push(self)
        return self

    def __exit__(self, *_: object) -> None:
        TaskGroupContext.pop()

    def __repr__(self) -> str:
        return f"<TaskGroup: {self.group_id}>"


def _work_before(teardown: BaseOperator, inside: dict[str, BaseOperator]) -> Iterator[BaseOperator]:
    for before in teardown.upstream_list:
        if before.task_id not in inside:
            continue
        if before.is_teardown:
            yield from _work_before(before, inside)
        elif before.is_setup:
            continue
        elif not any(
            task_id in inside and task_id != teardown.task_id and not inside[task_id].is_teardown
            for task_id in before.downstream_task_ids
        ):
            yield before
