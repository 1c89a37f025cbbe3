"""Mapping: what of a plan is mapped, over what, and which tasks share a mapped group. Structure only, once per version.

It knows nothing of a run: how long the inputs are and which instances exist is ``spread``'s, what an instance looks at
``relevance``'s.
https://airflow.apache.org/docs/apache-airflow/stable/authoring-and-scheduling/dynamic-task-mapping.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from queuack.engine.spec import DagDocument, Expansion, MapInput, TaskGroupDocument
from queuack.errors import InvalidRequest

Indices = tuple[int, ...]


class Common(NamedTuple):
    """The innermost mapped group that two tasks share."""

    group_id: str
    here_further: bool
    """The one is mapped further inside it."""
    there_further: bool
    """The other is."""


class Mapping:
    """The mapped tasks and groups of a plan. Tasks by index, groups by id."""

    __slots__ = (
        "_common", "_own", "chains", "dependencies", "expansions", "group_expansions", "inner", "inner_downstream",
        "needs_index", "outer_count", "outer_downstream", "readers", "waited_for",
    )  # fmt: skip

    expansions: dict[int, tuple[Expansion, ...]]
    """Task → its own expansion and those of its mapped groups: the product of all is the number of its instances. Only
    tasks that have any."""
    group_expansions: dict[str, tuple[Expansion, ...]]
    """Mapped group → its expansion and those of the mapped groups around it."""
    chains: dict[int, tuple[str, ...]]
    """Task in mapped groups → these, from the innermost out."""
    dependencies: dict[int, Indices]
    """Task → tasks over whose XComs it (or else its innermost mapped group) expands."""
    waited_for: dict[int, frozenset[int]]
    """Task in mapped groups → all tasks over whose XComs it and its groups expand."""
    readers: dict[int, Indices]
    """Task → tasks that expand, or whose groups expand, over its XComs."""
    inner: dict[int, Indices]
    """Task → direct upstream tasks with which it shares a mapped group: each instance looks at some of theirs."""
    inner_downstream: dict[int, Indices]
    outer_downstream: list[Indices]
    """Downstream tasks that look at all instances alike, by task."""
    outer_count: list[int]
    """Task → number of upstream tasks that are not in ``inner``."""
    needs_index: frozenset[int]
    """Tasks whose instances do not all look at the same."""

    def __init__(self) -> None:
        self._common: dict[tuple[int, int], Common | None] = {}
        self._own: set[int] = set()

    def is_mapped(self, task: int) -> bool:
        """It has an ``expand`` of its own, not only its group."""
        return task in self._own

    def common(self, here: int, there: int) -> Common | None:
        """The innermost mapped group that holds both tasks."""
        key = here, there
        if key not in self._common:
            self._common[key] = self._find_common(here, there)
        return self._common[key]

    def _find_common(self, here: int, there: int) -> Common | None:
        mine, theirs = self.chains.get(here, ()), self.chains.get(there, ())
        group_id = next((group_id for group_id in theirs if group_id in mine), None)
        if group_id is None:
            return None
        return Common(
            group_id,
            here in self._own or mine[0] != group_id,
            there in self._own or theirs[0] != group_id,
        )


def compile_mapping(
    document: DagDocument, index: dict[str, int], upstream: list[Indices], downstream: list[Indices]
) -> Mapping | None:
    """None when nothing is mapped. Raises InvalidRequest for an input or a group that does not exist."""
    groups = {group.group_id: group for group in document.task_groups}
    if not any(task.expansion for task in document.tasks) and not any(group.expansion for group in groups.values()):
        return None
    mapping = Mapping()
    mapping.chains, mapping.expansions, mapping.dependencies, mapping.waited_for = {}, {}, {}, {}
    mapping.group_expansions = {
        group_id: tuple(_expansions(_around(group_id, groups)))
        for group_id, group in groups.items()
        if group.expansion is not None
    }
    readers: dict[int, list[int]] = {}
    for i, task in enumerate(document.tasks):
        around = [group for group in _around(task.task_group, groups) if group.expansion is not None]
        own = [] if task.expansion is None else [task.expansion]
        if not own and not around:
            continue
        if own:
            mapping._own.add(i)
        if around:
            mapping.chains[i] = tuple(group.group_id for group in around)
        mapping.expansions[i] = (*own, *_expansions(around))
        mapping.dependencies[i] = _sources(mapping.expansions[i][:1], index, task.task_id)
        sources = _sources(mapping.expansions[i], index, task.task_id)
        mapping.waited_for[i] = frozenset(sources)
        for source in sources:
            readers.setdefault(source, []).append(i)
    mapping.readers = {source: tuple(found) for source, found in readers.items()}
    _connect(mapping, upstream, downstream)
    return mapping


def _around(group_id: str | None, groups: dict[str, TaskGroupDocument]) -> Iterator[TaskGroupDocument]:
    """The group and those around it, from the innermost out."""
    while group_id is not None and group_id in groups:
        yield groups[group_id]
        group_id = groups[group_id].parent


def _expansions(groups: Iterable[TaskGroupDocument]) -> Iterator[Expansion]:
    return (group.expansion for group in groups if group.expansion is not None)


def _sources(expansions: Iterable[Expansion], index: dict[str, int], reader: str) -> Indices:
    found: dict[int, None] = {}
    for expansion in expansions:
        for leaf in leaves(expansion.inputs):
            if leaf.task_id not in index:
                raise InvalidRequest(f"Task {reader!r} expands over the task {leaf.task_id!r}, which does not exist.")
            found[index[leaf.task_id]] = None
    return tuple(found)


def leaves(inputs: Iterable[MapInput]) -> Iterator[MapInput]:
    """The XComs that inputs are made of."""
    for one in inputs:
        if one.kind == "xcom":
            yield one
        yield from leaves(one.parts)


def _connect(mapping: Mapping, upstream: list[Indices], downstream: list[Indices]) -> None:
    inner, inner_downstream = {}, {}
    mapping.outer_downstream = list(downstream)
    for i in mapping.chains:
        before = tuple(u for u in upstream[i] if mapping.common(i, u) is not None)
        after = tuple(d for d in downstream[i] if mapping.common(i, d) is not None)
        if before:
            inner[i] = before
        if after:
            inner_downstream[i] = after
            mapping.outer_downstream[i] = tuple(d for d in downstream[i] if d not in after)
    mapping.inner, mapping.inner_downstream = inner, inner_downstream
    mapping.outer_count = [len(before) - len(inner.get(i, ())) for i, before in enumerate(upstream)]
