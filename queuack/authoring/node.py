"""Nodes of a DAG's graph and how ``>>`` and ``<<`` link them.

Decides what ids are allowed and how a relationship is recorded on both sides. Knows nothing of running.
Airflow page: core-concepts/dags, "Task Dependencies".
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG
    from queuack.authoring.edges import EdgeModifier
    from queuack.authoring.operator import BaseOperator
    from queuack.authoring.taskgroup import TaskGroup

_KEY = re.compile(r"^[\w.-]+$")
_GROUP_KEY = re.compile(r"^[\w-]+$")


def validate_key(key: Any, max_length: int = 250) -> None:
    """A ``dag_id`` or ``task_id``: letters, digits, ``_``, ``-``, ``.``. Raises TypeError or ValueError."""
    if not isinstance(key, str):
        raise TypeError(f"The key has to be a string and is {type(key)}:{key}")
    if len(key) > max_length:
        raise ValueError(f"The key has to be less than {max_length} characters, not {len(key)}")
    if not _KEY.match(key):
        raise ValueError(
            f"The key {key!r} has to be made of alphanumeric characters, dashes, dots, and underscores exclusively"
        )


def validate_group_key(key: Any, max_length: int = 200) -> None:
    """A ``group_id``: as ``validate_key``, without dots."""
    if not isinstance(key, str):
        raise TypeError(f"The key has to be a string and is {type(key)}:{key}")
    if len(key) > max_length:
        raise ValueError(f"The key has to be less than {max_length} characters, not {len(key)}")
    if not _GROUP_KEY.match(key):
        raise ValueError(
            f"The key {key!r} has to be made of alphanumeric characters, dashes, and underscores exclusively"
        )


Relatives = Any
"""A DependencyMixin or a sequence of them."""


class DependencyMixin:
    """What can stand on either side of ``>>`` and ``<<``."""

    @property
    def roots(self) -> Iterable[DependencyMixin]:
        """The nodes that take upstream relations."""
        raise TypeError(f"{type(self).__name__} takes no part in dependencies")

    @property
    def leaves(self) -> Iterable[DependencyMixin]:
        """The nodes that take downstream relations."""
        raise TypeError(f"{type(self).__name__} takes no part in dependencies")

    def set_upstream(self, other: Relatives, edge_modifier: EdgeModifier | None = None) -> None:
        raise TypeError(f"{type(self).__name__} takes no part in dependencies")

    def set_downstream(self, other: Relatives, edge_modifier: EdgeModifier | None = None) -> None:
        raise TypeError(f"{type(self).__name__} takes no part in dependencies")

    def update_relative(
        self, other: DependencyMixin, upstream: bool = True, edge_modifier: EdgeModifier | None = None
    ) -> None:
        """Called on the node named second in a relation; groups and labels note it."""

    def as_setup(self) -> DependencyMixin:
        raise TypeError(f"{type(self).__name__} cannot be a setup")

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: bool | None = None) -> DependencyMixin:
        raise TypeError(f"{type(self).__name__} cannot be a teardown")

    def __lshift__(self, other: Relatives) -> Relatives:
        self.set_upstream(other)
        return other

    def __rshift__(self, other: Relatives) -> Relatives:
        self.set_downstream(other)
        return other

    def __rrshift__(self, other: Relatives) -> DependencyMixin:
        """``[a, b] >> self``."""
        self << other
        return self

    def __rlshift__(self, other: Relatives) -> DependencyMixin:
        """``[a, b] << self``."""
        self >> other
        return self


class DAGNode(DependencyMixin):
    """A task or a task group."""

    _dag: DAG | None
    task_group: TaskGroup | None
    upstream_task_ids: set[str]
    downstream_task_ids: set[str]

    @property
    def node_id(self) -> str:
        raise NotImplementedError

    @property
    def dag(self) -> DAG:
        raise NotImplementedError

    @property
    def label(self) -> str | None:
        """The id without the group's prefix."""
        group = self.task_group
        if group is not None and group.group_id and group.prefix_group_id:
            return self.node_id[len(group.group_id) + 1 :]
        return self.node_id

    @property
    def dag_id(self) -> str:
        return self._dag.dag_id if self._dag is not None else "_in_memory_dag_"

    @property
    def log(self) -> logging.Logger:
        return logging.getLogger(f"{type(self).__module__}.{type(self).__name__}")

    def has_dag(self) -> bool:
        return self._dag is not None

    def get_dag(self) -> DAG | None:
        return self._dag

    @property
    def upstream_list(self) -> list[BaseOperator]:
        return [self.dag.get_task(task_id) for task_id in self.upstream_task_ids]

    @property
    def downstream_list(self) -> list[BaseOperator]:
        return [self.dag.get_task(task_id) for task_id in self.downstream_task_ids]

    def get_direct_relative_ids(self, upstream: bool = False) -> set[str]:
        return self.upstream_task_ids if upstream else self.downstream_task_ids

    def get_direct_relatives(self, upstream: bool = False) -> Iterable[BaseOperator]:
        return self.upstream_list if upstream else self.downstream_list

    def get_flat_relative_ids(self, *, upstream: bool = False, depth: int | None = None) -> set[str]:
        """All ids before (or after) this node, however far; ``depth`` limits how far."""
        found: set[str] = set()
        layer: Collection[str] = self.get_direct_relative_ids(upstream)
        dag = self.dag
        while layer and (depth is None or depth > 0):
            found.update(layer)
            layer = {
                task_id for one in layer for task_id in dag.get_task(one).get_direct_relative_ids(upstream)
            } - found
            depth = None if depth is None else depth - 1
        return found

    def get_flat_relatives(self, upstream: bool = False, depth: int | None = None) -> Collection[BaseOperator]:
        return [self.dag.get_task(i) for i in sorted(self.get_flat_relative_ids(upstream=upstream, depth=depth))]

    # ── mapping ──────────────────────────────────────────────────────────────────────────────────
    def iter_mapped_task_groups(self) -> Iterator[TaskGroup]:
        """The mapped groups it is in (a mapped group is in itself), from the innermost outwards."""
        group: TaskGroup | None = self.task_group
        while group is not None:
            if group.is_mapped:
                yield group
            group = group.parent_group

    def get_closest_mapped_task_group(self) -> TaskGroup | None:
        return next(self.iter_mapped_task_groups(), None)

    def get_needs_expansion(self) -> bool:
        """Whether it is mapped or in a mapped group."""
        return bool(getattr(self, "is_mapped", False)) or self.get_closest_mapped_task_group() is not None

    def iter_mapped_dependants(self) -> Iterator[DAGNode]:
        """The mapped tasks and groups that are mapped over what this task returns."""
        waiting: list[Any] = [self.dag.task_group]
        while waiting:
            for child in waiting.pop().children.values():
                if hasattr(child, "children"):
                    waiting.append(child)
                if child is self or not child.is_mapped:
                    continue
                if any(other.node_id == self.node_id for other in child.iter_mapped_dependencies()):
                    yield child

    def get_upstreams_iter(self) -> Iterator[BaseOperator]:
        return iter(self.get_flat_relatives(upstream=True))

    def set_downstream(self, other: Relatives, edge_modifier: EdgeModifier | None = None) -> None:
        self._set_relatives(other, upstream=False, edge_modifier=edge_modifier)

    def set_upstream(self, other: Relatives, edge_modifier: EdgeModifier | None = None) -> None:
        self._set_relatives(other, upstream=True, edge_modifier=edge_modifier)

    def _set_relatives(self, other: Relatives, *, upstream: bool, edge_modifier: EdgeModifier | None) -> None:
        others = _as_nodes(other)
        tasks: list[Any] = []
        for one in others:
            one.update_relative(self, not upstream, edge_modifier=edge_modifier)
            tasks.extend(one.leaves if upstream else one.roots)
        if not tasks:
            return
        for task in tasks:
            if not isinstance(task, DAGNode) or not hasattr(task, "task_id"):
                raise TypeError(f"Relationships can only be set between Operators; received {type(task).__name__}")
        dag = self._common_dag(tasks)
        if not self.has_dag():
            dag.add_task(self)  # type: ignore[arg-type]
        for task in tasks:
            if not task.has_dag():
                dag.add_task(task)
            before, after = (task, self) if upstream else (self, task)
            before.downstream_task_ids.add(after.node_id)
            after.upstream_task_ids.add(before.node_id)
            if edge_modifier is not None:
                edge_modifier.add_edge_info(dag, before.node_id, after.node_id)

    def _common_dag(self, tasks: Sequence[DAGNode]) -> DAG:
        dags = {id(node.get_dag()): node.get_dag() for node in (self, *tasks) if node.has_dag()}
        if len(dags) > 1:
            raise RuntimeError(f"Tried to set relationships between tasks in more than one Dag: {list(dags.values())}")
        if not dags:
            raise ValueError(
                "Tried to create relationships between tasks that don't have Dags yet. "
                f"Set the Dag for at least one task and try again: {[self, *tasks]}"
            )
        (dag,) = dags.values()
        assert dag is not None
        return dag


def _as_nodes(other: Relatives) -> list[DependencyMixin]:
    if isinstance(other, DependencyMixin):
        return [other]
    if isinstance(other, (list, tuple)) or (isinstance(other, Iterable) and not isinstance(other, (str, bytes))):
        nodes = list(other)
        for node in nodes:
            if not isinstance(node, DependencyMixin):
                raise TypeError(f"Relationships can only be set between Operators; received {type(node).__name__}")
        return nodes
    raise TypeError(f"Relationships can only be set between Operators; received {type(other).__name__}")
