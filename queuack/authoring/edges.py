"""Labels on the edges of a graph: ``a >> Label("yes") >> b``. Airflow page: core-concepts/dags, "Edge Labels"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queuack.authoring.node import DAGNode, DependencyMixin, _as_nodes

if TYPE_CHECKING:
    from queuack.authoring.dag import DAG


class EdgeModifier(DependencyMixin):
    """Waits until nodes stand on both of its sides, then links them and labels the edge."""

    def __init__(self, label: str | None = None) -> None:
        self.label = label
        self._upstream: list[DependencyMixin] = []
        self._downstream: list[DependencyMixin] = []

    @property
    def roots(self) -> list[DependencyMixin]:
        return self._downstream

    @property
    def leaves(self) -> list[DependencyMixin]:
        return self._upstream

    def set_upstream(self, other: Any, edge_modifier: EdgeModifier | None = None) -> None:
        self._upstream.extend(self._linkable(other))
        self._lift_to_groups()
        for node in self._downstream:
            node.set_upstream(other, edge_modifier=self)

    def set_downstream(self, other: Any, edge_modifier: EdgeModifier | None = None) -> None:
        self._downstream.extend(self._linkable(other))
        self._lift_to_groups()
        for node in self._upstream:
            node.set_downstream(other, edge_modifier=self)

    def update_relative(
        self, other: DependencyMixin, upstream: bool = True, edge_modifier: EdgeModifier | None = None
    ) -> None:
        if upstream:
            self.set_upstream(other)
        else:
            self.set_downstream(other)

    def add_edge_info(self, dag: DAG, upstream_id: str, downstream_id: str) -> None:
        dag.set_edge_info(upstream_id, downstream_id, {"label": self.label})

    @staticmethod
    def _linkable(other: Any) -> list[DependencyMixin]:
        nodes = _as_nodes(other)
        for node in nodes:
            if isinstance(node, EdgeModifier):
                raise TypeError(f"Cannot use edge labels with {type(node).__name__}, only tasks, XComArg or TaskGroups")
        return nodes

    def _lift_to_groups(self) -> None:
        """An edge that crosses task groups is drawn between the groups, as in Airflow."""
        if not (self._upstream and self._downstream):
            return
        groups = {_group_of(node) for node in (*self._upstream, *self._downstream)}
        if len(groups) == 1:
            return
        self._upstream = [_lifted(node) for node in self._upstream]
        self._downstream = [_lifted(node) for node in self._downstream]


def _group_of(node: DependencyMixin) -> str | None:
    inner = node if isinstance(node, DAGNode) else getattr(node, "operator", None)
    group = getattr(inner, "task_group", None)
    return group.group_id if group is not None else None


def _lifted(node: DependencyMixin) -> DependencyMixin:
    if isinstance(node, DAGNode) and node.task_group is not None and not node.task_group.is_root:
        return node.task_group
    return node


def Label(label: str) -> EdgeModifier:  # noqa: N802 (Airflow's name)
    """A label for the edge between what stands left and right of it."""
    return EdgeModifier(label=label)
