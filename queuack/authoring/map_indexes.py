"""Which instances belong together: tasks of one mapped group look at each other's instance of the same index.

Decides from groups and a map index which indexes of a relative an instance looks at. Asks the system only where groups
are mapped inside mapped groups, whose sizes it needs. Airflow page: dynamic-task-mapping, "Mapping over a task group".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def mapped_groups(node: Any) -> Iterator[Any]:
    """The mapped groups that a task or group is in, from the innermost outwards."""
    group = node.task_group
    while group is not None:
        if group.is_mapped:
            yield group
        group = group.parent_group


def common_mapped_group(one: Any, other: Any) -> Any:
    """The innermost mapped group that both tasks are in; None when there is none."""
    if one.get_dag() is None or one.get_dag() is not other.get_dag():
        return None
    around = {group.group_id for group in mapped_groups(one)}
    return next((group for group in mapped_groups(other) if group.group_id in around), None)


def is_further_mapped(task: Any, container: Any) -> bool:
    """Whether ``task`` has several instances for each instance of the mapped group ``container``."""
    return bool(task.is_mapped) or next(mapped_groups(task)).group_id != container.group_id


def relevant_map_indexes(
    task: Any, map_index: int, relative: Any, count_instances: Callable[[Any], int]
) -> int | range | None:
    """The indexes of ``relative`` that instance ``map_index`` of ``task`` looks at; None = all of them.

    ``count_instances``: how many instances a task has in this run.
    """
    if map_index < 0:
        return None
    ancestor = common_mapped_group(task, relative)
    if ancestor is None:
        return None
    further = is_further_mapped(relative, ancestor)
    if not further and not is_further_mapped(task, ancestor):
        return map_index
    size = group_size(ancestor, count_instances)
    if not size:
        return None
    index = map_index * size // max(count_instances(task), 1)
    if not further:
        return index
    each = count_instances(relative) // size
    return range(index * each, (index + 1) * each)


def group_size(group: Any, count_instances: Callable[[Any], int]) -> int:
    """How many instances a mapped group has: as many as a task that is directly in it and not mapped any further."""
    for task in group:
        if not is_further_mapped(task, group):
            return count_instances(task)
    inputs = [one.expand_input for one in (group, *mapped_groups(group))]
    total = 1
    for one in inputs:
        length = one.literal_length()
        if length is None:
            return 0
        total *= length
    return total
